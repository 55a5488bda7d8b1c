"""Gathers what the checker compares: the journal's files, PostgreSQL, Kafka."""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from gridseal.wire.topics import DEAD_LETTER, KAFKA_TOPICS, TELEMETRY_CLASSES, telemetry_topic
from tests.chaos.checker import Evidence, Key, Place, Row, Sent, WindowKey, WindowSum
from tests.chaos.journal import read_journal
from tests.chaos.load import SITE, catalog, expected_row
from tests.chaos.run_files import RunFiles

QUARANTINE: Final = tuple(spec.name for spec in KAFKA_TOPICS if "quarantine" in spec.name)
ROWS = "SELECT device_id, quantity, extract(epoch FROM period_start)::bigint, period_s, value_milli FROM {table}"
REFUSED = "SELECT device_id, quantity, extract(epoch FROM period_start)::bigint FROM telemetry.refused"
WINDOWS = (
    "SELECT series_id, width_s, extract(epoch FROM window_start)::bigint, weighted_sum, covered_s, count"
    f" FROM telemetry.windows WHERE series_id LIKE '{SITE}/%'"
)


def from_journal(files: RunFiles) -> Evidence:
    """What was sent, and what receipts said."""
    evidence = Evidence()
    evidence.strangers = {line["sha"] for line in read_journal(files.strangers)}
    for line in read_journal(files.sent):
        device_id = line["device"]
        rows = tuple(
            Row(Place(device_id, quantity, start_s), period_s, milli)
            for quantity, start_s, period_s, milli in map(expected_row, line["readings"])
        )
        # The last line of a number counts: an earlier one was never committed, so never sent.
        evidence.sent[Key(device_id, line["boot"], line["seq"])] = Sent(line["share"], line["sha"], rows)
    promised: dict[tuple[str, str], set[tuple[int, int]]] = defaultdict(set)
    for line in read_journal(files.receipts):
        life = line["device"], line["boot"]
        promised[life] |= {(0, line["through"]), *map(tuple, line["ranges"])}
        for seq, reason in line["refused"]:
            evidence.receipted.add(Key(*life, seq))
            evidence.refused_by_receipt[Key(*life, seq)] = reason
    for life, ranges in promised.items():
        evidence.receipted.update(Key(*life, seq) for seq in covered(ranges))
    return evidence


def covered(ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Every number in inclusive ranges that overlap, once: receipts are cumulative and say it many times."""
    after = 0
    for first, last in sorted(ranges):
        yield from range(max(first, after), last + 1)
        after = max(after, last + 1)


def from_store(evidence: Evidence, dsn: str, devices: int, table: str = "telemetry.readings") -> None:
    """What PostgreSQL holds; ``table`` is another one only for the negative control."""
    with psycopg.connect(dsn) as db:
        rows = db.execute(ROWS.format(table=table).encode()).fetchall()
        evidence.stored = [Row(Place(d, q, s), p, v) for d, q, s, p, v in rows]
        evidence.refused = [Place(*row) for row in db.execute(REFUSED.encode())]
        evidence.windows = {
            WindowKey(*row[:3]): WindowSum(*map(int, row[3:])) for row in db.execute(WINDOWS.encode()).fetchall()
        }
    evidence.series = {
        record.series_id: (record.inputs[0].device_id, record.inputs[0].quantity)
        for record in catalog(devices)
        if record.record == "series"
    }


async def from_kafka(evidence: Evidence, bootstrap: str) -> None:
    """Digests of everything on the topics of the path."""
    evidence.logged = [d async for d in digests(bootstrap, [telemetry_topic(c) for c in TELEMETRY_CLASSES])]
    evidence.dead = [d async for d in digests(bootstrap, [DEAD_LETTER])]
    evidence.quarantined = [d async for d in digests(bootstrap, list(QUARANTINE))]


async def digests(bootstrap: str, topics: list[str]) -> AsyncIterator[str]:
    """SHA-256 of every value, from the first offset to what is the last one now."""
    if not topics:
        return
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, max_poll_records=5_000)
    await consumer.start()
    try:
        parts = [
            TopicPartition(t, p)
            for t in topics
            for p in sorted(consumer.partitions_for_topic(t) or await _parts(consumer, t))
        ]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        ends = await consumer.end_offsets(parts)
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    yield hashlib.sha256(record.value or b"").hexdigest()
    finally:
        await consumer.stop()


async def _parts(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer.topics()
    return set(consumer.partitions_for_topic(topic) or {0})
