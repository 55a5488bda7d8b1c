"""Two ways from Spark's batch into the stores; the setting ``sink`` chooses. Both store the same."""

import pickle
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from pyspark.sql import DataFrame

from streaming_processor.batch import BatchRunner
from streaming_processor.batch_spans import BatchSpans
from streaming_processor.deliveries import delivery_from
from streaming_processor.partition_work import PART, Part, PartitionWork, joined_delivery, joined_judged
from streaming_processor.ports import BatchId

FilledBy = Callable[[int], bool]
"""Whether a batch of so many messages took as many as it may."""


class Sink(Protocol):
    """Takes one batch."""

    def take(self, frame: DataFrame, batch: BatchId, filled_by: FilledBy) -> tuple[int, int]:
        """Store it and tell others; how many messages it had, and how many bytes they."""
        ...


class DriverSink:
    """Everything on the driver: fastest where the driver is the machine."""

    def __init__(self, runner: BatchRunner, spans: BatchSpans | None = None) -> None:
        self._runner = runner
        self._spans = spans

    def take(self, frame: DataFrame, batch: BatchId, filled_by: FilledBy) -> tuple[int, int]:
        """Collect the bytes, then read and judge here."""
        began_ms = time.time() * 1_000
        table = frame.toArrow()
        if not table.num_rows:
            return 0, 0
        delivery = delivery_from(table, batch)
        self._runner.handle(replace(delivery, full=filled_by(delivery.messages)))
        if self._spans is not None:
            self._spans.write(delivery, began_ms)
        return delivery.messages, table["value"].nbytes


class ExecutorsSink:
    """Tasks read, judge and copy their partitions into staging; the driver merges in its one transaction.

    A device's messages share a key and so a partition, which is why a task can judge them alone.
    """

    def __init__(self, runner: BatchRunner, dsn: str, spans: BatchSpans | None = None) -> None:
        self._runner = runner
        self._spans = spans
        self._dsn = dsn

    def take(self, frame: DataFrame, batch: BatchId, filled_by: FilledBy) -> tuple[int, int]:
        """Again with a newer picture, or with what a restart forgot, where the tasks met devices they did not know."""
        began_ms = time.time() * 1_000
        while True:
            reference, tails, now = self._runner.picture()
            work = PartitionWork(batch, reference, tails, int(now.timestamp()), self._dsn)
            rows = frame.mapInArrow(work, PART).toArrow()["part"].to_pylist()
            parts: list[Part] = [pickle.loads(row) for row in rows]
            if not parts:
                return 0, 0
            met = frozenset[int]().union(*(p.heard for p in parts))
            if not self._runner.learn(met, unknown=any(p.unknown for p in parts)):
                break
        delivery = joined_delivery(batch, parts)
        delivery = replace(delivery, full=filled_by(delivery.messages))
        self._runner.finish(delivery, joined_judged(parts), reference, now)
        if self._spans is not None:
            self._spans.write(delivery, began_ms)
        return delivery.messages, sum(p.size for p in parts)
