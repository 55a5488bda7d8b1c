"""The steps of the batch transaction, one statement or two each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from streaming_processor.arrays import Ints
from streaming_processor.ports import BatchId, Delivery, SignedMessage
from streaming_processor.quality.judge import Judged, Refusal
from streaming_processor.quantities import STORED
from streaming_processor.store import statements as sql
from streaming_processor.store.copy_binary import Layout, pack, unpack
from streaming_processor.store.numbers import Numbers
from streaming_processor.store.touched import states_from, states_of
from streaming_processor.transforms.windows import NO_ROWS, Rows, WindowDeltas
from streaming_processor.window_states import WindowStates, no_windows

NONE = np.empty(0, np.int64)


def read_copy(connection: psycopg.Connection[Any], statement: str) -> bytes:
    """What a ``COPY … TO STDOUT`` sends."""
    with connection.cursor().copy(statement.encode()) as copy:
        return b"".join([bytes(block) for block in copy])


def write_copy(connection: psycopg.Connection[Any], statement: str, layout: Layout, columns: Sequence[Ints]) -> None:
    """Fill a ``COPY … FROM STDIN``."""
    with connection.cursor().copy(statement.encode()) as copy:
        copy.write(pack(layout, columns))


def reading_columns(rows: Rows, device_no: Ints) -> list[Ints]:
    """The columns of ``READING_LAYOUT``."""
    return [
        np.arange(len(rows)),
        device_no[rows.source // len(STORED)],
        rows.source % len(STORED) + 1,
        rows.start_s,
        rows.period_s,
        rows.milli,
        rows.quality,
        rows.sent_at_ms,
    ]


def copy_readings(connection: psycopg.Connection[Any], rows: Rows, numbers: Numbers) -> Ints | None:
    """Copy readings straight into their table: three times as fast. None, and no trace, if one is there already."""
    columns = reading_columns(rows, numbers.device_no)[1:]
    try:
        with connection.transaction():
            write_copy(connection, sql.COPY_STRAIGHT, sql.STORED_LAYOUT, columns)
    except psycopg.errors.UniqueViolation:
        return None
    return np.arange(len(rows))


def merge_readings(connection: psycopg.Connection[Any], rows: Rows, numbers: Numbers) -> Ints:
    """Insert what is new on the natural key; the positions of those rows, in order."""
    write_copy(connection, sql.COPY_READINGS, sql.READING_LAYOUT, reading_columns(rows, numbers.device_no))
    return fresh_of(rows, numbers, read_copy(connection, sql.MERGE_READINGS))


def merge_staged(connection: psycopg.Connection[Any], batch: BatchId, rows: Rows, numbers: Numbers) -> Ints:
    """The same from what Spark's tasks have put into staging, which is empty of them afterwards."""
    devices = np.unique(rows.source // len(STORED))
    connection.execute(sql.STAGED_DEVICES)
    write_copy(connection, sql.COPY_DEVICES, sql.DEVICE_LAYOUT, [devices, numbers.device_no[devices]])
    connection.execute(sql.UNSTAGE, (batch.query_id, batch.number))
    return fresh_of(rows, numbers, read_copy(connection, sql.MERGE_READINGS))


def drop_staged(connection: psycopg.Connection[Any], batch: BatchId) -> None:
    """Forget what the tasks have staged for a batch that the ledger has."""
    connection.execute(
        "DELETE FROM staged_by_tasks WHERE query_id = %s AND batch_id <= %s", (batch.query_id, batch.number)
    )


def fresh_of(rows: Rows, numbers: Numbers, inserted: bytes) -> Ints:
    """Positions of the rows whose keys came back from the insert."""
    device_no, quantity_no, start_s = unpack(sql.FRESH_LAYOUT, inserted)
    if len(device_no) == len(rows):
        return np.arange(len(rows))
    new = set(zip(_key(device_no, quantity_no).tolist(), start_s.tolist(), strict=True))
    mine = _key(numbers.device_no[rows.source // len(STORED)], rows.source % len(STORED) + 1)
    keys = zip(mine.tolist(), rows.start_s.tolist(), strict=True)
    return np.array([i for i, key in enumerate(keys) if key in new], np.int64)


def _key(device_no: Ints, quantity_no: Ints) -> Ints:
    return device_no * 256 + quantity_no


def stage_windows(connection: psycopg.Connection[Any], deltas: WindowDeltas, numbers: Numbers) -> None:
    """Put what a set of readings adds into the staging table."""
    plan = numbers.reference.lane_plan[deltas.lane]
    columns = [
        numbers.series_no[plan],
        numbers.reference.lanes.width_s[deltas.lane],
        deltas.window_start,
        deltas.weighted_sum,
        deltas.covered_s,
        numbers.inputs[plan],
        deltas.count,
        deltas.min_milli,
        deltas.max_milli,
    ]
    write_copy(connection, sql.COPY_WINDOWS, sql.WINDOW_LAYOUT, columns)


def add_to_windows(
    connection: psycopg.Connection[Any], deltas: WindowDeltas, numbers: Numbers, *, live: bool
) -> WindowStates:
    """Add to the stored windows; their state afterwards.

    Args:
        connection: In the transaction of the driver, which is the only writer.
        deltas: What to add.
        numbers: Their keys.
        live: Most of them are expected to be there. Says which way is faster, not what is stored.
    """
    if not len(deltas):
        return no_windows(numbers.reference)
    stage_windows(connection, deltas, numbers)
    if not live:
        return states_from(read_copy(connection, sql.MERGE_WINDOWS), numbers, deltas)
    connection.execute(sql.BY_INDEX)
    rows = unpack(sql.STATE_LAYOUT, read_copy(connection, sql.UPDATE_WINDOWS))
    if len(rows[0]) < len(deltas):
        added = unpack(sql.STATE_LAYOUT, read_copy(connection, sql.INSERT_WINDOWS))
        rows = [np.concatenate(pair) for pair in zip(rows, added, strict=True)]
    connection.execute(sql.AS_PLANNED)
    return states_of(rows, numbers, deltas)


def read_windows(connection: psycopg.Connection[Any], deltas: WindowDeltas, numbers: Numbers) -> WindowStates:
    """The stored windows that a set of readings touches, as they are."""
    if not len(deltas):
        return no_windows(numbers.reference)
    stage_windows(connection, deltas, numbers)
    return states_from(read_copy(connection, sql.READ_WINDOWS), numbers, deltas)


def keep_refused(connection: psycopg.Connection[Any], refusals: Sequence[Refusal]) -> set[bytes]:
    """Keep refused readings; the digests of those that were not kept before."""
    if not refusals:
        return set()
    starts = [r.period_start_ms // 1_000 for r in refusals]
    columns = (
        [r.device_id for r in refusals],
        [r.quantity for r in refusals],
        [datetime.fromtimestamp(s, UTC) if 0 <= s < 253_402_300_800 else None for s in starts],
        [r.reason for r in refusals],
        [r.detail for r in refusals],
        [r.payload for r in refusals],
        [r.digest for r in refusals],
    )
    return {bytes(row[0]) for row in connection.execute(sql.KEEP_REFUSED, columns)}


def keep_signed(connection: psycopg.Connection[Any], messages: Sequence[SignedMessage]) -> None:
    """Keep signed messages byte for byte."""
    if messages:
        rows = [(m.device_id, m.boot_id, m.seq, m.payload) for m in messages]
        connection.cursor().executemany(sql.KEEP_SIGNED, rows)


def enter(
    connection: psycopg.Connection[Any], delivery: Delivery, judged: Judged, inserted: int, refused: int, late: int
) -> None:
    """Write the batch into the ledger."""
    size = judged_size(judged)
    values = (
        delivery.batch.query_id,
        delivery.batch.number,
        Jsonb(delivery.offsets),
        delivery.messages,
        size,
        inserted,
        size - inserted - refused,
        refused,
        len(delivery.undecodable),
        late,
    )
    connection.execute(sql.ENTER, values)


def judged_size(judged: Judged) -> int:
    """Readings of the batch."""
    return len(judged.rows) + judged.repeated + len(judged.refusals)


def stored_rows(connection: psycopg.Connection[Any], numbers: Numbers) -> Rows:
    """All stored readings of the inputs of the changed series."""
    reference = numbers.reference
    known = {asset.device_id: i for i, asset in enumerate(reference.assets)}
    pairs = {
        (int(numbers.device_no[known[each.device_id]]), STORED.index(each.quantity) + 1)
        for plan in (reference.plans[i] for i in numbers.changed)
        for each in plan.series.inputs
        if each.device_id in known and each.quantity in STORED
    }
    if not pairs:
        return NO_ROWS
    devices, quantities = (",".join(map(str, column)) for column in zip(*sorted(pairs), strict=True))
    data = read_copy(connection, sql.COPY_STORED.format(devices=devices, quantities=quantities))
    device_no, quantity_no, start_s, period_s, milli, quality, sent_at_ms = unpack(sql.STORED_LAYOUT, data)
    device = np.zeros(int(numbers.device_no.max()) + 1, np.int64)
    device[numbers.device_no] = np.arange(len(numbers.device_no))
    return Rows(device[device_no] * len(STORED) + quantity_no - 1, start_s, period_s, milli, quality, sent_at_ms)
