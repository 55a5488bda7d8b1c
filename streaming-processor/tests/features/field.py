"""Windows that grow as readings come, in a database, with the step and its worker beside them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
import redis
from prometheus_client import CollectorRegistry

from gridseal.errors import UnavailableError
from gridseal.wire.catalog import CatalogRecord
from gridseal.wire.features import FeatureVector
from gridseal.wire.windows import Window
from streaming_processor.features.backfill import Backfill
from streaming_processor.features.groups import GROUPS
from streaming_processor.features.step import Plans, VectorStep, VectorWorker
from streaming_processor.features.store.due import DueWindows
from streaming_processor.features.store.energy_tables import EnergyTables
from streaming_processor.features.store.hot_vectors import RedisVectors
from streaming_processor.features.store.session import Session
from streaming_processor.features.store.vector_table import PostgresVectors
from streaming_processor.features.store.windows import PostgresWindows
from streaming_processor.reference import Reference, reference_from

from .builders import utc
from .memory import MemoryPublisher

GRACE_S = 60
_GROW = """
INSERT INTO telemetry.window_rows AS w
    (series_no, width_s, window_start, weighted_sum, covered_s, inputs, count, min_milli, max_milli, mean_milli,
     version, updated_at)
SELECT series_no, %(width)s, %(start)s, %(value)s * %(covered)s::bigint, %(covered)s, 1, 1, %(value)s, %(value)s,
       %(value)s, 1, now()
FROM telemetry.series WHERE series_id = %(series)s
ON CONFLICT (series_no, width_s, window_start) DO UPDATE SET
    weighted_sum = w.weighted_sum + excluded.weighted_sum, covered_s = w.covered_s + excluded.covered_s,
    count = w.count + 1, min_milli = least(w.min_milli, excluded.min_milli),
    max_milli = greatest(w.max_milli, excluded.max_milli), version = w.version + 1,
    mean_milli = telemetry.mean_half_even(w.weighted_sum + excluded.weighted_sum, 1,
                                          w.covered_s + excluded.covered_s)
RETURNING weighted_sum, covered_s, count, min_milli, max_milli, mean_milli, version"""


class FixedCatalog:
    """One picture for ever."""

    def __init__(self, records: Sequence[CatalogRecord]) -> None:
        self._reference = reference_from({record.key: record for record in records})

    def current(self) -> Reference:
        return self._reference


class HandClock:
    """Domain time is what the test says."""

    def __init__(self, moment_s: int) -> None:
        self.moment_s = moment_s

    def now(self) -> datetime:
        return utc(self.moment_s)

    def wall_seconds(self, span: Any) -> float:
        return float(span.total_seconds())


class BreakablePublisher(MemoryPublisher):
    """``broken`` makes it fail like a server that is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False

    def vectors(self, vectors: Sequence[FeatureVector]) -> None:
        if self.broken:
            raise UnavailableError("Kafka does not take messages")
        super().vectors(vectors)


class Field:
    """One database, one Redis, one catalog."""

    def __init__(self, dsn: str, client: "redis.Redis", records: Sequence[CatalogRecord], now_s: int) -> None:
        self.connection = psycopg.connect(dsn, autocommit=True)
        for record in records:
            if record.record == "series":
                self.connection.execute(
                    "INSERT INTO telemetry.series (series_id, definition) VALUES (%s, '')", (record.series_id,)
                )
        self.clock = HandClock(now_s)
        self.session, self.follow_session = Session(dsn), Session(dsn)
        self.plans = Plans(FixedCatalog(records), GROUPS)
        self.step = VectorStep(self.plans, DueWindows(self.follow_session), GRACE_S)
        self.store = PostgresVectors(dsn, GROUPS)
        self.hot = RedisVectors(client, GROUPS)
        self.publisher = BreakablePublisher()
        self.windows = PostgresWindows(self.session)
        self.worker = VectorWorker(
            plans=self.plans,
            due=DueWindows(self.session),
            history=self.windows,
            store=self.store,
            hot=self.hot,
            energy=EnergyTables(self.session),
            publisher=self.publisher,
            clock=self.clock,
            registry=CollectorRegistry(),
            windows_at_once=200,
            retry_s=0.0,
        )

    def reading(self, series: str, width_s: int, start_s: int, milli: int, covered_s: int | None = None) -> Window:
        """A reading that lies in one window; its window afterwards."""
        asked = {"series": series, "width": width_s, "start": utc(start_s), "value": milli}
        row = self.connection.execute(_GROW, asked | {"covered": covered_s or width_s}).fetchone()
        assert row is not None
        weighted, covered, count, low, high, mean, version = row
        return Window(
            series_id=series,
            width_s=width_s,
            window_start=utc(start_s),
            mean_milli=mean,
            weighted_sum=weighted,
            covered_s=covered,
            expected_s=width_s,
            count=count,
            min_milli=low,
            max_milli=high,
            version=version,
            sent_at_ms=0,
        )

    def arrive(self, *windows: Window) -> None:
        """The step is told, and the worker does all that is due."""
        self.step.follow(windows, self.clock.now())
        self.work_off()

    def work_off(self) -> None:
        while self.worker.work_off():
            pass

    def backfill(self, begin_s: int, end_s: int) -> int:
        backfill = Backfill(self.plans.current(), self.windows, self.store, EnergyTables(self.session))
        return backfill.run(begin_s, end_s, self.clock.now())

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode()).fetchall()

    def close(self) -> None:
        self.connection.close()
        self.session.close()
        self.follow_session.close()
        self.store.close()
