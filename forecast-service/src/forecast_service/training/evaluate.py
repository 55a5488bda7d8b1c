"""Forecasts of every rival for the same slots, and how good they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.model.analogue import analogue_quantiles
from forecast_service.model.assemble import daylight
from forecast_service.model.conformal import Calibration, bucket_of, offsets_of
from forecast_service.model.grid import Floats, Ints
from forecast_service.model.kinds import REFERENCE, Reference
from forecast_service.model.levels import crps, probabilities
from forecast_service.model.predict import (
    Members,
    SeriesFit,
    SiteModel,
    blended,
    calibrated_quantiles,
    member_quantiles,
    reference_forecast,
)
from forecast_service.model.reference import ReferenceFit, fit_reference
from forecast_service.model.samples import Samples
from forecast_service.training.corpus import Corpus

SHARES = (0.5, 0.35, 0.65, 0.2, 0.8)
"""Shares of the network to choose from, the first where they are equally good. No member is ever alone."""
EVERY_S = 3_600
"""Rivals are judged at hourly slots."""
LIT_SHARE = 0.02
"""Coverage of solar is judged where the envelope is over this share of the range."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One rival on one kind; means over the series of the kind."""

    rcrps: float
    """Twice the weighted pinball loss over the range of the series."""
    coverage80: float
    coverage90: float
    forecasts: int


def fit_references(
    corpus: Corpus,
    until_s: int,
    levels_bps: Sequence[int],
    *,
    persistence: bool = False,
    known: Mapping[str, SeriesFit] | None = None,
) -> dict[str, ReferenceFit]:
    """References of every series from targets that ended by ``until_s``.

    Args:
        corpus: The histories.
        until_s: Unix seconds.
        levels_bps: Levels of the residual quantiles.
        persistence: Take the last value as reference for every kind.
        known: Keep the survival of anomalies that was learned before, learn residuals only.
    """
    levels = [float(p) for p in probabilities(levels_bps)]
    leads = corpus.horizon + corpus.first_lead + corpus.panel.max_stale
    out = {}
    for row, one in enumerate(corpus.panel.series):
        slots = corpus.slots(row, corpus.panel.start_s, until_s)
        slots = slots[slots + leads < corpus.place(until_s)]
        rule: Reference = "last" if persistence else REFERENCE[one.kind]
        survival = known[one.series_id].reference.survival if known is not None else None
        out[one.series_id] = fit_reference(corpus.frame, row, slots, leads, levels, rule=rule, survival=survival)
    return out


@dataclass(frozen=True, slots=True)
class Holdout:
    """What the members of the blend said about the hourly slots of a window that no member was fitted on."""

    corpus: Corpus
    samples: Samples
    members: Members

    def between(self, since_s: int, until_s: int) -> "Holdout":
        """The slots from ``since_s`` on whose targets all ended by ``until_s``."""
        slots, last = self.samples.slots, self.corpus.place(until_s) - self.corpus.horizon - self.corpus.first_lead
        some = np.flatnonzero((slots >= self.corpus.place(since_s)) & (slots <= last))
        return Holdout(self.corpus, self.samples.of(some), Members(self.members.nets[some], self.members.trees[some]))


def held_out(model: SiteModel, corpora: Sequence[Corpus], since_s: int, until_s: int) -> list[Holdout]:
    """Members' quantiles, computed once for choosing shares, calibrating and judging."""
    out = []
    for corpus in corpora:
        samples = corpus.samples(since_s, until_s, EVERY_S)
        if len(samples.rows):
            out.append(Holdout(corpus, samples, member_quantiles(model, corpus.frame, samples)))
    return out


def shares(model: SiteModel, holdouts: Sequence[Holdout]) -> dict[str, float]:
    """The network's share per kind: that of least loss on slots that no member was fitted on."""
    out: dict[str, float] = {}
    for holdout in holdouts:
        kinds = np.array(holdout.corpus.panel.kinds)[holdout.samples.rows]
        for kind in sorted(set(kinds.tolist()) & set(model.trees)):
            losses = _blend_losses(holdout, np.flatnonzero(kinds == kind), model.shape.levels_bps)
            out[kind] = SHARES[int(np.argmin(np.nan_to_num(losses, nan=np.inf)))]
    return out


def _blend_losses(holdout: Holdout, mine: Ints, levels_bps: Sequence[int]) -> Floats:
    samples = holdout.samples.of(mine)
    actual, span = holdout.corpus.actual(samples), holdout.corpus.panel.ranges[samples.rows][:, None]
    nets, trees = holdout.members.nets[mine], holdout.members.trees[mine]
    mixed = (share * nets + (1 - share) * trees for share in SHARES)
    return np.array([np.nanmean(crps(actual, one, levels_bps) / span) for one in mixed])


def calibrate(model: SiteModel, holdouts: Sequence[Holdout], days: float) -> Calibration:
    """Offsets per kind from a window that nothing was fitted on."""
    offsets: dict[str, Floats] = {}
    levels = [float(p) for p in model.levels]
    for holdout in holdouts:
        corpus, samples = holdout.corpus, holdout.samples
        quantiles, actual = blended(model, corpus.frame, samples, holdout.members), judged(corpus, samples)
        kinds = np.array(corpus.panel.kinds)[samples.rows]
        buckets = bucket_of(1 + np.arange(corpus.horizon), corpus.panel.resolution_s)
        for kind in sorted(set(kinds.tolist())):
            mine = kinds == kind
            span = corpus.panel.ranges[samples.rows[mine]]
            offsets[kind] = offsets_of(actual[mine], quantiles[mine], span, buckets, levels, days)
    return Calibration(offsets)


def judged(corpus: Corpus, samples: Samples) -> Floats:
    """Actuals where coverage can be judged: solar by daylight only. ``(n, H)``, NaN elsewhere."""
    lit = daylight(corpus.frame, samples.rows, samples.targets, LIT_SHARE)
    return np.where(lit, corpus.actual(samples), np.nan)


def rivals(model: SiteModel, holdout: Holdout, persistence: Mapping[str, ReferenceFit]) -> dict[str, Floats]:
    """Quantiles of each rival: ``(n, H, Q)`` W. ``lstm`` is what would serve, ``nets`` and ``trees`` its members."""
    corpus, samples = holdout.corpus, holdout.samples
    raw = blended(model, corpus.frame, samples, holdout.members)
    own = {series_id: fit.reference for series_id, fit in model.series.items()}
    count = len(model.shape.levels_bps)
    return {
        "lstm": calibrated_quantiles(raw, model.calibration, corpus.frame, samples),
        "lstm_raw": raw,
        "nets": holdout.members.nets,
        "trees": holdout.members.trees,
        "reference": reference_forecast(own, corpus.frame, samples, count),
        "persistence": reference_forecast(persistence, corpus.frame, samples, count),
        "analogue": _analogues(corpus, samples, model.levels),
    }


def figures(corpus: Corpus, samples: Samples, quantiles: Floats, levels_bps: Sequence[int]) -> dict[str, Figures]:
    """Per kind."""
    loss = crps(corpus.actual(samples), quantiles, levels_bps) / corpus.panel.ranges[samples.rows][:, None]
    actual = judged(corpus, samples)
    out = {}
    for kind in sorted(set(corpus.panel.kinds)):
        per_series = []
        for row in (k for k, other in enumerate(corpus.panel.kinds) if other == kind):
            mine = samples.rows == row
            if mine.any() and np.isfinite(loss[mine]).any():
                bands = [_coverage(actual[mine], quantiles[mine], levels_bps, b) for b in (0.8, 0.9)]
                per_series.append([float(np.nanmean(loss[mine])), *bands, float(mine.sum())])
        if per_series:
            table = np.array(per_series)
            bands80, bands90 = (_mean(table[:, k]) for k in (1, 2))
            out[kind] = Figures(float(table[:, 0].mean()), bands80, bands90, int(table[:, 3].sum()))
    return out


def _coverage(actual: Floats, quantiles: Floats, levels_bps: Sequence[int], band: float) -> float:
    low, high = round((1 - band) * 5_000), round((1 + band) * 5_000)
    known = np.isfinite(actual)
    if low not in levels_bps or high not in levels_bps or not known.any():
        return float("nan")
    below, above = quantiles[..., levels_bps.index(low)], quantiles[..., levels_bps.index(high)]
    return float(((actual >= below) & (actual <= above))[known].mean())


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _analogues(corpus: Corpus, samples: Samples, levels: Floats) -> Floats:
    out = np.empty((len(samples.rows), samples.horizon, len(levels)))
    for row in range(len(corpus.panel.series)):
        mine = samples.rows == row
        values = corpus.panel.values[row]
        out[mine] = analogue_quantiles(values, samples.slots[mine], samples.horizon, corpus.panel.per_day, levels)
    return out
