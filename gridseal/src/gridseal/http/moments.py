"""Times in a query: with a zone, in an era in which there can be data and in which arithmetic cannot overflow."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_DAY_FIRST = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _written_out(told: object) -> object:
    if not isinstance(told, datetime) and not (isinstance(told, str) and _DAY_FIRST.match(told)):
        raise ValueError("a moment as RFC 3339 is wanted, such as 2026-06-01T12:00:00Z")
    return told


def _day_written_out(told: object) -> object:
    if not isinstance(told, date) and not (isinstance(told, str) and _DAY.fullmatch(told)):
        raise ValueError("a day is wanted, such as 2026-06-01")
    return told


def _known_era(moment: datetime) -> datetime:
    if not FIRST <= moment < LAST:
        raise ValueError(f"must lie in [{FIRST.year}, {LAST.year})")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_known_era)]
"""RFC 3339 with a zone, as UTC. A naive time is refused: nobody could say which moment it is; a bare number, too."""

Day = Annotated[date, BeforeValidator(_day_written_out)]
"""A day as RFC 3339 writes it; a bare number is refused."""
