"""Clocks that show local time: back to UTC."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ingestion_gateway.dialects.dialect import DialectError

_FLAGGED: Final = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([WS])")


def nearest_utc_ms(text: str, zone: ZoneInfo, near_ms: int) -> int:
    """A local time without offset. Of the doubled hour in autumn the reading nearer to ``near_ms`` is taken.

    Raises:
        DialectError: It is no local time.
    """
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None:
            return int(local.timestamp() * 1_000)
        moments = [int(local.replace(tzinfo=zone, fold=fold).timestamp() * 1_000) for fold in (0, 1)]
    except (ValueError, OverflowError, TypeError) as error:
        raise DialectError("a time should be local time as in 2026-10-25T02:30:00", reason="bad_time") from error
    return min(moments, key=lambda moment_ms: abs(moment_ms - near_ms))


def flagged_utc_ms(text: str, zone: ZoneInfo) -> int:
    """YYMMDDhhmmss and W (winter time) or S (summer time), as DSMR meters write it.

    The flag says which offset the meter's clock had, even where the calendar says otherwise.

    Raises:
        DialectError: It is not, or names summer time in a zone that has none.
    """
    match = _FLAGGED.fullmatch(text)
    if match is None:
        raise DialectError("the telegram's time should be YYMMDDhhmmssW or …S", reason="bad_time")
    year, month, day, hour, minute, second = (int(digits) for digits in match.groups()[:6])
    try:
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise DialectError("the telegram's time is no time", reason="bad_time") from error
    winter, summer = sorted(_offset(zone, local.year, month) for month in (1, 7))
    if match[7] == "S" and winter == summer:
        raise DialectError("summer time in a zone without it: check time_zone", reason="bad_time")
    return int((local - (summer if match[7] == "S" else winter)).timestamp() * 1_000)


def _offset(zone: ZoneInfo, year: int, month: int) -> timedelta:
    return datetime(year, month, 1, tzinfo=zone).utcoffset() or timedelta()
