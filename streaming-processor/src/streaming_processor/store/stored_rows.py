"""Stored readings as rows again: of a span, and the last ones of some devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg

from streaming_processor.arrays import Ints
from streaming_processor.quality.sequence import REMEMBERED, Tail, in_order
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.store.copy_binary import unpack
from streaming_processor.transforms.windows import NO_ROWS, Rows

_LAYOUT: Final = (
    ("device_no", "int4"),
    ("quantity_no", "int2"),
    ("period_start", "time"),
    ("period_s", "int4"),
    ("value_milli", "int8"),
    ("quality_no", "int2"),
    ("sent_at_ms", "int8"),
)
_COLUMNS: Final = "r.device_no, r.quantity_no, r.period_start, r.period_s, r.value_milli, r.quality_no, r.sent_at_ms"
_SPAN: Final = """
COPY (SELECT {columns} FROM telemetry.reading_rows r
      WHERE r.device_no = ANY('{{{devices}}}') AND r.period_start >= to_timestamp({from_s})
        AND r.period_start < to_timestamp({to_s})) TO STDOUT (FORMAT binary)"""
_LAST: Final = """
COPY (SELECT {columns} FROM unnest('{{{devices}}}'::int[], '{{{quantities}}}'::smallint[]) k (d, q),
      LATERAL (SELECT * FROM telemetry.reading_rows
               WHERE device_no = k.d AND quantity_no = k.q AND period_start < to_timestamp({before_s})
               ORDER BY period_start DESC LIMIT {limit}) r) TO STDOUT (FORMAT binary)"""
_END_OF_TIME: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class StoredDevices:
    """Keys of the devices of a picture of the reference, as the store has them; -1 for one that it has not."""

    reference: Reference
    device_no: Ints


def stored_devices(connection: psycopg.Connection[Any], reference: Reference) -> StoredDevices:
    """The keys of all devices, without making any."""
    numbers = device_numbers(connection, reference, range(len(reference.assets)))
    device_no = np.full(len(reference.assets), -1, np.int64)
    device_no[list(numbers.values())] = list(numbers)
    return StoredDevices(reference, device_no)


def device_numbers(connection: psycopg.Connection[Any], reference: Reference, devices: Sequence[int]) -> dict[int, int]:
    """Key in the database → position in the reference, for the devices that have one."""
    names = {reference.assets[i].device_id: i for i in devices}
    rows = connection.execute(
        "SELECT device_no, device_id FROM telemetry.devices WHERE device_id = ANY(%s)", (list(names),)
    ).fetchall()
    return {device_no: names[device_id] for device_no, device_id in rows}


def read_span(connection: psycopg.Connection[Any], numbers: dict[int, int], from_s: int, to_s: int) -> Rows:
    """Readings of these devices whose period starts in ``[from_s, to_s)``."""
    if not numbers:
        return NO_ROWS
    listed = ",".join(map(str, sorted(numbers)))
    return _rows(connection, _SPAN.format(columns=_COLUMNS, devices=listed, from_s=from_s, to_s=to_s), numbers)


def load_tails(
    connection: psycopg.Connection[Any],
    reference: Reference,
    devices: Sequence[int],
    before_s: int = _END_OF_TIME,
) -> dict[int, Tail]:
    """Where the sources of these devices stood before a moment, from their last stored readings."""
    numbers = device_numbers(connection, reference, devices)
    may_store = {i: {_stored(q) for q in reference.assets[i].quantities} for i in numbers.values()}
    pairs = [(number, q + 1) for number, i in sorted(numbers.items()) for q in sorted(may_store[i])]
    if not pairs:
        return {}
    query = _LAST.format(
        columns=_COLUMNS,
        devices=",".join(str(d) for d, _ in pairs),
        quantities=",".join(str(q) for _, q in pairs),
        before_s=before_s,
        limit=REMEMBERED + 1,
    )
    return in_order(_rows(connection, query, numbers), {}).tails


def _stored(quantity: str) -> int:
    return STORED.index(quantity if quantity in STORED else "active_power")


def _rows(connection: psycopg.Connection[Any], query: str, numbers: dict[int, int]) -> Rows:
    with connection.cursor().copy(query.encode()) as copy:
        data = b"".join(bytes(block) for block in copy)
    device_no, quantity_no, start_s, period_s, milli, quality, sent_at_ms = unpack(_LAYOUT, data)
    position = np.zeros(max(numbers) + 1, np.int64)
    position[list(numbers)] = list(numbers.values())
    return Rows(position[device_no] * len(STORED) + quantity_no - 1, start_s, period_s, milli, quality, sent_at_ms)
