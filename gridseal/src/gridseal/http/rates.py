"""How many requests one address may make, per kind, over a sliding minute; see ``counters`` for where that is counted.

Behind a proxy that does not say whose request it is, all its users are one address. Who is signed in is counted once
more by who it is, in ``gridseal.access.guard``.
"""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridseal.http.counters import WINDOW_S, Counted, Counters
from gridseal.runtime.problems import problem

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests per client and minute; 0: any number."""

    reads: int = 0
    writes: int = 0


class Limited:
    """Counts requests of clients and says no."""

    def __init__(self, rates: Rates, counters: Counters, by: str) -> None:
        """``by``: what a client is told apart by, ``address`` or ``principal``."""
        self._limits = {"reads": rates.reads, "writes": rates.writes}
        self._counters = counters
        self._by = by

    async def count(self, scope: Scope, client: str) -> tuple[str, Counted] | None:
        """The kind of request and its count; none where nothing is counted."""
        kind = "reads" if scope.get("method") in _READING else "writes"
        most = self._limits[kind]
        if scope["type"] != "http" or most <= 0 or not scope["path"].startswith(("/api/", "/predict")):
            return None
        return kind, await self._counters.hit(f"{self._by}-{kind}", most, client)

    @staticmethod
    async def refuse(kind: str, counted: Counted, scope: Scope, receive: Receive, send: Send) -> None:
        """429."""
        detail = f"more than {counted.limit} {kind} in a minute: wait as long as Retry-After says"
        answer = problem(Request(scope), 429, detail, headers={"Retry-After": str(counted.wait_s)})
        await answer(scope, receive, send)


class RateMiddleware:
    """Counts under ``/api/`` and ``/predict`` by address; says what is left; answers 429 beyond."""

    def __init__(self, app: ASGIApp, rates: Rates, counters: Counters) -> None:
        self._app = app
        self._limited = Limited(rates, counters, "address")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        found = await self._limited.count(scope, (scope.get("client") or ("nobody",))[0])
        if found is None:
            await self._app(scope, receive, send)
            return
        kind, counted = found

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = f'"{kind}";q={counted.limit};w={WINDOW_S}'
                headers["RateLimit"] = f'"{kind}";r={counted.left};t={counted.wait_s}'
            await send(message)

        if counted.allowed:
            await self._app(scope, receive, told)
            return
        await self._limited.refuse(kind, counted, scope, receive, told)
