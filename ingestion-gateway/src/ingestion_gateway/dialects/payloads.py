"""Untrusted bytes to plain Python values: bounded in size and depth, and refused with a reason."""

from datetime import datetime
from typing import Any, Final

from pydantic_core import from_json

from gridseal.wire.telemetry import MAX_MESSAGE_BYTES
from ingestion_gateway.dialects.dialect import DialectError, DialectReason

MAX_ITEMS: Final = 5_000
"""Numbers taken from one payload; a longer list is no telemetry."""


def check_size(payload: bytes, limit: int = MAX_MESSAGE_BYTES) -> None:
    """Refuse what is too long.

    Raises:
        DialectError: It is.
    """
    if len(payload) > limit:
        raise DialectError(f"payload is longer than {limit} bytes", reason="too_large")


def parse_json(payload: bytes) -> Any:
    """JSON without NaN and infinity. The parser refuses nesting deeper than 200 by itself.

    Raises:
        DialectError: It is not.
    """
    check_size(payload)
    try:
        return from_json(payload, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        raise DialectError("payload is not JSON", reason="not_json") from error


def parse_object(payload: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        DialectError: It is something else.
    """
    content = parse_json(payload)
    if not isinstance(content, dict):
        raise DialectError("payload should be a JSON object")
    return content


def number(value: Any) -> float | None:
    """A JSON number as a float; None for anything else, and for a number that a float cannot hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def number_text(value: Any) -> float | None:
    """A number, also where it stands in quotes."""
    if not isinstance(value, str):
        return number(value)
    try:
        return number(float(value)) if len(value) <= 32 and value.isascii() and "_" not in value else None
    except ValueError:
        return None


def epoch_ms(value: Any, *, per_second: int = 1) -> int | None:
    """Unix time in ``1/per_second`` seconds as whole milliseconds; None when it is no number or out of range."""
    seconds = number_text(value)
    if seconds is None or not 0 <= seconds / per_second <= 253_402_300_799:
        return None
    return round(seconds * 1_000 / per_second)


def rfc3339_ms(value: Any, reason: DialectReason = "bad_time") -> int:
    """A time with an offset, in milliseconds; digits beyond the microsecond are cut.

    Raises:
        DialectError: It is not, or has no offset.
    """
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
        if moment is not None and moment.tzinfo is not None:
            return int(moment.timestamp() * 1_000)
    except (ValueError, OverflowError):
        pass
    raise DialectError("a time should be RFC 3339 with an offset", reason=reason)
