"""Reads numbers, moments and JSON as providers write them. Nothing here raises anything but ``WireError``."""

import json
import math
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridseal.errors import WireError


def json_of(body: bytes, provider: str) -> Any:
    """The content of a JSON body."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"{provider}: the answer is not JSON", reason="not_json") from error


def member(content: Any, provider: str, *names: str) -> Any:
    """What stands at a path of names."""
    for name in names:
        if not isinstance(content, dict) or name not in content:
            raise WireError(f"{provider}: the answer has no {'.'.join(names)}", reason="malformed")
        content = content[name]
    return content


def number(value: object) -> float | None:
    """A finite number, also from text; None for null, an empty text, or what is no number."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: object, provider: str, name: str) -> int:
    """A whole number, also from text."""
    found = number(value)
    if found is None or found != int(found):
        raise WireError(f"{provider}: {name} is no whole number", reason="malformed")
    return int(found)


def moment(text: object, provider: str, *, offset_s: int = 0) -> datetime:
    """ISO 8601 to UTC; a text without a zone stands ``offset_s`` east of UTC."""
    try:
        found = datetime.fromisoformat(str(text))
        if found.tzinfo is None:
            return datetime.fromtimestamp(found.replace(tzinfo=UTC).timestamp() - offset_s, UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WireError(f"{provider}: a time cannot be read", reason="malformed") from error


def wall(local: datetime, zone: str, *, second: bool = False) -> datetime | None:
    """A wall-clock time of a zone in UTC; None for one that the clock skips.

    Args:
        local: Without a zone.
        zone: IANA name.
        second: Of an hour that comes twice, the later one.
    """
    there = local.replace(tzinfo=ZoneInfo(zone), fold=int(second))
    utc = there.astimezone(UTC)
    return utc if utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local else None
