"""Bronze: every record of telemetry, of the providers and of the catalog as Kafka had it, with headers and offset.

Where a partition was read up to stands in the table's log, so the lake needs no consumer group: a
record is there once, whatever dies in between.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa

from gridseal.wire.topics import (
    ASSETS_CHANGED,
    DEMAND_RAW,
    MARKET_RAW,
    TELEMETRY_CLASSES,
    WEATHER_RAW,
    telemetry_topic,
)
from streaming_processor.lake.tables import LakeTable, TableSpec

TELEMETRY_TOPICS: Final = tuple(telemetry_topic(c) for c in TELEMETRY_CLASSES)
FEED_TOPICS: Final = (DEMAND_RAW, WEATHER_RAW, MARKET_RAW)
"""Kept as they came; Silver is made of telemetry."""
TOPICS: Final = (*TELEMETRY_TOPICS, *FEED_TOPICS, ASSETS_CHANGED)
_HEADER: Final = pa.struct([("name", pa.string()), ("value", pa.binary())])
SPEC: Final = TableSpec(
    name="bronze",
    schema=pa.schema(
        [
            ("topic", pa.string()),
            ("partition", pa.int32()),
            ("offset", pa.int64()),
            ("timestamp", pa.timestamp("us", tz="UTC")),
            ("key", pa.binary()),
            ("value", pa.binary()),
            ("headers", pa.list_(_HEADER)),
            ("date", pa.string()),
        ]
    ),
    partition_by=("date", "topic"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Bronze:
    """The table and the positions in it."""

    def __init__(self, lake_url: str) -> None:
        self._table = LakeTable(lake_url, SPEC)

    @property
    def table(self) -> LakeTable:
        """For reading and tidying."""
        return self._table

    def position(self, topic: str, partition: int) -> int:
        """The first offset that is not in the table."""
        return self._table.position(_key(topic, partition)) or 0

    def append(self, records: Iterable[Record]) -> int:
        """Add records; those that are there already are left out. Returns how many were new."""
        places: dict[tuple[str, int], int] = {}
        new: list[Record] = []
        for record in sorted(records, key=lambda r: (r.topic, r.partition, r.offset)):
            place = (record.topic, record.partition)
            if place not in places:
                places[place] = self.position(*place)
            if record.offset >= places[place]:
                new.append(record)
                places[place] = record.offset + 1
        if new:
            moved = {(r.topic, r.partition) for r in new}
            self._table.append(_rows(new), {_key(*place): places[place] for place in moved})
        return len(new)

    def read(self, topic: str, partition: int, first: int, limit: int) -> pa.Table:
        """Records from an offset on, in order."""
        return self._table.select(
            f"SELECT topic, partition, \"offset\", key, value FROM t WHERE topic = '{topic}'"
            f' AND partition = {partition} AND "offset" >= {first} ORDER BY "offset" LIMIT {limit}'
        )

    def catalog(self) -> list[tuple[bytes, bytes | None]]:
        """Keys and values of ``assets.changed``, in order."""
        found = self._table.select(
            f"SELECT key, value FROM t WHERE topic = '{ASSETS_CHANGED}' ORDER BY partition, \"offset\""
        )
        return list(zip(found["key"].to_pylist(), found["value"].to_pylist(), strict=True))

    def places(self) -> list[tuple[str, int]]:
        """Topics of telemetry and their partitions, as far as records came from them."""
        found = self._table.select("SELECT DISTINCT topic, partition FROM t ORDER BY topic, partition")
        pairs = zip(found["topic"].to_pylist(), found["partition"].to_pylist(), strict=True)
        return [(topic, partition) for topic, partition in pairs if topic in TELEMETRY_TOPICS]

    def forget(self, days: int, now: datetime) -> None:
        """Delete what arrived longer ago; the catalog stays."""
        before = (now - timedelta(days=days)).date().isoformat()
        self._table.table().delete(f"date < '{before}' AND topic <> '{ASSETS_CHANGED}'")


def _key(topic: str, partition: int) -> str:
    return f"bronze/{topic}/{partition}"


def _rows(records: Sequence[Record]) -> pa.Table:
    moments = [datetime.fromtimestamp(r.timestamp_ms / 1_000, UTC) for r in records]
    return pa.table(
        {
            "topic": [r.topic for r in records],
            "partition": [r.partition for r in records],
            "offset": [r.offset for r in records],
            "timestamp": moments,
            "key": [r.key for r in records],
            "value": [r.value for r in records],
            "headers": [[{"name": name, "value": value} for name, value in r.headers] for r in records],
            "date": [moment.date().isoformat() for moment in moments],
        },
        schema=SPEC.schema,
    )
