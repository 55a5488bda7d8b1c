"""The one place from which feeds reach the network: paced, bounded, patient, and without keys in anything written."""

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

import httpx

from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from ingestion_gateway.feeds.archive import body_without, shown
from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.ports import Answer, Archive, Request

log = get_logger(__name__)
USER_AGENT: Final = "gridseal-feeds/1"
LONGEST_WAIT_S: Final = 600.0
"""Most that a ``Retry-After`` is believed."""


class Pace(Protocol):
    """Wall time, which tests replace."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class WallPace:
    """The real one."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Patience:
    """S3: three more tries, a minute apart."""

    retries: int = 3
    pause_s: float = 60.0
    max_body_bytes: int = 16 * 2**20


class HttpRoom:
    """One client for all providers; one request at a time to each."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        archive: Archive,
        clock: Clock,
        metrics: FeedMetrics,
        patience: Patience | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._client, self._archive, self._clock, self._metrics = client, archive, clock, metrics
        self._patience, self._pace = patience or Patience(), pace or WallPace()
        self._next_at: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def now(self) -> datetime:
        """Domain time."""
        return self._clock.now()

    async def get(self, request: Request) -> Answer:
        """Ask, and ask again after a pause what may come right.

        Raises:
            UnavailableError: No usable answer after the last try.
            WireError: The body is larger than allowed, or the provider's judge does not take it.
            FeedKeyError: The provider refuses the key.
        """
        for tries_left in range(self._patience.retries, -1, -1):
            wait_s = self._patience.pause_s
            try:
                answer = await self._ask(request)
                wait_s = _retry_after_s(answer) or wait_s
                if request.judge is not None:
                    request.judge(answer)
            except UnavailableError as error:
                self._metrics.requests.labels(request.provider, "again" if tries_left else "gave_up").inc()
                if not tries_left:
                    raise
                log.warning("feed_asks_again", provider=request.provider, error=str(error), wait_s=wait_s)
                await self._pace.sleep(min(wait_s, LONGEST_WAIT_S))
            except WireError:
                self._metrics.requests.labels(request.provider, "refused").inc()
                raise
            else:
                self._metrics.requests.labels(request.provider, "answered").inc()
                return answer
        raise UnavailableError(f"{request.provider} does not answer")

    async def _ask(self, request: Request) -> Answer:
        async with self._locks.setdefault(request.provider, asyncio.Lock()):
            early_s = self._next_at.get(request.provider, 0.0) - self._pace.monotonic()
            if early_s > 0:
                await self._pace.sleep(early_s)
            try:
                answer = await self._fetch(request)
            finally:
                self._next_at[request.provider] = self._pace.monotonic() + request.pause_s
        if answer.served_at is not None:
            skew_s = (datetime.now(UTC) - answer.served_at).total_seconds()
            self._metrics.clock_skew.labels(request.provider).set(skew_s)
        await self._archive.keep(request, answer)
        return answer

    async def _fetch(self, request: Request) -> Answer:
        headers = {"User-Agent": USER_AGENT, **request.headers}
        body = bytearray()
        try:
            async with (
                asyncio.timeout(request.timeout_s),
                self._client.stream(
                    "GET", request.url, params=list(request.params), headers=headers, timeout=request.timeout_s
                ) as response,
            ):
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > self._patience.max_body_bytes:
                        raise WireError(f"{request.provider}: the answer is larger than allowed", reason="too_large")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            # The text of these errors may hold the address, and with it the key.
            raise UnavailableError(f"{request.provider} does not answer: {type(error).__name__}") from None
        answer = Answer(
            provider=request.provider,
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=bytes(body),
            received_at=self._clock.now(),
            served_at=_date(response.headers.get("date")),
        )
        log.debug("feed_answered", provider=request.provider, status=answer.status, url=shown(request))
        return replace(answer, body=body_without(request.secrets, answer.body)) if request.secrets else answer


def _date(text: str | None) -> datetime | None:
    try:
        return None if text is None else parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


def _retry_after_s(answer: Answer) -> float | None:
    """Seconds, or a date by the provider's own clock."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    until = _date(text)
    if until is None:
        return None
    return max((until - (answer.served_at or datetime.now(UTC))).total_seconds(), 0.0)
