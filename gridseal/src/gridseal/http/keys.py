"""``Idempotency-Key``: the same key twice is one request, over restarts and replicas.

The first answer of a key is kept for a day and given again, marked ``Idempotency-Replayed``. Another request under the
same key is refused with 422, the same one while the first is under way with 409. A refused or failed request keeps
nothing, so that it can be corrected or tried again under its key.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gridseal.errors import UnavailableError
from gridseal.http.body import LARGEST_BODY, again, whole_body
from gridseal.http.whole import Whole, answered
from gridseal.runtime.problems import problem

HEADER: Final = "idempotency-key"
LONGEST_KEY: Final = 200
_KEPT: Final = frozenset({"content-type", "location", "etag"})


@dataclass(frozen=True, slots=True)
class Kept:
    """The first answer of a key."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Begun = Kept | Literal["new", "running", "other"]
"""Nobody has asked; somebody is being answered; the key stands for another request."""


class AnswerStore(Protocol):
    """``keys_store.PostgresAnswers`` is one. Every call may raise ``UnavailableError``."""

    async def begin(self, route: str, key: str, fingerprint: bytes) -> Begun:
        """Take the key, or say why not."""
        ...

    async def keep(self, route: str, key: str, answer: Kept) -> None:
        """The answer from now on."""
        ...

    async def forget(self, route: str, key: str) -> None:
        """The request came to nothing: the key is free."""
        ...


class KeyMiddleware:
    """Guards every ``POST`` that carries a key."""

    def __init__(self, app: ASGIApp, store: AnswerStore) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        key = Headers(scope=scope).get(HEADER) if scope["type"] == "http" and scope["method"] == "POST" else None
        if key is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if not (0 < len(key) <= LONGEST_KEY and all("!" <= letter <= "~" for letter in key)):
            detail = f"Idempotency-Key has 1 to {LONGEST_KEY} visible ASCII characters"
            await problem(request, 422, detail)(scope, receive, send)
            return
        try:
            body = await whole_body(request)
        except ClientDisconnect:
            return
        if body is None:
            await problem(request, 413, f"at most {LARGEST_BODY} bytes are taken")(scope, receive, send)
            return
        try:
            await self._once(scope, again(body, receive), send, key, body)
        except UnavailableError as error:
            await problem(request, 503, str(error))(scope, receive, send)

    async def _once(self, scope: Scope, receive: Receive, send: Send, key: str, body: bytes) -> None:
        route, request = f"{scope['method']} {scope['path']}", Request(scope)
        fingerprint = hashlib.sha256(_who(scope) + scope.get("query_string", b"") + b"\0" + body).digest()
        begun = await self._store.begin(route, key, fingerprint)
        if begun == "other":
            detail = "this Idempotency-Key stands for another request: take a new one"
            await problem(request, 422, detail, reason="key_reused")(scope, receive, send)
        elif begun == "running":
            detail = "the first request with this Idempotency-Key is being answered"
            await problem(request, 409, detail, headers={"Retry-After": "1"})(scope, receive, send)
        elif isinstance(begun, Kept):
            headers = dict(begun.headers) | {"idempotency-replayed": "true"}
            start = {"type": "http.response.start", "status": begun.status, "headers": _raw(headers)}
            await Whole(start, begun.body).send(send)
        else:
            await self._first(scope, receive, send, route, key)

    async def _first(self, scope: Scope, receive: Receive, send: Send, route: str, key: str) -> None:
        answer: Whole | None = None
        try:
            answer = await answered(self._app, scope, receive, send)
        finally:
            if answer is None or answer.status >= 400:
                await self._store.forget(route, key)
        if answer is None:
            return
        if answer.status < 400:
            headers = {name: value for name, value in answer.headers.items() if name in _KEPT}
            await self._store.keep(route, key, Kept(answer.status, headers, answer.body))
        await answer.send(send)


def _who(scope: Scope) -> bytes:
    """Nobody gets another's answer: the same key from somebody else is another request."""
    principal = scope.get("state", {}).get("principal")
    return b"" if principal is None else f"{principal.tenant}/{principal.label}".encode() + b"\0"


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
