"""The drift report as one HTML page that needs nothing else: features, histograms, data quality, errors. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

import numpy as np

from forecast_service.monitoring.concept import ConceptDrift
from forecast_service.monitoring.drift import FeatureDrift, FeatureTable, Judged, same_season, worst
from forecast_service.ports import Floats
from gridseal.wire.fields import format_utc

BARS, WIDTH, HEIGHT = 24, 180, 36
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1c1c1c;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}td,th{padding:.3rem .6rem;text-align:right;
border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}.bad{color:#a11;font-weight:600}
.dim{color:#666}.share{font-size:2.6rem;font-weight:600}svg{vertical-align:middle}h2{margin-top:2rem}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}td,th{border-color:#333}.dim{color:#aaa}.bad{color:#f77}}
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One dataset: what was found, and where its reference comes from, in a phrase."""

    dataset: str
    judged: Judged
    reference: str


@dataclass(frozen=True, slots=True)
class Checked:
    """All that the page shows."""

    parts: Sequence[Part]
    errors: Mapping[str, ConceptDrift]
    until: datetime


def drift_page(checked: Checked) -> str:
    """The page. Its headline is the dataset that has drifted most."""
    reports = {part.dataset: part.judged.report for part in checked.parts}
    name = worst(reports)
    r = reports[name]
    verdict = "drift detected" if r.detected else "no drift"
    return "".join(
        [
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Drift: {verdict}</title>'
            f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
            f"<h1>Data drift</h1><p><span class='share{' bad' if r.detected else ''}'>{r.share:.1%}</span> "
            f"drift_share of {escape(name)}: {r.n_drifted} of {r.n_total} judged features; <strong>{verdict}</strong> "
            f"(above {r.threshold:.0%}).</p>",
            *(_part(part, checked.until) for part in checked.parts),
            "<h2>Errors of issued forecasts</h2>",
            _errors(checked.errors),
            "</html>",
        ]
    )


def _part(part: Part, until: datetime) -> str:
    r, current = part.judged.report, part.judged.current
    since = datetime.fromtimestamp(int(current.times_s.min()), UTC) if len(current) else until
    season = ", cut to the same season" if r.seasonal else ""
    strangers = f"<p>Not judged, because the reference does not know them: {escape(', '.join(r.strangers))}.</p>"
    return "".join(
        [
            f"<h2>{escape(part.dataset.capitalize())}: {r.n_drifted} of {r.n_total} features</h2>"
            f"<p class='dim'>Checked: {r.rows} rows from {format_utc(since)} to {format_utc(until)}. "
            f"Reference: {r.reference_rows} rows{season}, {escape(part.reference)}. Drifted: PSI above 0.2 and KS "
            "p-value below 0.01, hours counted by how independent they are. Gray: reference; line: checked days.</p>",
            strangers if r.strangers else "",
            "<table><tr><th>feature<th>PSI<th>KS<th>p<th>mean before<th>now<th>distribution<th>",
            *(_feature_row(name, f, part.judged) for name, f in r.features.items()),
            "</table><h3>Data quality</h3><table><tr><th>feature<th>missing before<th>missing now<th>least<th>greatest",
            *(_quality_row(name, f, part.judged) for name, f in r.features.items()),
            "</table>",
        ]
    )


def _feature_row(name: str, f: FeatureDrift, judged: Judged) -> str:
    if f.unjudged:
        return f"<tr class='dim'><td>{escape(name)}<td colspan=6>not judged: {escape(f.unjudged)}<td>"
    mark = "<td class='bad'>drifted" if f.drifted else "<td>"
    p = "&lt; 0.001" if (f.p_value or 0) < 0.001 else f"{f.p_value:.3f}"
    return (
        f"<tr><td>{escape(name)}<td>{f.psi:.3f}<td>{f.ks:.3f}<td>{p}<td>{f.reference_mean:,.2f}"
        f"<td>{f.current_mean:,.2f}<td>{_histogram(name, judged)}{mark}"
    )


def _quality_row(name: str, f: FeatureDrift, judged: Judged) -> str:
    known = _column(judged.current, name)
    ends = f"<td>{known.min():,.2f}<td>{known.max():,.2f}" if len(known) else "<td>–<td>–"
    return f"<tr><td>{escape(name)}<td>{f.reference_missing:.1%}<td>{f.current_missing:.1%}{ends}"


def _errors(errors: Mapping[str, ConceptDrift]) -> str:
    if not errors:
        return "<p class='dim'>No forecast of a trained model has matured yet.</p>"
    rows = []
    for kind, found in errors.items():
        if found.rise is None:
            rows.append(f"<tr class='dim'><td>{escape(kind)}<td>{found.days}<td colspan=3>too short to judge")
            continue
        words = ["risen" if there else "–" for there in (found.adwin, found.page_hinkley)]
        css = " class='bad'" if found.detected else ""
        rows.append(f"<tr{css}><td>{escape(kind)}<td>{found.days}<td>{found.rise - 1:+.0%}<td>{words[0]}<td>{words[1]}")
    return "<table><tr><th>kind<th>days<th>mean error<th>ADWIN<th>Page-Hinkley" + "".join(rows) + "</table>"


def _histogram(name: str, judged: Judged) -> str:
    old = _column(same_season(judged.reference, judged.current)[0], name)
    new = _column(judged.current, name)
    if len(old) == 0 or len(new) == 0:
        return ""
    low, high = min(old.min(), new.min()), max(old.max(), new.max())
    edges = np.linspace(low, high if high > low else low + 1, BARS + 1)
    shares = [np.histogram(sample, edges)[0] / len(sample) for sample in (old, new)]
    top, step = max(float(shares[0].max()), float(shares[1].max())), WIDTH / BARS
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{HEIGHT * (1 - s / top):.1f}" width="{step - 0.5:.1f}"'
        f' height="{HEIGHT * s / top:.1f}" fill="#999" opacity=".55"/>'
        for i, s in enumerate(shares[0])
    )
    points = " ".join(f"{(i + 0.5) * step:.1f},{HEIGHT * (1 - s / top):.1f}" for i, s in enumerate(shares[1]))
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="distribution of {escape(name)}">{bars}'
        f'<polyline points="{points}" fill="none" stroke="#c33" stroke-width="1.5"/></svg>'
    )


def _column(table: FeatureTable, name: str) -> Floats:
    column = table.values[:, table.names.index(name)]
    return column[np.isfinite(column)]
