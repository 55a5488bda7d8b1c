"""How many requests one client may make: counted in this process, per address and kind, over a sliding minute.

Behind a proxy that does not say whose request it is, all its users are one client. Two processes count apart.
"""

import math
import time
from dataclasses import dataclass
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridseal.runtime.problems import problem

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
WINDOW_S: Final = 60


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests per client and minute; 0: any number."""

    reads: int = 0
    writes: int = 0


class RateMiddleware:
    """Counts under ``/api/`` and ``/predict``; says what is left; answers 429 beyond."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._limits = {
            name: RateLimitItemPerMinute(most, namespace=name)
            for name, most in (("reads", rates.reads), ("writes", rates.writes))
            if most > 0
        }
        self._strategy = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        name = "reads" if scope.get("method") in _READING else "writes"
        limit = self._limits.get(name)
        if scope["type"] != "http" or limit is None or not scope["path"].startswith(("/api/", "/predict")):
            await self._app(scope, receive, send)
            return
        client = (scope.get("client") or ("nobody",))[0]
        allowed = await self._strategy.hit(limit, client)
        reset_at, left = await self._strategy.get_window_stats(limit, client)
        wait_s = max(math.ceil(reset_at - time.time()), 1)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = f'"{name}";q={limit.amount};w={WINDOW_S}'
                headers["RateLimit"] = f'"{name}";r={left};t={wait_s}'
            await send(message)

        if allowed:
            await self._app(scope, receive, told)
            return
        detail = f"more than {limit.amount} {name} in a minute: wait as long as Retry-After says"
        await problem(Request(scope), 429, detail, headers={"Retry-After": str(wait_s)})(scope, receive, told)
