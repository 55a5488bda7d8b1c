"""Field types that several messages share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def format_utc(moment: datetime) -> str:
    """RFC 3339 with ``Z``; fractional seconds only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


UtcTime = Annotated[
    AwareDatetime, AfterValidator(_to_utc), PlainSerializer(format_utc, return_type=str, when_used="json")
]
"""A moment in UTC. Without this, 01:00+01:00 and 00:00Z are equal but hash differently."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
"""A name that is safe in an MQTT topic, a URL and a file name."""

SeriesId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}/[a-z0-9][a-z0-9.-]{0,62}$")]
"""``site/name``, for example ``home-03/load``."""

Hex32 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
LevelBps = Annotated[int, Field(gt=0, lt=10_000)]
"""A quantile level in basis points: 9000 means 9 of 10 outcomes are expected below."""


class Message(BaseModel):
    """Base of every message: immutable, and nothing unknown passes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
