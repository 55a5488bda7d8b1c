"""Bodies, before anything reads them: not too large, and JSON that every reader reads the same way."""

from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridseal.access.strict_json import read_strictly
from gridseal.errors import WireError
from gridseal.runtime.problems import problem

LARGEST_BODY: Final = 2**20
_BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class BodyMiddleware:
    """Answers 413 to what is too large, 422 to JSON that nests too deeply, repeats a member or holds NaN."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] in _BODILESS:
            await self._app(scope, receive, send)
            return
        request, headers = Request(scope, receive), Headers(scope=scope)
        try:
            body = await whole_body(request, self._largest, headers.get("content-length", ""))
        except ClientDisconnect:
            return
        if body is None:
            await problem(request, 413, f"at most {self._largest} bytes are taken")(scope, receive, send)
            return
        if body and "json" in headers.get("content-type", ""):
            try:
                read_strictly(body)
            except WireError as error:
                await problem(request, 422, str(error), reason=error.reason)(scope, receive, send)
                return
        await self._app(scope, again(body, receive), send)


async def whole_body(request: Request, largest: int = LARGEST_BODY, announced: str = "") -> bytes | None:
    """All of a body, or none where it is larger; ``announced`` is its ``Content-Length``.

    Raises:
        ClientDisconnect: Who sent it went away.
    """
    if announced.isdigit() and (len(announced) > 18 or int(announced) > largest):
        return None
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > largest:
            return None
    return found


def again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more."""
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more
