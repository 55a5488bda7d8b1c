"""Figures of all models of a set: by slice, with intervals, skill and significance. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.backtest.issues import lead_buckets, targets_of
from forecast_service.backtest.ports import Floats, TableSeries
from forecast_service.backtest.rolling import Plan, before_test
from forecast_service.backtest.scores import FIGURES, Mask, Yardstick, figures_of, issue_loss, parts_of, yardstick
from forecast_service.backtest.significance import better_than, block_counts, interval
from forecast_service.model.grid import DAY_S, lag_quantiles
from gridseal.errors import ConfigError

RIVALS = ("seasonal_naive", "analogue13", "lightgbm", "lightgbm_tuned", "lightgbm_site", "openstef", "random_forest",
          "linear", "persistence", "damped_anomaly")  # fmt: skip
PV_KINDS = ("pv", "home_pv")
OWN = "champion"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure with its 90 % interval."""

    model: str
    metric: str
    slice: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """One model on one series: sums per issue, over all leads and by lead bucket."""

    parts: Floats
    by_lead: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Table:
    """One part: what was asked, what came out, how it is measured."""

    plan: Plan
    measures: tuple[Yardstick, ...]
    models: Mapping[str, tuple[Scored, ...]]
    counts: Floats


def score_part(made: Plan, forecasts: Mapping[str, Floats]) -> Table:
    """Sums of every model on every series.

    Raises:
        ConfigError: A series cannot be scored, because it does not vary.
    """
    part, before = made.part, before_test(made)
    measures = []
    for one, outcome in zip(made.series, made.outcomes, strict=True):
        try:
            own = before[one.series_id]
            measures.append(yardstick(own if part.scale.before else outcome, own))
        except ValueError as error:
            raise ConfigError(f"part {part.name}: series {one.series_id} cannot be scored: {error}") from None
    buckets = lead_buckets(part.task.first_lead, part.task.horizon, part.resolution)
    banded = [_daylight(made, s, m.scale) for s, m in zip(made.series, measures, strict=True)]
    models = {
        name: tuple(
            _scored(made, y, q, m, b, buckets)
            for y, q, m, b in zip(made.outcomes, quantiles, measures, banded, strict=True)
        )
        for name, quantiles in forecasts.items()
    }
    return Table(made, tuple(measures), models, block_counts(made.issues_s))


def _scored(
    made: Plan, y: Floats, q: Floats, measure: Yardstick, banded: Mask | None, buckets: Mapping[str, Sequence[int]]
) -> Scored:
    levels, outer = made.part.task.levels_bps, made.part.scale.outer

    def sums(at: Sequence[int] | slice) -> Floats:
        mask = None if banded is None else banded[:, at]
        return parts_of(y[:, at], q[:, at], levels, measure, banded=mask, outer=outer)

    return Scored(sums(slice(None)), {name: sums(at) for name, at in buckets.items()})


def _daylight(made: Plan, one: TableSeries, scale: float) -> Mask | None:
    """Where PV can give anything: P90 of the slot over the last 20 days above 2 % of the range."""
    if one.kind not in PV_KINDS:
        return None
    task, step = made.part.task, one.resolution_s
    targets = (targets_of(made.issues_s, task.first_lead, task.horizon, step) - one.start_s) // step
    lags = [d * DAY_S // step for d in range(1, 21)]
    high = lag_quantiles(one.target, targets, lags, [0.9])[0]
    return np.asarray(np.nan_to_num(high) > 0.02 * scale)


def rows_of(tables: Sequence[Table]) -> list[Row]:
    """All rows, slice by slice."""
    names = list(tables[0].models)
    rows: list[Row] = []
    for label, members in _slices(tables):
        drawn = {name: _figures(members, name, None) for name in names}
        for name in names:
            rows += [_row(name, metric, label, drawn[name][metric]) for metric in FIGURES]
            rows += _skills(name, label, drawn)
        rows += _tests(label, members, names)
    for bucket in dict.fromkeys(b for t in tables for s in t.models[names[0]] for b in s.by_lead):
        members = [(t, i) for t in tables for i in range(len(t.measures)) if bucket in t.models[names[0]][i].by_lead]
        drawn = {name: _figures(members, name, bucket) for name in names}
        for name in names:
            rows += [_row(name, metric, bucket, drawn[name][metric]) for metric in FIGURES]
            rows += _skills(name, bucket, drawn)
    return rows


Member = tuple[Table, int]


def _slices(tables: Sequence[Table]) -> Iterator[tuple[str, list[Member]]]:
    every = [(t, i) for t in tables for i in range(len(t.measures))]
    yield "all", every
    if len(tables) > 1:
        for kind in dict.fromkeys(t.plan.part.kind for t in tables):
            yield f"kind:{kind}", [(t, i) for t, i in every if t.plan.part.kind == kind]
        for t in tables:
            yield f"part:{t.plan.part.name}", [(t, i) for i in range(len(t.measures))]
    if len(every) > 1:
        for t, i in every:
            prefix = f"{t.plan.part.name}/" if len(tables) > 1 else ""
            yield f"series:{prefix}{t.plan.series[i].series_id}", [(t, i)]


def _figures(members: Sequence[Member], name: str, bucket: str | None) -> dict[str, Floats]:
    """Mean over series of each figure: ``(1 + B,)``, the figure itself first, then its resamples."""
    found = []
    for table, i in members:
        scored = table.models[name][i]
        parts = scored.parts if bucket is None else scored.by_lead[bucket]
        sums = np.concatenate([parts.sum(axis=0)[None, :], table.counts @ parts])
        found.append(figures_of(sums, table.plan.part.task.levels_bps, table.measures[i]))
    with np.errstate(invalid="ignore"):
        return {metric: np.mean([f[metric] for f in found], axis=0) for metric in FIGURES}


def _row(name: str, metric: str, label: str, drawn: Floats) -> Row:
    low, high = interval(drawn[1:])
    return Row(name, metric, label, float(drawn[0]), low, high)


def _skills(name: str, label: str, drawn: Mapping[str, Mapping[str, Floats]]) -> list[Row]:
    """Share of a rival's rCRPS that a model saves, on the same resamples."""
    out = []
    for rival in RIVALS:
        if rival in drawn and rival != name:
            with np.errstate(invalid="ignore", divide="ignore"):
                out.append(_row(name, f"skill_vs_{rival}", label, 1 - drawn[name]["rcrps"] / drawn[rival]["rcrps"]))
    return out


def _tests(label: str, members: Sequence[Member], names: Sequence[str]) -> list[Row]:
    """Diebold-Mariano of our model against each other, where all series share their issues."""
    table = members[0][0]
    if OWN not in names or any(t is not table for t, _ in members):
        return []
    part, issues = table.plan.part, table.plan.issues_s
    span = part.task.horizon * part.resolution

    def loss(name: str) -> Floats:
        return np.asarray(
            np.mean([issue_loss(t.models[name][i].parts) / t.measures[i].scale for t, i in members], axis=0)
        )

    own = loss(OWN)
    others = [name for name in names if name != OWN]
    return [Row(OWN, f"dm_p_vs_{name}", label, better_than(own, loss(name), issues, span)) for name in others]
