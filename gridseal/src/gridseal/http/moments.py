"""Times in a query: with a zone, in an era in which there can be data and in which arithmetic cannot overflow."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _known_era(moment: datetime) -> datetime:
    if not FIRST <= moment < LAST:
        raise ValueError(f"must lie in [{FIRST.year}, {LAST.year})")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_known_era)]
"""RFC 3339 with a zone, as UTC. A naive time is refused: nobody could say which moment it is."""
