"""Local time and positions on a series' grid, for models that look things up by hour or weekday. Pure."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays
import numpy as np
import pandas as pd

from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.model.grid import DAY_S, take


def positions(series: TableSeries, issues_s: Ints, task: Task) -> tuple[Ints, Ints]:
    """``(I,)`` position of the period that begins at the issue, and ``(I, H)`` positions of its targets.

    Everything before the first has arrived, nothing at or after it has.
    """
    at = np.asarray((issues_s - series.start_s) // series.resolution_s)
    return at, np.asarray(at[:, None] + task.first_lead + np.arange(task.horizon))


def arrived(values: Floats, at: Ints, wanted: Ints) -> Floats:
    """``values[wanted]`` where that had arrived when the period ``at`` began, NaN elsewhere; ``at`` is ``(I,)``."""
    known = wanted < at.reshape((-1,) + (1,) * (wanted.ndim - 1))
    return np.where(known, take(values, wanted), np.nan)


def training_issues(series: TableSeries, task: Task, until_s: int, like_s: Ints, days: int) -> Ints:
    """Issues over the last ``days`` whose targets all ended by ``until_s``, at the local times of day of ``like_s``."""
    wanted = local_time(series, like_s)
    minutes = np.unique(wanted.hour * 60 + wanted.minute)
    step, span = series.resolution_s, (task.first_lead + task.horizon) * series.resolution_s
    phase = int(like_s[0] - series.start_s) % step
    last = series.start_s + phase + (until_s - span - series.start_s - phase) // step * step
    every = np.arange(max(series.start_s + phase + 8 * DAY_S, last - days * DAY_S), last + 1, step, dtype=np.int64)
    if len(every) == 0:
        return every
    local = local_time(series, every)
    return np.asarray(every[np.isin(local.hour * 60 + local.minute, minutes)])


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Clock and calendar at given moments, one element each."""

    hour: Ints
    minute: Ints
    weekday: Ints
    """0 is Monday."""
    month: Ints
    year_day: Ints
    holiday: Ints
    """1 on a public holiday."""


def local_time(series: TableSeries, moments_s: Ints) -> LocalTime:
    """On the series' own clock, in the shape of ``moments_s``."""
    unique, back = np.unique(moments_s, return_inverse=True)
    clock = pd.DatetimeIndex(unique.astype("datetime64[s]"), tz="UTC").tz_convert(series.zone)
    days = clock.normalize().tz_localize(None)
    off = _holidays(series.country, series.subdivision, int(clock.year.min()), int(clock.year.max()))
    rest = days.isin(pd.DatetimeIndex(off)) if off else np.zeros(len(days), dtype=bool)

    def shaped(values: object) -> Ints:
        return np.asarray(values, dtype=np.int64)[back].reshape(moments_s.shape)

    return LocalTime(
        shaped(clock.hour), shaped(clock.minute), shaped(clock.day_of_week), shaped(clock.month),
        shaped(clock.day_of_year), shaped(rest),
    )  # fmt: skip


@lru_cache(maxsize=64)
def _holidays(country: str | None, subdivision: str | None, first: int, last: int) -> tuple[date, ...]:
    if country is None:
        return ()
    return tuple(sorted(holidays.country_holidays(country, subdiv=subdivision, years=range(first, last + 1))))
