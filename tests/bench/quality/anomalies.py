"""Precision and recall of the packaged rules against labels that others set.

EIA-930 hourly demand of eight balancing authorities, 2015 to 2020, flagged by Ruggles et al.
(CC BY 4.0): floors and factors are tuned before 2018-07, figures are from after it. And the masks in
the wheel of pvanalytics 0.2.2 (MIT), on which nothing was tuned.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridseal.wire.catalog import Asset
from streaming_processor.arrays import Ints, Mask
from streaming_processor.quality.apply import apply_rules
from streaming_processor.quality.rules import RuleSet, packaged_rules
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference, reference_from
from streaming_processor.transforms.windows import Rows
from tests.bench.figures import ROOT, Figure

EIA = ROOT.parent / "shared" / "data" / "eia930_8ba_2015_2020_hourly_flags_forecast.parquet"
WHEEL = ROOT / ".local" / "wheels" / "pvanalytics-0.2.2-py3-none-any.whl"
SPLIT = "2018-07-01"
STEPS = ("DELTA", "SINGLE_DELTA", "LOCAL_DEM_UP", "LOCAL_DEM_DOWN")
TARGETS = {
    "stuck": ("IDENTICAL_RUN",),
    "rating": ("GLOBAL_DEM",),
    "spike": STEPS,
    "ramp": STEPS,
    "gap": ("MISSING",),
}
"""What each rule should find; everything that is flagged counts for its precision."""


@dataclass(frozen=True)
class Labelled:
    """Readings with labels: ``OKAY`` or what is wrong."""

    rows: Rows
    label: NDArray[np.str_]
    reference: Reference
    held_out: Mask

    def cell(self) -> dict[tuple[int, int], int]:
        """Source and start → position."""
        return {key: i for i, key in enumerate(zip(self.rows.source.tolist(), self.rows.start_s.tolist(), strict=True))}


@dataclass(frozen=True)
class Score:
    """Hits of a rule against its labels."""

    hits: int
    right: int
    wanted: int
    found: int

    @property
    def precision(self) -> float:
        return self.right / self.hits if self.hits else float("nan")

    @property
    def recall(self) -> float:
        return self.found / self.wanted if self.wanted else float("nan")

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total > 0 else 0.0


def measure() -> Iterator[Figure]:
    """All figures; those of EIA-930 only where its file is."""
    if EIA.exists():
        demand = read_demand()
        tune(demand)
        marks = found_by(demand, packaged_rules())
        for rule in TARGETS:
            peer, value = peers(demand).get(rule, ("", None))
            one = score(demand, marks[rule], TARGETS[rule], demand.held_out)
            yield from figures(f"eia930_{rule}", one, peer, value)
        everything = np.logical_or.reduce([marks[r] for r in TARGETS])
        flagged = tuple(sorted(set(demand.label.tolist()) - {"OKAY"}))
        by_label = {label: score(demand, everything, (label,), demand.held_out) for label in flagged}
        for label, one in by_label.items():
            print(f"   any rule on {label:<22} {one.found:>6,} of {one.wanted:>6,}  {one.recall:.2f}")
        yield from figures("eia930_any_rule", score(demand, everything, flagged, demand.held_out))
    else:
        print(f"   without {EIA.name}, which is not here, only pvanalytics' masks are scored")
    for name, member, label, rule in (
        ("pvanalytics_stuck", "ac_power_inv_2173_stale_data", "STALE", "stuck"),
        ("pvanalytics_spike", "ac_power_inv_7539_outliers", "OUTLIER", "spike"),
        ("pvanalytics_rating", "ac_power_inv_7539_outliers", "OUTLIER", "rating"),
    ):
        masked = read_mask(member, label)
        marks = found_by(masked, packaged_rules())
        yield from figures(name, score(masked, marks[rule], (label,), masked.held_out))


def figures(name: str, one: Score, peer: str = "", peers_score: Score | None = None) -> Iterator[Figure]:
    """Precision and recall."""
    against = (peers_score.precision, peers_score.recall) if peers_score else (None, None)
    print(f"   {name}: {one.hits} hits, {one.right} of them flagged; {one.found} of {one.wanted} wanted")
    yield Figure(f"{name}_precision", one.precision, "share", "more", peer=peer, peer_value=against[0])
    yield Figure(f"{name}_recall", one.recall, "share", "more", peer=peer, peer_value=against[1])


def score(data: Labelled, mark: Mask, wanted: tuple[str, ...], part: Mask) -> Score:
    """Count within a part of the data."""
    target = np.isin(data.label, wanted) & part
    hit = mark & part
    return Score(
        int(hit.sum()), int((hit & (data.label != "OKAY")).sum()), int(target.sum()), int((target & mark).sum())
    )


def found_by(data: Labelled, rules: RuleSet) -> dict[str, Mask]:
    """Rule → the readings it marks. A hole marks the missing readings before the one that shows it."""
    present = np.flatnonzero(data.label != "MISSING")
    cell = data.cell()
    marks = {name: np.zeros(len(data.rows), bool) for name in rules.rules}
    for f in apply_rules(data.rows.take(present), data.reference, {}, rules, settled=True).findings:
        source = f.device * len(STORED) + f.quantity
        if f.rule == "gap":
            start = f.start_s - f.period_s
            while (source, start) in cell and data.label[cell[source, start]] == "MISSING":
                marks["gap"][cell[source, start]] = True
                start -= f.period_s
        else:
            marks[f.rule][cell[source, f.start_s]] = True
    return marks


def tune(data: Labelled) -> None:
    """Print what the training part prefers, beside what the packaged table says."""
    rules, part = packaged_rules(), ~data.held_out
    grids: dict[str, dict[str, tuple[float, ...]]] = {
        "stuck": {"after": (2.0, 3.0, 4.0, 6.0)},
        "rating": {"above_share": (1.05, 1.1, 1.3, 1.5)},
        "spike": {"times": (3.0, 4.0, 6.0, 8.0), "share": (0.03, 0.04, 0.06, 0.08)},
        "ramp": {"share": (0.08, 0.1, 0.12, 0.15, 0.2)},
    }
    for name, grid in grids.items():
        best: tuple[float, dict[str, float]] = (-1.0, {})
        rule = rules.rules[name]
        for values in product(*grid.values()):
            chosen = dict(zip(grid, values, strict=True))
            limits = rule.limits | {p: np.full_like(rule.limits[p], v) for p, v in chosen.items()}
            tried = RuleSet({name: replace(rule, limits=limits)})
            f1 = score(data, found_by(data, tried)[name], TARGETS[name], part).f1
            best = max(best, (f1, chosen), key=lambda pair: pair[0])
        power, meter = STORED.index("active_power"), 0
        packaged = {p: float(rule.limits[p][1, meter, power]) for p in grid}
        print(f"   tuned before {SPLIT}: {name} {best[1]} F1 {best[0]:.2f}; in the table: {packaged}")


def peers(data: Labelled) -> dict[str, tuple[str, Score]]:
    """The textbook Hampel identifier (as in pvanalytics: centered window of 5, 3 deviations)."""
    frame = pd.DataFrame({"source": data.rows.source, "value": data.rows.milli.astype(float)})
    frame.loc[data.label == "MISSING", "value"] = np.nan
    mark = np.zeros(len(frame), bool)
    for _, group in frame.groupby("source"):
        values = group["value"]
        middle = values.rolling(5, center=True).median()
        spread = pd.concat([(values.shift(k) - middle).abs() for k in range(-2, 3)], axis=1).median(axis=1) / 0.6745
        mark[group.index] = ((values - middle).abs() > 3 * spread).to_numpy()
    return {"spike": ("Hampel 5/3", score(data, mark, TARGETS["spike"], data.held_out))}


def read_demand() -> Labelled:
    """EIA-930; the rating of a region is the 99.9th percentile of its demand before the split."""
    frame = pd.read_parquet(EIA).sort_values(["ba", "time_utc"], ignore_index=True)
    held_out = (frame["time_utc"] >= pd.Timestamp(SPLIT, tz="UTC")).to_numpy()
    names = sorted(frame["ba"].unique())
    usual = frame[~held_out & (frame["category"] == "OKAY")].groupby("ba", observed=True)["raw_mw"].quantile(0.999)
    device = frame["ba"].map({n: i for i, n in enumerate(names)}).to_numpy().astype(np.int64)
    start = frame["time_utc"].dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    milli = np.nan_to_num(np.round(frame["raw_mw"].to_numpy().astype(float) * 1e9)).astype(np.int64)
    reference = _reference([(n, int(usual[n] * 1e6), 3_600, "meter") for n in names])
    return Labelled(
        _rows(device, start, 3_600, milli), frame["category"].to_numpy().astype(np.str_), reference, held_out
    )


def read_mask(member: str, label: str) -> Labelled:
    """One inverter with a mask; normalized power is taken as a share of a rating of 1 MW."""
    with zipfile.ZipFile(WHEEL) as wheel:
        text = wheel.read(f"pvanalytics/data/{member}.csv").decode()
    records = list(csv.reader(io.StringIO(text)))[1:]
    start = np.array([int(datetime.fromisoformat(r[0]).timestamp()) for r in records], np.int64)
    milli = np.array([round(float(r[1] or 0) * 1e9) for r in records], np.int64)
    labels = np.array([label if r[2].lower() == "true" else "OKAY" for r in records])
    rows = _rows(np.zeros(len(start), np.int64), start, 900, milli)
    return Labelled(rows, labels, _reference([("inverter", 1_000_000, 900, "solar")]), np.ones(len(start), bool))


def _rows(device: Ints, start: Ints, period: int, milli: Ints) -> Rows:
    zeros = np.zeros(len(start), np.int64)
    return Rows(device * len(STORED) + STORED.index("active_power"), start, zeros + period, milli, zeros, zeros)


def _reference(devices: list[tuple[str, int, int, str]]) -> Reference:
    assets = [
        Asset.model_validate(
            {
                "tenant_id": "bench", "site_id": "bench", "asset_id": name.lower(), "device_id": name.lower(),
                "name": name, "asset_type": "meter", "telemetry_class": telemetry_class,
                "quantities": ("active_power",), "native_period_s": period, "rating_w": rating,
            }
        )
        for name, rating, period, telemetry_class in devices
    ]  # fmt: skip
    return reference_from({asset.key: asset for asset in assets})
