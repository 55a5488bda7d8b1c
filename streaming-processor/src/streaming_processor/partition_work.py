"""What a task of Spark does with its partition when the tasks do the work: read, judge, copy into staging."""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import psycopg
import pyarrow as pa
from pyspark import TaskContext

from streaming_processor.arrays import Ints
from streaming_processor.deliveries import delivery_from
from streaming_processor.ports import BatchId, Delivery
from streaming_processor.quality.judge import Judged, heard, judge, unknown_devices
from streaming_processor.quality.sequence import Tail
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.store.copy_binary import Layout, pack
from streaming_processor.store.statements import READING_LAYOUT
from streaming_processor.transforms.messages import arrived_from
from streaming_processor.transforms.windows import Rows, first_of_each

PART: Final = "part binary"
_LAYOUT: Final[Layout] = (("device", "int4"), READING_LAYOUT[0], *READING_LAYOUT[2:])
_COPY: Final = (
    "COPY staged (device, n, quantity_no, period_start, period_s, value_milli, quality_no, sent_at_ms)"
    " FROM STDIN (FORMAT binary)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one partition; its accepted readings are in staging too."""

    delivery: Delivery
    judged: Judged
    size: int
    unknown: bool
    heard: frozenset[int]


@dataclass(frozen=True, slots=True)
class PartitionWork:
    """Sent to the tasks with everything they need."""

    batch: BatchId
    reference: Reference
    tails: dict[int, Tail]
    now_s: int
    dsn: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """For ``mapInArrow``: one row for a partition that has messages."""
        received = list(batches)
        if not sum(b.num_rows for b in received):
            return
        table = pa.Table.from_batches(received)
        delivery = delivery_from(table, self.batch)
        judged = judge(delivery.arrived, self.reference, self.now_s, self.tails)
        context = TaskContext.get()
        self._stage(judged.rows, context.partitionId() if context is not None else 0)
        part = Part(
            # The columns of what came are not needed any more.
            replace(delivery, arrived=arrived_from([])),
            judged,
            table["value"].nbytes,
            unknown_devices(delivery.arrived, self.reference),
            frozenset(heard(delivery.arrived, self.reference)),
        )
        yield pa.record_batch({"part": pa.array([pickle.dumps(part)], pa.binary())})

    def _stage(self, rows: Rows, part: int) -> None:
        """Replace what an earlier try of this task left."""
        place = (self.batch.query_id, self.batch.number, part)
        columns = [
            rows.source // len(STORED),
            np.arange(len(rows)),
            rows.source % len(STORED) + 1,
            rows.start_s,
            rows.period_s,
            rows.milli,
            rows.quality,
            rows.sent_at_ms,
        ]
        with psycopg.connect(self.dsn, connect_timeout=5) as connection:
            connection.execute(
                "DELETE FROM telemetry.staged_by_tasks WHERE query_id = %s AND batch_id = %s AND part = %s", place
            )
            connection.execute(
                "CREATE TEMP TABLE staged (device int, n int, quantity_no smallint, period_start timestamptz,"
                " period_s int, value_milli bigint, quality_no smallint, sent_at_ms bigint) ON COMMIT DROP"
            )
            with connection.cursor().copy(_COPY.encode()) as copy:
                copy.write(pack(_LAYOUT, columns))
            connection.execute(
                "INSERT INTO telemetry.staged_by_tasks SELECT %s, %s, %s, n, device, quantity_no, period_start,"
                " period_s, value_milli, quality_no, sent_at_ms FROM staged",
                place,
            )


def joined_delivery(batch: BatchId, parts: Sequence[Part]) -> Delivery:
    """One delivery of all partitions."""
    offsets: dict[str, dict[str, tuple[int, int]]] = {}
    for part in parts:
        for topic, partitions in part.delivery.offsets.items():
            for name, (first, last) in partitions.items():
                before = offsets.setdefault(topic, {}).get(name, (first, last))
                offsets[topic][name] = (min(first, before[0]), max(last, before[1]))
    return Delivery(
        batch=batch,
        messages=sum(p.delivery.messages for p in parts),
        offsets=offsets,
        arrived=arrived_from([]),
        undecodable=tuple(u for p in parts for u in p.delivery.undecodable),
        signed=tuple(s for p in parts for s in p.delivery.signed),
    )


def joined_judged(parts: Sequence[Part]) -> Judged:
    """One judgment of all partitions; a key that two of them have counts for the first."""
    judged = [p.judged for p in parts]
    rows = _stacked([j.rows for j in judged])
    row_shift = np.cumsum([0, *(len(j.rows) for j in judged)])
    refusal_shift = np.cumsum([0, *(len(j.refusals) for j in judged)])
    first = first_of_each(rows)
    place = np.full(len(rows), -1, np.int64)
    place[first] = np.arange(len(first))
    findings = []
    for n, each in enumerate(judged):
        for finding in each.findings:
            if finding.refused:
                findings.append(replace(finding, position=finding.position + int(refusal_shift[n])))
            elif place[finding.position + row_shift[n]] >= 0:
                findings.append(replace(finding, position=int(place[finding.position + row_shift[n]])))
    return Judged(
        rows=rows.take(first),
        repeated=sum(j.repeated for j in judged) + len(rows) - len(first),
        refusals=tuple(r for j in judged for r in j.refusals),
        findings=tuple(findings),
        tails={source: tail for j in judged for source, tail in j.tails.items()},
        offered=_stacked([j.offered for j in judged]),
    )


def _stacked(parts: Sequence[Rows]) -> Rows:
    columns: list[Ints] = [np.concatenate([getattr(p, name) for p in parts]) for name in Rows.__slots__]
    return Rows(*columns)
