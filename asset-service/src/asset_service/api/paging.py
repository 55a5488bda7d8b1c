"""Lists in pages: an opaque cursor, a limit, and ``Link: rel="next"``."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query, Request, Response

from gridseal.http.cursors import decode_cursor, encode_cursor, link_next

Limit = Annotated[int, Query(ge=1, le=500, description="Most items in one answer")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the answer before", max_length=200)]
T = TypeVar("T")


def page(
    items: Sequence[T], key: Callable[[T], str], *, limit: int, cursor: str | None, request: Request, response: Response
) -> tuple[tuple[T, ...], str | None]:
    """The items after ``cursor``, at most ``limit``, and the cursor of the next page if there is one.

    ``items`` are ordered by ``key``. Sets the ``Link`` header.
    """
    after = decode_cursor(cursor, 1)[0] if cursor is not None else ""
    left = [item for item in items if key(item) > after]
    shown = tuple(left[:limit])
    if len(left) <= limit:
        return shown, None
    following = encode_cursor([key(shown[-1])])
    link_next(request, response, following)
    return shown, following
