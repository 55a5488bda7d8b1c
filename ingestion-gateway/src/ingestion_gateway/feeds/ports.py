"""What the feeds are made of, and what they need from outside."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from gridseal.errors import ConfigError
from gridseal.wire.demand import Demand
from gridseal.wire.market import MarketPrice
from gridseal.wire.weather import Weather
from ingestion_gateway.feeds.sources import Source

FeedRecord = Demand | Weather | MarketPrice


class FeedKeyError(ConfigError):
    """A provider's key is missing or was refused: this feed stands still, the others go on."""


@dataclass(frozen=True, slots=True)
class Window:
    """Periods that start in ``[start, end)``, UTC."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether a period that starts then is asked for."""
        return self.start <= moment < self.end

    def chunks(self, step: timedelta) -> Iterator["Window"]:
        """The same span in pieces no longer than ``step``, oldest first, at multiples of ``step`` since 1970."""
        at = self.start
        width = step.total_seconds()
        while at < self.end:
            border = datetime.fromtimestamp((at.timestamp() // width + 1) * width, UTC)
            yield Window(at, min(border, self.end))
            at = border


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said to one request; ``body`` without the key that some of them echo."""

    provider: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    received_at: datetime
    """Domain time."""
    served_at: datetime | None = None
    """The provider's own clock (``Date``)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One GET. ``secrets`` are hidden wherever the request or its answer is written down."""

    provider: str
    url: str
    params: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    timeout_s: float = 30.0
    pause_s: float = 1.0
    """Least time between two requests to this provider."""
    judge: Callable[[Answer], None] | None = None
    """Raises ``UnavailableError`` for an answer that should be asked for again."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one answer, each with ``revision`` 1, and how many values were left out, by reason."""

    records: Sequence[FeedRecord]
    left_out: Mapping[str, int] = field(default_factory=dict)
    served_at: datetime | None = None


class Room(Protocol):
    """The one place from which feeds reach the network."""

    async def get(self, request: Request) -> Answer:
        """Ask, again where that helps.

        Raises:
            UnavailableError: No usable answer after the last try.
            WireError: The answer is larger than allowed.
        """
        ...

    def now(self) -> datetime:
        """Domain time."""
        ...


class Feed(Protocol):
    """One provider: a window in, records out. Holds no state; cursors and revisions are kept for it."""

    def pull(self, source: Source, window: Window, room: Room) -> AsyncIterator[Batch]:
        """Everything the provider has of this window, in as many batches as it takes.

        Raises:
            FeedKeyError: Its key is missing or refused.
            UnavailableError: It does not answer.
            WireError: It answers something else than it should.
        """
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What a provider is told of the installation."""

    keys: Mapping[str, str]
    """Variable → key; empty where there is none."""
    urls: Mapping[str, str] = field(default_factory=dict)
    """Provider → base URL in place of the usual one."""
    replay_url: str = ""
    """Base of a replay server; every provider is then at ``<replay_url>/<its host>``."""

    def url(self, provider: str, usual: str) -> str:
        """Where a provider is."""
        if provider in self.urls:
            return self.urls[provider].rstrip("/")
        if self.replay_url:
            return f"{self.replay_url.rstrip('/')}/{usual.removeprefix('https://')}"
        return usual

    def key(self, variable: str, register_at: str) -> str:
        """A key.

        Raises:
            FeedKeyError: It is not set; the text says where to get one.
        """
        value = self.keys.get(variable, "").strip()
        if not value:
            raise FeedKeyError(f"{variable} is not set. Register for a free key at {register_at} and set {variable}")
        return value


class Archive(Protocol):
    """Keeps raw answers."""

    async def keep(self, request: Request, answer: Answer) -> None:
        """Keep one answer as it came; the same again is kept once."""
        ...


class Outlet(Protocol):
    """Kafka."""

    async def publish(self, records: Sequence[FeedRecord]) -> None:
        """Return when all replicas have them."""
        ...


class Book(Protocol):
    """Cursors, and what has been passed on of each value."""

    async def cursor(self, source_id: str, name: str) -> datetime | None:
        """How far a pull has come; None before the first."""
        ...

    async def news(self, source_id: str, records: Sequence[FeedRecord]) -> list[FeedRecord]:
        """Those that are new or differ from what was last passed on, each with its revision."""
        ...

    async def passed_on(
        self, source_id: str, records: Sequence[FeedRecord], cursor: tuple[str, datetime] | None
    ) -> None:
        """Note records that Kafka has, and how far that goes, in one transaction."""
        ...
