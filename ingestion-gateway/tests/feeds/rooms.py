"""A room before recorded answers, and the small things that tests of feeds need."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from ingestion_gateway.feeds.http_room import HttpRoom, Patience
from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.ports import Answer, Batch, Feed, FeedRecord, Outside, Request, Window
from ingestion_gateway.feeds.revisions import Item, Known, digest_of, item_of, news_among
from ingestion_gateway.feeds.sources import Source

RECORDINGS = Path(__file__).parent / "recordings"
KEYS = {"EIA_API_KEY": "k-eia", "ESIOS_TOKEN": "k-esios", "ENTSOE_TOKEN": "k-entsoe", "WEATHER_API_KEY": "k-weather"}
OUTSIDE = Outside(KEYS)
NOW = datetime(2026, 6, 8, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def recorded(name: str) -> bytes:
    path = RECORDINGS / name
    return gzip.decompress((RECORDINGS / f"{name}.gz").read_bytes()) if not path.exists() else path.read_bytes()


def a_source(**fields: Any) -> Source:
    usual = {"source_id": "s", "feed": "eia", "region_id": "us-ny", "series_id": "us-ny/demand", "code": "NY"}
    return Source.model_validate(usual | fields)


def an_answer(body: bytes | str, provider: str = "x", status: int = 200, **headers: str) -> Answer:
    content = body.encode() if isinstance(body, str) else body
    return Answer(provider, status, {k.replace("_", "-"): v for k, v in headers.items()}, content, NOW)


class StillClock:
    """Domain time stands still."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def wall_seconds(self, span: Any) -> float:
        return float(span.total_seconds())


class CountedPace:
    """Nobody waits; what would have been waited is written down."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class KeptAnswers:
    """An archive in memory."""

    def __init__(self) -> None:
        self.kept: list[tuple[Request, Answer]] = []

    async def keep(self, request: Request, answer: Answer) -> None:
        self.kept.append((request, answer))


Handler = Callable[[httpx.Request], httpx.Response]


class TestRoom:
    """The real room on an invented network."""

    __test__ = False

    def __init__(self, handler: Handler, now: datetime = NOW, patience: Patience | None = None) -> None:
        self.archive, self.pace, self.asked = KeptAnswers(), CountedPace(), list[httpx.Request]()
        self.metrics = FeedMetrics(CollectorRegistry())

        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return handler(request)

        self.client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
        self.room = HttpRoom(self.client, self.archive, StillClock(now), self.metrics, patience, self.pace)

    async def pull(self, feed: Feed, source: Source, begin: datetime, end: datetime) -> list[Batch]:
        return [batch async for batch in feed.pull(source, Window(begin, end), self.room)]


def answering(*answers: bytes | str | tuple[int, str | bytes]) -> Handler:
    """Each request gets the next answer; the last one again and again."""
    waiting = list(answers)

    def handler(request: httpx.Request) -> httpx.Response:
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return httpx.Response(status, content=body)

    return handler


def values_of(records: Sequence[FeedRecord]) -> dict[datetime, float]:
    return {r.period_start: r.value for r in records if not hasattr(r, "values")}


class MemoryBook:
    """The rules of the tables, without them."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, Item], Known] = {}
        self.cursors: dict[tuple[str, str], datetime] = {}
        self.noted: list[FeedRecord] = []

    async def cursor(self, source_id: str, name: str) -> datetime | None:
        return self.cursors.get((source_id, name))

    async def news(self, source_id: str, records: Sequence[FeedRecord]) -> list[FeedRecord]:
        mine: Mapping[Item, Known] = {i: k for (s, i), k in self.known.items() if s == source_id}
        return news_among(records, mine)

    async def passed_on(
        self, source_id: str, records: Sequence[FeedRecord], cursor: tuple[str, datetime] | None
    ) -> None:
        for record in records:
            self.known[source_id, item_of(record)] = Known(record.revision, digest_of(record))
        self.noted += records
        if cursor is not None:
            name, position = cursor
            self.cursors[source_id, name] = max(position, self.cursors.get((source_id, name), position))


class MemoryOutlet:
    """Kafka, as a list."""

    def __init__(self) -> None:
        self.sent: list[FeedRecord] = []
        self.error: Exception | None = None

    async def publish(self, records: Sequence[FeedRecord]) -> None:
        if self.error is not None:
            raise self.error
        self.sent += records
