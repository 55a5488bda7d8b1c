"""One row of features per issue and target, for trees and lines. Reads only what had arrived, or is known ahead."""

from collections.abc import Sequence

import numpy as np

from forecast_service.backtest.peers.clock import LocalTime, arrived, local_time, positions
from forecast_service.backtest.peers.naive import slot_mean
from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.model.grid import DAY_S, last_index, take

LAG_DAYS = (1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 364)
HOUR_S = 3_600
RECENT_H = (1, 3, 24, 168)


def unit_of(series: TableSeries) -> tuple[float, float]:
    """Median and P99 - P1 of what is known; a flat series has the unit 1."""
    known = series.target[np.isfinite(series.target)]
    if len(known) == 0:
        return 0.0, 1.0
    low, middle, high = np.quantile(known, [0.01, 0.5, 0.99])
    return float(middle), float(high - low) or 1.0


def features(series: TableSeries, issues_s: Ints, task: Task, unit: tuple[float, float], identity: int) -> Floats:
    """``(I, H, F)``, levels in ``unit``; NaN is "missing"."""
    at, targets = positions(series, issues_s, task)
    level = (series.target - unit[0]) / unit[1]
    per_day = DAY_S // series.resolution_s
    clock = local_time(series, series.start_s + targets * series.resolution_s)
    lagged = [arrived(level, at, targets - d * per_day) for d in LAG_DAYS]
    with np.errstate(invalid="ignore"):
        weeks = np.stack([lagged[LAG_DAYS.index(d)] for d in (7, 14, 21, 28)]).mean(axis=0)
    slot = (slot_mean(series, issues_s, task) - unit[0]) / unit[1]
    columns = [*lagged, weeks, slot, *_now(series, level, at), *_calendar(series, clock, targets)]
    columns += [np.arange(task.horizon)[None, :] * series.resolution_s / HOUR_S, np.float64(identity)]
    for values in series.future.values():
        columns += _ahead(values, targets, per_day)
    columns += [arrived(values, at, at[:, None] - 1) for values in series.past.values()]
    return np.stack([np.broadcast_to(c, targets.shape) for c in columns], axis=-1)


def _now(series: TableSeries, level: Floats, at: Ints) -> list[Floats]:
    """Newest value and means over the last hours, ``(I, 1)`` each."""
    newest = take(last_index(level).astype(np.float64), at - 1)
    last = take(level, np.where(np.isfinite(newest), newest, -1).astype(np.int64))
    known = np.isfinite(level)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, level, 0.0))])
    count = np.concatenate([[0.0], np.cumsum(known)])
    end = np.clip(at, 0, len(level))
    out = [last[:, None]]
    for hours in RECENT_H:
        begin = np.clip(at - max(hours * HOUR_S // series.resolution_s, 1), 0, len(level))
        with np.errstate(invalid="ignore", divide="ignore"):
            out.append(((total[end] - total[begin]) / (count[end] - count[begin]))[:, None])
    return out


def _calendar(series: TableSeries, clock: LocalTime, targets: Ints) -> list[Floats]:
    moments = series.start_s + targets * series.resolution_s
    beside = [local_time(series, moments + d * DAY_S).holiday for d in (-1, 1)]
    year = 2 * np.pi * clock.year_day / 365.25
    hour = clock.hour + clock.minute / 60
    day = 2 * np.pi * hour / 24
    waves: Sequence[Floats] = [np.sin(day), np.cos(day), np.sin(2 * day), np.cos(2 * day), np.sin(year), np.cos(year)]
    flags = [clock.weekday, clock.weekday >= 5, clock.holiday, *beside]
    return [hour, *waves, *(np.asarray(f, dtype=np.float64) for f in flags)]


def _ahead(values: Floats, targets: Ints, per_day: int) -> list[Floats]:
    """The value at the target, and the mean over the day that ends there."""
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0.0], np.cumsum(known)])
    end = np.clip(targets + 1, 0, len(values))
    begin = np.clip(targets + 1 - per_day, 0, len(values))
    with np.errstate(invalid="ignore", divide="ignore"):
        day = (total[end] - total[begin]) / (count[end] - count[begin])
    return [take(values, targets), day]
