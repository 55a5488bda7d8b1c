"""Follows every source on its own: one that fails, for whatever reason, holds up no other."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from gridseal.errors import ConfigError, GridsealError, UnavailableError, WireError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from ingestion_gateway.feeds.book import FeedBook
from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.ports import Feed, FeedKeyError, Window
from ingestion_gateway.feeds.pull import Pulled, Puller
from ingestion_gateway.feeds.sources import Source

log = get_logger(__name__)
LIVE: Final = "live"
Outcome = Literal["waits", "well", "key", "unavailable", "malformed", "failed"]


@dataclass(slots=True)
class SourceState:
    """Where one source stands, for people."""

    source: Source
    outcome: Outcome = "waits"
    detail: str = ""
    last_pull_at: datetime | None = None
    newest: datetime | None = None
    """End of the newest period that was ever passed on."""
    new: int = 0
    revised: int = 0


def live_window(source: Source, cursor: datetime | None, now: datetime) -> Window:
    """From a little before the cursor, so that corrections are seen, to now or what the source looks ahead."""
    begin = (cursor or now) - timedelta(seconds=source.look_back_s)
    hour = begin.replace(minute=0, second=0, microsecond=0)
    # At least one hour, so that a source without look-back asks for something.
    end = max(now + timedelta(seconds=source.look_ahead_s), hour + timedelta(hours=1))
    return Window(min(hour, now), end.replace(second=0, microsecond=0))


class FeedService:
    """All sources of this process."""

    def __init__(
        self,
        sources: Sequence[Source],
        feeds: Mapping[str, Feed],
        puller: Puller,
        book: FeedBook,
        clock: Clock,
        metrics: FeedMetrics,
    ) -> None:
        self.states = {source.source_id: SourceState(source) for source in sources}
        self._feeds, self._puller, self._book, self._clock = feeds, puller, book, clock
        self._metrics = metrics

    async def run(self) -> None:
        """Follow all sources until cancelled."""
        async with asyncio.TaskGroup() as group:
            for state in self.states.values():
                group.create_task(self._follow(state))

    async def once(self, source_id: str) -> SourceState:
        """One live pull of one source, whatever comes of it."""
        state = self.states[source_id]
        await self._guarded(state)
        return state

    def refresh(self) -> None:
        """Bring the ages up to now; called when somebody looks."""
        now = self._clock.now()
        for name, state in self.states.items():
            if state.newest is not None:
                self._metrics.freshness.labels(name).set((now - state.newest).total_seconds())

    async def _follow(self, state: SourceState) -> None:
        while True:
            await self._guarded(state)
            await asyncio.sleep(self._clock.wall_seconds(timedelta(seconds=state.source.every_s)))

    async def _guarded(self, state: SourceState) -> None:
        name = state.source.source_id
        try:
            pulled = await self._pull(state.source)
        except FeedKeyError as error:
            self._failed(state, "key", str(error))
        except UnavailableError as error:
            self._failed(state, "unavailable", str(error))
        except (WireError, ConfigError) as error:
            self._failed(state, "malformed", str(error))
        except (GridsealError, ValueError, TypeError, KeyError, AttributeError) as error:
            # A parser's mistake is no reason for the other providers to stop.
            self._failed(state, "failed", f"{type(error).__name__} while reading {state.source.feed}")
            log.error("feed_failed", source=name, exc_info=error)
        else:
            self._went_well(state, pulled)

    async def _pull(self, source: Source) -> Pulled:
        cursor = await self._book.cursor(source.source_id, LIVE)
        # What lies in the future is no progress: the next pull looks at it again.
        window = live_window(source, min(cursor, self._clock.now()) if cursor else None, self._clock.now())
        return await self._puller.pull(self._feeds[source.feed], source, window, LIVE)

    def _went_well(self, state: SourceState, pulled: Pulled) -> None:
        name = state.source.source_id
        state.outcome, state.detail, state.last_pull_at = "well", "", self._clock.now()
        state.new += pulled.new
        state.revised += pulled.revised
        state.newest = max(filter(None, (state.newest, pulled.newest)), default=None)
        self._metrics.up.labels(name).set(1)
        self.refresh()
        log.info("feed_pulled", source=name, seen=pulled.seen, new=pulled.new, revised=pulled.revised)

    def _failed(self, state: SourceState, outcome: Outcome, detail: str) -> None:
        name = state.source.source_id
        state.outcome, state.detail, state.last_pull_at = outcome, detail, self._clock.now()
        self._metrics.up.labels(name).set(0)
        self._metrics.failures.labels(name, outcome).inc()
        log.warning("feed_stands_still", source=name, outcome=outcome, detail=detail)
