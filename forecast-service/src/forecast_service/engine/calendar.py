"""Days, slots of the day and public holidays of a regular UTC grid, as the clock on the wall shows them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as public_holidays
import numpy as np
from numpy.typing import NDArray

from forecast_service.model.grid import DAY_S, Floats, Ints

HOUR_S = 3_600
SAME_TYPE_DAYS = 6
REST_DAY = 6
"""Day type of Sundays and public holidays; the other weekdays are types of their own."""
FEATURES = 19
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Civil:
    """The grid as days x slots. D days, P slots a day, N periods."""

    first_day: int
    """Days since 1970 of row 0."""
    day: Ints
    """``(N,)`` row of each period."""
    slot: Ints
    """``(N,)`` slot of each period."""
    index: Ints
    """``(D, P)`` period of each slot, -1 where the grid has none. The spring hour repeats the one before it."""
    weekday: Ints
    """``(D,)`` 0 is Monday."""
    holiday: NDArray[np.bool_]
    """``(D,)``."""
    same_type: Ints
    """``(D, 6)`` rows of the last days of the same type, newest first, -1 where there is none."""

    @property
    def slots(self) -> int:
        """P."""
        return int(self.index.shape[1])


def civil(start_s: int, count: int, resolution_s: int, place: tuple[str, str | None, str | None], sun: bool) -> Civil:
    """Lay a grid out in days of the local clock.

    Args:
        start_s: Unix seconds of the first period.
        count: Periods.
        resolution_s: Seconds a period.
        place: IANA zone, country and subdivision; without a country there are no holidays.
        sun: Keep winter time all year: the sun does.
    """
    per_day = max(1, round(DAY_S / resolution_s))
    utc = start_s + np.arange(count, dtype=np.int64) * resolution_s
    local = utc + _offsets(place[0], start_s, count * resolution_s, sun)[(utc - start_s) // HOUR_S]
    days = local // DAY_S
    first = int(days[0]) if count else 0
    day, slot = days - first, np.minimum((local % DAY_S) * per_day // DAY_S, per_day - 1)
    rows = int(day[-1]) + 1 if count else 0
    index = np.full((rows, per_day), -1, dtype=np.int64)
    index[day, slot] = np.arange(count)
    for p in range(1, per_day):
        hole = (index[:, p] < 0) & (index[:, p - 1] >= 0) & (np.arange(rows) < rows - 1)
        index[hole, p] = index[hole, p - 1]
    weekday = (first + np.arange(rows) + 3) % 7
    rest = _holidays(first, rows, place[1], place[2])
    return Civil(first, day, slot, index, weekday, rest, _same_type(np.where(rest, REST_DAY, weekday)))


def calendar_features(layout: Civil, day: Ints, slot: Ints) -> Floats:
    """Clock, weekday, season and holidays of each period: ``(..., 19)`` from ``(...)`` twice."""
    clock = 2 * np.pi * (slot + 0.5) / layout.slots
    season = 2 * np.pi * ((layout.first_day + day) % 365.2425) / 365.2425
    waves = [f(k * angle) for angle in (clock, season) for k in (1, 2) for f in (np.sin, np.cos)]
    weekday = np.take(layout.weekday, day, mode="clip")
    days = [weekday == k for k in range(7)]
    holiday = [np.take(layout.holiday, day + k, mode="clip") for k in (-1, 0, 1)]
    rest = holiday[1] | (weekday >= 5)
    return np.stack([*waves, *days, *holiday, rest], axis=-1).astype(np.float64)


@lru_cache(maxsize=256)
def _offsets(zone: str, start_s: int, span_s: int, sun: bool) -> Ints:
    place = ZoneInfo(zone)
    hours = range(start_s, start_s + span_s + HOUR_S, HOUR_S)
    moments = (datetime.fromtimestamp(s, UTC).astimezone(place) for s in hours)
    if sun:
        return np.array([_seconds(m.utcoffset()) - _seconds(m.dst()) for m in moments], dtype=np.int64)
    return np.array([_seconds(m.utcoffset()) for m in moments], dtype=np.int64)


def _seconds(span: timedelta | None) -> int:
    return 0 if span is None else int(span.total_seconds())


def _holidays(first: int, rows: int, country: str | None, subdivision: str | None) -> NDArray[np.bool_]:
    if country is None or rows == 0:
        return np.zeros(rows, dtype=bool)
    dates = [_EPOCH + timedelta(days=first + k) for k in range(rows)]
    years = range(dates[0].year, dates[-1].year + 1)
    known = public_holidays.country_holidays(country, subdiv=subdivision, years=years)
    return np.array([one in known for one in dates])


def _same_type(types: Ints) -> Ints:
    out = np.full((len(types), SAME_TYPE_DAYS), -1, dtype=np.int64)
    seen: dict[int, list[int]] = {}
    for row, kind in enumerate(types.tolist()):
        last = seen.setdefault(kind, [])
        out[row, : len(last)] = last
        seen[kind] = [row, *last][:SAME_TYPE_DAYS]
    return out
