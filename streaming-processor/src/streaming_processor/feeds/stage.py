"""What happens to a batch of feed records: stored in one transaction, then told, like any batch of telemetry."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from prometheus_client import CollectorRegistry, Counter

from gridseal.runtime.clock import Clock
from streaming_processor.feeds.records import read_records
from streaming_processor.feeds.store import FeedStore, strangers
from streaming_processor.patience import patiently
from streaming_processor.ports import BatchId, Catalog, Publisher
from streaming_processor.store.touched import sort_out
from streaming_processor.window_states import WindowStates

T = TypeVar("T")
KafkaRow = tuple[str, int, int, bytes | None, bytes | None]


class Telling(Protocol):
    """Whoever tells features and Kafka of changed windows."""

    def offer(self, windows: WindowStates, batch: BatchId | None) -> None:
        """Take note of what has to be told."""
        ...


class FeedStage:
    """Handles batches one after the other. The same batch again changes nothing."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        store: FeedStore,
        publisher: Publisher,
        teller: Telling,
        clock: Clock,
        registry: CollectorRegistry,
        recent_s: int,
        retry_s: float,
    ) -> None:
        self._catalog, self._store = catalog, store
        self._publisher, self._teller, self._clock = publisher, teller, clock
        self._recent_s, self._retry_s = recent_s, retry_s
        self._records = Counter(
            "gridseal_stream_feed_records_total",
            "Records of providers: demand, weather, price, undecodable",
            ["family"],
            registry=registry,
        )
        self._windows = Counter(
            "gridseal_stream_feed_windows_total", "Windows that records of providers changed", registry=registry
        )

    def take(self, rows: Iterable[KafkaRow]) -> int:
        """Store a batch and tell others; how many records were sound.

        Raises:
            UnavailableError: A server was gone for longer than ``retry_s``. The same batch comes again.
        """
        records = read_records(rows)
        if records.undecodable:
            self._patiently(lambda: self._publisher.dead_letters(records.undecodable))
        reference = self._catalog.current()
        if strangers(records, reference):
            reference = self._patiently(self._catalog.catch_up)
        windows = self._patiently(lambda: self._store.put(records, reference))
        recent_after_s = int(self._clock.now().timestamp()) - self._recent_s
        # News only: the vectors of older windows are the back-fill's, as with any other meter.
        self._teller.offer(sort_out(windows, recent_after_s).recent, None)
        for family, count in (
            ("demand", len(records.demand)),
            ("weather", len(records.weather)),
            ("price", len(records.prices)),
            ("undecodable", len(records.undecodable)),
        ):
            self._records.labels(family).inc(count)
        self._windows.inc(len(windows))
        return len(records)

    def _patiently(self, act: Callable[[], T]) -> T:
        return patiently(act, self._retry_s)
