"""A driver on a real database, with the rest in memory unless a test brings the real thing."""

from typing import Any, ClassVar

import psycopg
from prometheus_client import CollectorRegistry

from gridseal.wire.telemetry import Telemetry
from streaming_processor.batch import BatchRunner
from streaming_processor.ports import FeatureStep, HotStore
from streaming_processor.progress import Progress
from streaming_processor.reference import Reference
from streaming_processor.store.outbox import LedgerOutbox
from streaming_processor.store.postgres import PostgresStore
from streaming_processor.telling import Teller

from .builders import a_delivery
from .memory import FixedClock, MemoryAlerts, MemoryCatalog, MemoryHot, MemoryPublisher


class Stream:
    """A driver on a real database, with everything else in memory."""

    opened: ClassVar[list["Stream"]] = []
    """Closed by a fixture after each test."""

    def __init__(
        self, dsn: str, reference: Reference, hot: HotStore | None = None, features: FeatureStep | None = None
    ) -> None:
        self.opened.append(self)
        self.dsn = dsn
        self.catalog = MemoryCatalog(reference)
        self.store = PostgresStore(dsn, recent_s=172_800)
        self.store.take_over()
        self.memory = MemoryHot()
        self.hot = hot or self.memory
        self.alerts, self.publisher = MemoryAlerts(), MemoryPublisher()
        self.progress = Progress(CollectorRegistry())
        self.outbox = LedgerOutbox(dsn)
        self.teller = Teller(
            features=features, publisher=self.publisher, outbox=self.outbox, clock=FixedClock(), retry_s=0.0
        )
        self.runner = BatchRunner(
            catalog=self.catalog,
            store=self.store,
            hot=self.hot,
            alerts=self.alerts,
            publisher=self.publisher,
            teller=self.teller,
            clock=FixedClock(),
            progress=self.progress,
            recent_s=172_800,
            live_s=7_200,
            retry_s=0.0,
        )

    def take(self, number: int, *messages: Telemetry, full: bool = False) -> None:
        self.runner.handle(a_delivery(messages, number, full=full))
        self.runner.settle()
        self.teller.drain(10)

    def close(self) -> None:
        self.runner.close()
        self.teller.close()
        self.outbox.close()
        self.store.close()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode()).fetchall()
