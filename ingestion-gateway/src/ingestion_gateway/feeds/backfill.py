"""Fills a span of history, source by source: resumable, idempotent, with a bar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gridseal.errors import GridsealError
from gridseal.runtime.logs import get_logger
from gridseal.wire.fields import format_utc
from ingestion_gateway.feeds.ports import Book, Feed, Window
from ingestion_gateway.feeds.pull import Pulled, Puller
from ingestion_gateway.feeds.sources import Source

log = get_logger(__name__)


class Bar(Protocol):
    """Where progress is shown."""

    def begin(self, source: Source, pieces: int, done: int) -> None:
        """A source begins; so many of its pieces were done before."""
        ...

    def advance(self, source: Source, piece: Window) -> None:
        """A piece is done."""
        ...


@dataclass(slots=True)
class Filled:
    """What came of a back-fill."""

    pulled: dict[str, Pulled] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """Source → why it stopped. The same command goes on there."""


def cursor_name(window: Window) -> str:
    """Every span has a cursor of its own, so that another span starts at its own beginning."""
    return f"backfill {format_utc(window.start)} {format_utc(window.end)}"


async def fill(
    sources: Sequence[Source], feeds: Mapping[str, Feed], window: Window, puller: Puller, book: Book, bar: Bar
) -> Filled:
    """Fill the window from where an earlier run left it; a source that fails does not stop the next one."""
    result = Filled()
    name = cursor_name(window)
    for source in (s for s in sources if s.history):
        try:
            result.pulled[source.source_id] = await _one(source, feeds[source.feed], window, name, puller, book, bar)
        except GridsealError as error:
            result.failed[source.source_id] = str(error)
            log.warning("backfill_stopped", source=source.source_id, detail=str(error))
    return result


async def _one(source: Source, feed: Feed, window: Window, name: str, puller: Puller, book: Book, bar: Bar) -> Pulled:
    done_to = await book.cursor(source.source_id, name) or window.start
    step = timedelta(seconds=source.chunk_s)
    pieces = list(window.chunks(step))
    bar.begin(source, len(pieces), sum(piece.end <= done_to for piece in pieces))
    if done_to >= window.end:
        return Pulled()
    left = Window(max(done_to, window.start), window.end)
    return await puller.pull(feed, source, left, name, lambda piece: bar.advance(source, piece))


def history_window(begin: datetime, end: datetime, now: datetime) -> Window:
    """Not beyond now: nobody has measured that."""
    return Window(begin, min(end, now.replace(minute=0, second=0, microsecond=0)))
