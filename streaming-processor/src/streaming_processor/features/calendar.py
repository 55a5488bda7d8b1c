"""Calendar of a moment at a place: local time, holidays, and both as angles.

Computed moment by moment with the scalar functions of ``math``: an array routine may give other last
bits for another length of the array, and stream and batch would differ.
"""

import math
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import holidays

from streaming_processor.features.regions import place_of

_DAY_S: Final = 86_400


class LocalTime(NamedTuple):
    """Calendar features of one moment; field names are feature names."""

    hour_of_day: int
    day_of_week: int
    """0 = Monday."""
    month: int
    is_weekend: int
    hour_sin: float
    """Of wall time with minutes and seconds, so half-hour zones and days of 23 or 25 hours come out right."""
    hour_cos: float
    day_of_week_sin: float
    day_of_week_cos: float
    day_of_year_sin: float
    day_of_year_cos: float
    month_sin: float
    month_cos: float
    utc_offset_h: float
    """Tells the two hours apart that the clock shows twice in autumn."""


@lru_cache(maxsize=100_000)
def local_time(timezone: str, moment_s: int) -> LocalTime:
    """Calendar of a UTC moment on the wall clock of a zone."""
    local = datetime.fromtimestamp(moment_s, UTC).astimezone(ZoneInfo(timezone))
    offset = local.utcoffset()
    seconds = local.hour * 3_600 + local.minute * 60 + local.second
    days_in_year = date(local.year, 12, 31).timetuple().tm_yday
    return LocalTime(
        local.hour,
        local.weekday(),
        local.month,
        int(local.weekday() >= 5),
        *_angle(seconds, _DAY_S),
        *_angle(local.weekday(), 7),
        *_angle(local.timetuple().tm_yday - 1, days_in_year),
        *_angle(local.month - 1, 12),
        offset.total_seconds() / 3_600 if offset is not None else 0.0,
    )


def is_holiday(region_id: str, timezone: str, moment_s: int) -> bool | None:
    """Whether the local date is a public holiday of the region; None for a region that nobody has told us of."""
    place = place_of(region_id)
    if place is None:
        return None
    local = datetime.fromtimestamp(moment_s, UTC).astimezone(ZoneInfo(timezone)).date()
    return local in _holidays(place.country, place.subdivision, local.year)


@lru_cache(maxsize=1_000)
def _holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def _angle(position: float, period: float) -> tuple[float, float]:
    turn = 2 * math.pi * position / period
    return math.sin(turn), math.cos(turn)
