"""``ETag`` and ``If-None-Match`` for whatever has none of its own."""

import hashlib
import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gridseal.http.whole import answered

_AS_AT: Final = re.compile(rb'("as_at":)"[^"]{1,40}"')
_KEPT: Final = frozenset({"etag", "cache-control", "vary", "link", "location"})


def weak_tag(body: bytes) -> str:
    """The same for two answers that say the same, whenever they were asked for: the first ``as_at`` does not count."""
    said = _AS_AT.sub(rb"\1", body, count=1)
    return f'W/"{hashlib.sha256(said).hexdigest()[:32]}"'


def matches(tag: str, asked: str) -> bool:
    """Whether ``If-None-Match`` names the tag, by weak comparison."""
    names = {part.strip().removeprefix("W/") for part in asked.split(",")}
    return "*" in names or tag.removeprefix("W/") in names


class ETagMiddleware:
    """Tags every successful ``GET`` under ``/api/``; answers 304 to who has it already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        answer = await answered(self._app, scope, receive, send)
        if answer is None:
            return
        if answer.status == 200:
            tag = answer.headers.setdefault("etag", weak_tag(answer.body))
            answer.headers.setdefault("cache-control", "no-cache")
            answer.headers.add_vary_header("Accept")
            if matches(tag, Headers(scope=scope).get("if-none-match", "")):
                answer.start["status"], answer.body = 304, b""
                answer.start["headers"] = [(n, v) for n, v in answer.start["headers"] if n.decode().lower() in _KEPT]
                await send(answer.start)
                await send({"type": "http.response.body"})
                return
        await answer.send(send)
