"""One pull of one source: ask, judge, pass on, note. Effects first, the cursor last; the same again changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gridseal.wire.demand import Demand
from gridseal.wire.weather import Weather
from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.ports import Batch, Book, Feed, FeedRecord, Outlet, Room, Window
from ingestion_gateway.feeds.sources import Source

CLOCK_TOLERANCE = timedelta(minutes=15)
Step = Callable[[Window], None]


@dataclass(slots=True)
class Pulled:
    """What came of it."""

    seen: int = 0
    new: int = 0
    revised: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    newest: datetime | None = None
    """Latest end of a period among the records seen, forecasts aside."""


def not_from_the_future(batch: Batch, now: datetime) -> tuple[list[FeedRecord], int]:
    """Measured values end before the provider's own clock, or ours where it names none; the others are errors.

    Returns:
        Records that can be, and how many cannot.
    """
    latest = (max(batch.served_at, now) if batch.served_at else now) + CLOCK_TOLERANCE
    kept = [r for r in batch.records if not _measured(r) or end_of(r) <= latest]
    return kept, len(batch.records) - len(kept)


def end_of(record: FeedRecord) -> datetime:
    """End of the period of a record."""
    return record.period_start + timedelta(seconds=record.period_s)


def _measured(record: FeedRecord) -> bool:
    if isinstance(record, Demand):
        return record.kind == "actual"
    return isinstance(record, Weather) and record.kind == "analysis"


class Puller:
    """Pulls sources through one room into one outlet."""

    def __init__(self, room: Room, outlet: Outlet, book: Book, metrics: FeedMetrics) -> None:
        self._room, self._outlet, self._book, self._metrics = room, outlet, book, metrics

    async def pull(self, feed: Feed, source: Source, window: Window, cursor: str, step: Step | None = None) -> Pulled:
        """Take a window in pieces of the source's ``chunk_s``, oldest first, and move the cursor behind each.

        Raises:
            FeedKeyError: Its key is missing or refused.
            UnavailableError: The provider, Kafka or PostgreSQL does not answer. What was noted stays noted.
            WireError: The provider answers something else than it should.
        """
        pulled = Pulled()
        for piece in window.chunks(timedelta(seconds=source.chunk_s)):
            async for batch in feed.pull(source, piece, self._room):
                await self._take(source, batch, pulled)
            await self._book.passed_on(source.source_id, [], (cursor, piece.end))
            if step is not None:
                step(piece)
        return pulled

    async def _take(self, source: Source, batch: Batch, pulled: Pulled) -> None:
        records, impossible = not_from_the_future(batch, self._room.now())
        news = await self._book.news(source.source_id, records)
        if news:
            await self._outlet.publish(news)
            await self._book.passed_on(source.source_id, news, None)
        self._count(source, records, news, pulled)
        reasons = {**batch.left_out, **({"from_the_future": impossible} if impossible else {})}
        for reason, count in reasons.items():
            pulled.left_out[reason] = pulled.left_out.get(reason, 0) + count
            self._metrics.left_out.labels(source.source_id, reason).inc(count)

    def _count(self, source: Source, records: Sequence[FeedRecord], news: Sequence[FeedRecord], pulled: Pulled) -> None:
        revised = sum(r.revision > 1 for r in news)
        pulled.seen += len(records)
        pulled.new += len(news) - revised
        pulled.revised += revised
        ends = [end_of(r) for r in records]
        if ends:
            pulled.newest = max([*ends, pulled.newest] if pulled.newest else ends)
        self._metrics.records.labels(source.source_id, "new").inc(len(news) - revised)
        self._metrics.records.labels(source.source_id, "revised").inc(revised)
        self._metrics.unchanged.labels(source.source_id).inc(len(records) - len(news))
