"""One series made ready: what every issue looks up, computed once for the whole history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.backtest.ports import TableSeries
from forecast_service.engine.calendar import Civil, civil
from forecast_service.model.grid import Floats, Ints, quantiles_of

SUN = frozenset({"pv", "solar", "home_pv"})
WINDOW_DAYS = 28
SAME_TYPE_USED = 4
RANGE_QUANTILES = (0.01, 0.99)
LIMIT = 6.0
FLOOR_SHARE = 0.02
LEAST_SLOTS = 9
"""Values of a slot and its neighbours under which their deviation says nothing."""


@dataclass(frozen=True, slots=True)
class SeriesScale:
    """What is learnt about the numbers of one series before its last training target. Kept in the artefact."""

    range_: float
    """P99 - P1, positive."""
    level: float
    floor: float
    """Quantiles never fall below; minus infinity for none."""
    cap: float
    columns: dict[str, tuple[float, float]]
    """Median and spread of each covariate; a spread of 0 switches it off."""


@dataclass(frozen=True)
class Frame:
    """Arrays of one series. N periods, D local days, P slots a day, C covariates."""

    series_id: str
    kind: str
    resolution_s: int
    start_s: int
    scale: SeriesScale
    layout: Civil
    values: Floats
    """``(N,)``."""
    typical: Floats
    """``(N,)`` mean of the same slot on the last days of the same type; reads earlier days only."""
    sums: Floats
    """``(4, N + 1)`` running sums of values, their number, value - typical, and its number."""
    center: Floats
    """``(D,)`` robust level of the 28 days before each day."""
    spread: Floats
    """``(D,)`` robust spread of the same days."""
    week: Floats
    """``(D, P)`` mean of the slot over the 7 days before each day."""
    width: Floats
    """``(D, P)`` standard deviation of the slot and its neighbours over the 28 days before each day, NaN if too few."""
    columns: Floats
    """``(C, N)`` covariates, past ones first, in spreads around their median, NaN where not known."""
    column_sums: Floats
    """``(2, C, N + 1)`` running sums and numbers of the same."""

    @property
    def per_day(self) -> int:
        """P."""
        return self.layout.slots

    def index_of(self, moment_s: int) -> int:
        """Period that begins at a moment, or is under way then."""
        return (moment_s - self.start_s) // self.resolution_s

    def known_days(self, until_s: int) -> float:
        """Days of values that had ended by a moment."""
        return float(np.isfinite(self.values[: max(0, self.index_of(until_s))]).sum() / self.per_day)


def scale_of(series: TableSeries, until_s: int) -> SeriesScale:
    """Learn the scale from what ended by ``until_s``."""
    seen = max(0, (until_s - series.start_s) // series.resolution_s)
    known = series.target[:seen][np.isfinite(series.target[:seen])]
    columns = {name: _column_scale(v[:seen]) for name, v in [*series.past.items(), *series.future.items()]}
    if len(known) == 0:
        return SeriesScale(1.0, 0.0, -np.inf, np.inf, columns)
    low, high = (float(q) for q in np.quantile(known, RANGE_QUANTILES))
    reach = high - low
    if reach <= 0:
        reach = float(known.max() - known.min()) or max(abs(float(known[-1])), 1.0) * 0.01
    floor, cap = -np.inf, np.inf
    if known.min() >= 0:
        floor = 0.0
    if known.max() <= 0:
        cap = 0.0
    if series.kind in SUN or series.kind == "wind":
        floor, cap = max(floor, float(known.min())), min(cap, float(known.max()))
    return SeriesScale(reach, float(np.median(known)), floor, cap, columns)


def _column_scale(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return 0.0, 0.0
    low, middle, high = (float(q) for q in np.quantile(known, (0.1, 0.5, 0.9)))
    spread = (high - low) / 2.56
    if spread <= 1e-9 * max(1.0, abs(middle)):
        spread = float(known.std())
    return (middle, spread) if spread > 1e-9 * max(1.0, abs(middle)) else (middle, 0.0)


def build_frame(
    series: TableSeries, scale: SeriesScale, past: Sequence[str], future: Sequence[str], ahead: int
) -> Frame:
    """Prepare one series.

    Args:
        series: Values and covariates.
        scale: Of this series.
        past: Names of past-only covariates in the order of the model; a series may lack some.
        future: Names of known-future covariates.
        ahead: Periods beyond the end that targets may reach.
    """
    values = np.where(np.isfinite(series.target), series.target, np.nan).astype(np.float64)
    place = (series.zone, series.country, series.subdivision)
    layout = civil(series.start_s, len(values) + ahead, series.resolution_s, place, series.kind in SUN)
    table = _gather(values, layout.index)
    typical = _typical(layout, table)[layout.day[: len(values)], layout.slot[: len(values)]]
    center, spread = _level(table, scale)
    week, width = _slots(table)
    columns = [_column(series.past, name, scale, len(values)) for name in past]
    columns += [_column(series.future, name, scale, len(values)) for name in future]
    stacked = np.stack(columns) if columns else np.zeros((0, len(values)))
    return Frame(
        series_id=series.series_id,
        kind=series.kind,
        resolution_s=series.resolution_s,
        start_s=series.start_s,
        scale=scale,
        layout=layout,
        values=values,
        typical=typical,
        sums=np.concatenate([running(values), running(values - typical)]),
        center=center,
        spread=spread,
        week=week,
        width=width,
        columns=stacked,
        column_sums=running(stacked),
    )


def running(values: Floats) -> Floats:
    """Running sums and numbers of what is there: ``(2, ..., N + 1)`` from ``(..., N)``."""
    there = np.isfinite(values)
    both = np.stack([np.where(there, values, 0.0), there.astype(np.float64)])
    return np.concatenate([np.zeros((*both.shape[:-1], 1)), np.cumsum(both, axis=-1)], axis=-1)


def _gather(values: Floats, index: Ints) -> Floats:
    inside = (index >= 0) & (index < len(values))
    return np.where(inside, values[np.clip(index, 0, len(values) - 1)], np.nan)


def _mean(samples: Floats) -> Floats:
    """Mean along axis 0 of what is there, NaN where nothing is."""
    there = np.isfinite(samples)
    total = np.where(there, samples, 0.0).sum(axis=0)
    count = there.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _typical(layout: Civil, table: Floats) -> Floats:
    """``(D, P)``."""
    rows = layout.same_type[:, :SAME_TYPE_USED].T
    return _mean(np.where((rows >= 0)[..., None], table[np.maximum(rows, 0)], np.nan))


def _windows(rows: Floats, days: int) -> Floats:
    """``(D, ..., days)``: the days before each row, NaN before the first."""
    padded = np.concatenate([np.full((days, *rows.shape[1:]), np.nan), rows])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, days, axis=0)[: len(rows)], dtype=np.float64)


def _level(table: Floats, scale: SeriesScale) -> tuple[Floats, Floats]:
    """Median of the days' means; median of their deviations within plus a robust deviation between: ``(D,)`` each."""
    mean = _mean(table.T)
    within = np.sqrt(_mean((table - mean[:, None]).T ** 2))
    means = _windows(mean, WINDOW_DAYS)
    center = _median(means)
    between = 1.48 * _median(np.abs(means - center[:, None]))
    spread = np.nan_to_num(_median(_windows(within, WINDOW_DAYS))) + np.nan_to_num(between)
    floor = FLOOR_SHARE * scale.range_
    return np.where(np.isfinite(center), center, scale.level), np.asarray(np.maximum(spread, floor), dtype=np.float64)


def _median(samples: Floats) -> Floats:
    return np.asarray(quantiles_of(samples, (0.5,))[0], dtype=np.float64)


def _slots(table: Floats) -> tuple[Floats, Floats]:
    """Mean over 7 days and deviation over 28 days of each slot: ``(D, P)`` each."""
    first, second = running(table.T)[0].T, running(table.T**2)[0].T
    count = running(table.T)[1].T

    def over(sums: Floats, days: int) -> Floats:
        rows = np.arange(len(table))
        return np.asarray(sums[rows] - sums[np.maximum(rows - days, 0)])

    week = np.where(over(count, 7) > 0, over(first, 7) / np.maximum(over(count, 7), 1), np.nan)
    n, s, q = over(count, WINDOW_DAYS), over(first, WINDOW_DAYS), over(second, WINDOW_DAYS)
    n, s, q = (x + np.roll(x, 1, axis=1) + np.roll(x, -1, axis=1) for x in (n, s, q))
    variance = q / np.maximum(n, 1) - (s / np.maximum(n, 1)) ** 2
    return week, np.where(n >= LEAST_SLOTS, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _column(columns: Mapping[str, Floats], name: str, scale: SeriesScale, count: int) -> Floats:
    middle, spread = scale.columns.get(name, (0.0, 0.0))
    if name not in columns or spread == 0:
        return np.full(count, np.nan)
    z = (np.asarray(columns[name], dtype=np.float64) - middle) / spread
    return np.where(np.isfinite(z), np.clip(z, -LIMIT, LIMIT), np.nan)
