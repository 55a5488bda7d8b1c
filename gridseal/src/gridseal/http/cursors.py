"""Opaque cursors: where a list goes on."""

import base64
import binascii
import json

from starlette.requests import Request
from starlette.responses import Response

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
        place = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise bad_cursor() from error
    if not isinstance(place, list) or len(place) != parts or not all(isinstance(p, str) for p in place):
        raise bad_cursor()
    return place


def bad_cursor() -> WireError:
    """What is said of a cursor that no list gave."""
    return WireError("cursor is not one of this list: start again without it", reason="bad_cursor")


def link_next(request: Request, response: Response, cursor: str) -> None:
    """Say in ``Link`` where the next page is, as a path: whoever stands in between may have another host."""
    link = request.url.include_query_params(cursor=cursor)
    response.headers["Link"] = f'<{link.path}?{link.query}>; rel="next"'
