"""Counts requests: in Redis, so that all processes count together, or in this process while Redis is away."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import redis.asyncio
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
WINDOW_S: Final = 60
REDIS_WITHIN_S: Final = 0.25
"""No request waits longer for its count."""
AWAY_S: Final = 10.0
"""So long Redis is not asked again after it failed."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count says."""

    allowed: bool
    limit: int
    left: int
    wait_s: int


class Counters:
    """A sliding minute per kind and client.

    Without Redis each process counts for itself, and where Redis was asked for and is away, half as much is allowed:
    several processes together then allow no more than they should.
    """

    def __init__(self, redis_url: str | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._redis_url = redis_url
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._client: redis.asyncio.Redis | None = None
        self._away_until = float("-inf")

    async def close(self) -> None:
        """Close the connections to Redis."""
        client, self._client, self._shared = self._client, None, None
        if client is not None:
            await client.aclose()

    async def hit(self, kind: str, most: int, client: str) -> Counted:
        """Count one request of a client."""
        shared = self._reached()
        if shared is not None:
            try:
                async with asyncio.timeout(REDIS_WITHIN_S):
                    return await _hit(shared, RateLimitItemPerMinute(most, namespace=f"gridseal-{kind}"), client)
            except Exception as error:  # whatever the client of Redis raises: the request is counted here
                self._away_until = self._now() + AWAY_S
                log.warning("rates_counted_here", why=type(error).__name__)
        allowed = most if self._redis_url is None else max(most // 2, 1)
        return await _hit(self._here, RateLimitItemPerMinute(allowed, namespace=kind), client)

    def _reached(self) -> SlidingWindowCounterRateLimiter | None:
        if self._redis_url is None or self._now() < self._away_until:
            return None
        if self._shared is None:
            storage = RedisStorage(
                f"async+{self._redis_url}", implementation="redispy",
                socket_connect_timeout=REDIS_WITHIN_S, socket_timeout=REDIS_WITHIN_S,
            )  # fmt: skip
            self._client = getattr(storage.bridge, "storage", None)
            self._shared = SlidingWindowCounterRateLimiter(storage)
        return self._shared


async def _hit(limiter: SlidingWindowCounterRateLimiter, limit: RateLimitItem, client: str) -> Counted:
    allowed = await limiter.hit(limit, client)
    reset_at, left = await limiter.get_window_stats(limit, client)
    return Counted(allowed, limit.amount, left, max(math.ceil(reset_at - time.time()), 1))
