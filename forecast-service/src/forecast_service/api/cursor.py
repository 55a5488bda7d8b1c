"""Opaque cursors: where a list goes on."""

import base64
import binascii
import json

from gridseal.errors import WireError


def encode_cursor(place: list[str]) -> str:
    """A cursor that stands after ``place``."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """The place in a cursor of ours.

    Raises:
        WireError: It is not one.
    """
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise WireError("cursor is not one of this list: start again without it", reason="bad_cursor") from error
    if not isinstance(place, list) or len(place) != parts or not all(isinstance(p, str) for p in place):
        raise WireError("cursor is not one of this list: start again without it", reason="bad_cursor")
    return place
