"""Everything the models see of a history, as named columns.

``Positions`` speak about one period and use only what was known a day before it. ``AsOf`` columns
at position ``o`` use only periods before ``o``. So whatever is read at a target within the horizon
(under a day) or as of the newest value is in the past of the slot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from forecast_service.model.grid import (
    Floats,
    Ints,
    lag_mean,
    lag_quantiles,
    lag_std,
    lag_sum,
    last_index,
    quantiles_of,
    take,
)
from forecast_service.model.panel import Panel

ENVELOPE_DAYS = 20
NIGHT_SHARE = 0.003
"""An envelope under this share of the range is night."""
MAX_INDEX = 1.3


@dataclass(frozen=True)
class Positions:
    """Columns per period, each ``(S, M)`` for positions ``first … first + M - 1``; W unless said."""

    held: Floats
    """The value, or the newest one of the day before it."""
    there: Floats
    """1 where there is a value."""
    mean7: Floats
    std7: Floats
    mean4w: Floats
    low28: Floats
    mid28: Floats
    high28: Floats
    day1: Floats
    day2: Floats
    day7: Floats
    envelope: Floats
    """P90 of the last 20 days at this time of day; 0 at night and for what is not solar."""


@dataclass(frozen=True)
class AsOf:
    """Columns as of a position, each ``(S, O)`` for positions ``first … first + O - 1``."""

    last: Floats
    mean1h: Floats
    mean3h: Floats
    anomaly: Floats
    index: Floats
    """Clear-sky index of the last hour, of the last day where that hour was dark."""
    width: Floats
    """Scale of the inputs: envelope peak, week's spread or range, by kind; W."""
    group_index: Floats
    group_level: Floats
    group_ramp: Floats


Columns = TypeVar("Columns", Positions, AsOf)


def positions(panel: Panel, first: int, stop: int) -> Positions:
    """Columns for the periods ``first … stop - 1``; they may lie behind the end of the history."""
    at, day, values = np.arange(first, stop), panel.per_day, panel.values
    week = [d * day for d in range(1, 8)]
    mean7 = lag_mean(values, at, week)
    std7 = lag_std(values, at, week, mean7)
    low, mid, high = lag_quantiles(values, at, [d * day for d in range(1, 29)], (0.1, 0.5, 0.9))
    mean7 = _filled(mean7, mid)
    newest = last_index(values)
    fresh = (newest >= 0) & (np.arange(values.shape[-1]) - newest <= day)
    held = np.where(fresh, np.take_along_axis(values, np.maximum(newest, 0), axis=-1), np.nan)
    return Positions(
        held=take(held, at),
        there=np.isfinite(take(values, at)) * 1.0,
        mean7=mean7,
        std7=std7,
        mean4w=_filled(lag_mean(values, at, [d * day for d in (7, 14, 21, 28)]), mean7),
        low28=_filled(low, mean7),
        mid28=_filled(mid, mean7),
        high28=_filled(high, mean7),
        day1=_filled(take(values, at - day), mean7),
        day2=_filled(take(values, at - 2 * day), mean7),
        day7=_filled(take(values, at - 7 * day), mean7),
        envelope=_envelope(panel, at),
    )


def as_of(panel: Panel, columns: Positions, columns_first: int, first: int, stop: int) -> AsOf:
    """Columns as of ``first … stop - 1``; ``columns`` must reach one day further back. Groups are still empty."""
    at, n1, values = np.arange(first, stop), panel.per_hour, panel.values
    last = take(values, at - 1)
    usual = take(columns.mean7, at - 1 - columns_first)
    empty = np.zeros(last.shape)
    return AsOf(
        last=last,
        mean1h=lag_mean(values, at, range(1, max(n1, 2) + 1)),
        mean3h=lag_mean(values, at, range(1, 3 * n1 + 1)),
        anomaly=np.where(np.isfinite(usual), last - usual, 0.0),
        index=_index(panel, columns, columns_first, at),
        width=_width(panel, columns, columns_first, at),
        group_index=empty,
        group_level=empty,
        group_ramp=empty,
    )


def with_groups(panel: Panel, columns: AsOf) -> AsOf:
    """Adds what the neighbors of the same kind did; loads have none and see themselves."""
    span = panel.ranges[:, None]
    level, ramp = columns.last / span, (columns.mean1h - columns.mean3h) / span
    grouped = {"group_index": columns.index, "group_level": level, "group_ramp": ramp}
    grouped = {name: own.copy() for name, own in grouped.items()}
    for kind in set(panel.kinds):
        rows = [k for k, other in enumerate(panel.kinds) if other == kind]
        if not panel.loads[rows[0]]:
            known = np.isfinite(columns.last)
            for own in grouped.values():
                own[rows] = _mean_of(own, known, rows)
    named = {field.name: getattr(columns, field.name) for field in fields(AsOf)}
    return AsOf(**(named | grouped))


def stacked(parts: Sequence[Columns]) -> Columns:
    """Rows of several panels on the same grid, under each other."""
    kind: Callable[..., Columns] = type(parts[0])
    return kind(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(parts[0])})


def _filled(column: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isfinite(column), column, otherwise)


def _envelope(panel: Panel, at: Ints) -> Floats:
    out = np.zeros((len(panel.series), len(at)))
    rows = panel.solar
    if rows.any():
        beside = (-1, 0, 1) if panel.per_hour > 1 else (0,)
        lags = [d * panel.per_day - k for d in range(1, ENVELOPE_DAYS + 1) for k in beside]
        high = np.nan_to_num(lag_quantiles(panel.values[rows], at, lags, (0.9,))[0])
        out[rows] = np.where(high < NIGHT_SHARE * panel.ranges[rows][:, None], 0.0, high)
    return out


def _index(panel: Panel, columns: Positions, first: int, at: Ints) -> Floats:
    out = np.zeros((len(panel.series), len(at)))
    rows = panel.solar
    if not rows.any():
        return out
    value = take(panel.values[rows], np.arange(first, first + columns.there.shape[-1]))
    clear = np.where(np.isfinite(value), columns.envelope[rows], 0.0)
    steps, place = (4 if panel.per_hour > 1 else 3), at - first
    hour, day = range(1, steps + 1), range(1, panel.per_day + 1)
    hour_clear, day_clear = lag_sum(clear, place, hour), lag_sum(clear, place, day)
    by_hour = lag_sum(value, place, hour) / np.maximum(hour_clear, 1e-9)
    by_day = np.where(day_clear > 0, lag_sum(value, place, day) / np.maximum(day_clear, 1e-9), 0.0)
    lit = hour_clear > 0.05 * steps * panel.ranges[rows][:, None]
    out[rows] = np.clip(np.where(lit, by_hour, by_day), 0.0, MAX_INDEX)
    return out


def _width(panel: Panel, columns: Positions, first: int, at: Ints) -> Floats:
    span = np.broadcast_to(panel.ranges[:, None], (len(panel.series), len(at)))
    out = np.array(span)
    rows = panel.solar
    if rows.any():
        peak = np.zeros(out[rows].shape)
        for lag in range(1, panel.per_day + 1):
            peak = np.maximum(peak, np.nan_to_num(take(columns.envelope[rows], at - first - lag)))
        out[rows] = np.maximum(peak, 0.2 * span[rows])
    rows = panel.loads
    if rows.any():
        week = np.stack([take(panel.values[rows], at - lag) for lag in range(1, 7 * panel.per_day + 1)], axis=-1)
        low, high = quantiles_of(week, (0.05, 0.95))
        wide = np.maximum(high - low, 0.25 * span[rows])
        out[rows] = np.where(np.isfinite(week).sum(axis=-1) >= panel.per_day, wide, span[rows])
    return out


def _mean_of(column: Floats, known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], rows: Sequence[int]) -> Floats:
    """Mean over the rows that know their last value, in row order; 0 where none does."""
    total, count = np.zeros(column.shape[-1]), np.zeros(column.shape[-1])
    for k in rows:
        total += np.where(known[k], column[k], 0.0)
        count += known[k]
    return np.asarray(total / np.maximum(count, 1))
