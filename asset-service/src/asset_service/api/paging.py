"""Lists in pages: an opaque cursor, a limit, and ``Link: rel="next"``."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import HTTPException, Query, Request, Response

Limit = Annotated[int, Query(ge=1, le=500, description="Most items in one answer")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the answer before", max_length=200)]
T = TypeVar("T")


def page(
    items: Sequence[T], key: Callable[[T], str], *, limit: int, cursor: str | None, request: Request, response: Response
) -> tuple[tuple[T, ...], str | None]:
    """The items after ``cursor``, at most ``limit``, and the cursor of the next page if there is one.

    ``items`` are ordered by ``key``. Sets the ``Link`` header.
    """
    after = _decoded(cursor) if cursor is not None else ""
    left = [item for item in items if key(item) > after]
    shown = tuple(left[:limit])
    if len(left) <= limit:
        return shown, None
    following = base64.urlsafe_b64encode(key(shown[-1]).encode()).decode().rstrip("=")
    link = request.url.include_query_params(cursor=following, limit=limit)
    response.headers["Link"] = f'<{link.path}?{link.query}>; rel="next"'
    return shown, following


def _decoded(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise HTTPException(422, "the cursor is not one of ours: take `next_cursor` as it stands") from error
