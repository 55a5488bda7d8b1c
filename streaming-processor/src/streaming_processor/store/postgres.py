"""One PostgreSQL transaction per batch: the unit of truth.

The ledger row, the readings, what they add to their windows, and what was refused are stored
together or not at all. Windows grow only by readings that were really inserted, so a repeated
reading changes nothing, and a late one corrects its window by itself.
"""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from gridseal.errors import GridsealError, UnavailableError
from gridseal.runtime.logs import get_logger
from streaming_processor.arrays import Ints
from streaming_processor.ports import BatchId, Committed, Delivery
from streaming_processor.quality.apply import Finding
from streaming_processor.quality.judge import Judged, Refusal
from streaming_processor.quality.sequence import Tail
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.store import statements as sql
from streaming_processor.store.copy_binary import pack, unpack
from streaming_processor.store.findings import (
    add_findings,
    keep_conflicts,
    new_findings,
    read_alerts,
    read_alerts_again,
)
from streaming_processor.store.numbers import Numbers, assign_numbers
from streaming_processor.store.stored_rows import load_tails
from streaming_processor.store.touched import read_touched
from streaming_processor.transforms.windows import Rows, WindowDeltas, window_deltas

log = get_logger(__name__)
_NONE = np.empty(0, np.int64)


class FencedError(GridsealError):
    """Another driver took over; this one must end."""


class PostgresStore:
    """Writes batches over one connection, made again after a failure."""

    def __init__(self, dsn: str, recent_s: int) -> None:
        self._dsn = dsn
        self._recent_s = recent_s
        self._epoch: int | None = None
        self._connection: psycopg.Connection[Any] | None = None
        self._numbers: Numbers | None = None
        self._months: set[date] = set()

    def take_over(self) -> None:
        """Become the driver: batches of any other are refused from now on."""
        with self._open() as connection:
            row = connection.execute(sql.RAISE_EPOCH).fetchone()
            self._epoch = row[0] if row else None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def commit(self, delivery: Delivery, judged: Judged, reference: Reference, now: datetime) -> Committed:
        """Store a batch in one transaction, or find it in the ledger."""
        with self._open() as connection:
            self._ensure_months(connection, judged.rows)
        with self._open() as connection:
            self._check_epoch(connection)
            numbers, rebuilt = self._follow(connection, reference)
            repeated = connection.execute(sql.SEEN, (delivery.batch.query_id, delivery.batch.number)).fetchone()
            findings: Sequence[Finding] = ()
            fresh, kept, hits = _NONE, set[bytes](), dict[str, int]()
            if repeated:
                deltas = window_deltas(judged.rows, reference.lanes)
            else:
                fresh = _insert(connection, judged.rows, numbers)
                deltas = window_deltas(judged.rows.take(fresh), reference.lanes)
                _add_to_windows(connection, deltas, numbers)
                kept = _keep_refused(connection, judged.refusals)
                findings = new_findings(judged, fresh, kept) + keep_conflicts(connection, judged, fresh, numbers)
                hits = add_findings(connection, findings, numbers, now)
                _enter(connection, delivery, judged, len(fresh), len(kept))
            recent_after_s = int(now.timestamp()) - self._recent_s
            touched = [read_touched(connection, each, numbers, recent_after_s) for each in (deltas, rebuilt)]
            alerts = (
                read_alerts_again(connection, judged, numbers)
                if repeated
                else read_alerts(connection, findings, numbers)
            )
        self._numbers = numbers
        return Committed(
            repeated=bool(repeated),
            fresh=fresh,
            duplicates=0 if repeated else judged_size(judged) - len(fresh) - len(kept),
            refused=_by_reason(judged.refusals, kept),
            newest=tuple(w for t in touched for w in t.newest),
            recent=tuple(w for t in touched for w in t.recent),
            history=sum(t.history for t in touched),
            alerts=alerts,
            hits=hits,
        )

    def tails(self, reference: Reference, devices: Sequence[int]) -> dict[int, Tail]:
        """Where the sources of these devices stand, from their last stored readings."""
        with self._open() as connection:
            return load_tails(connection, reference, devices)

    @contextlib.contextmanager
    def _open(self) -> Iterator[psycopg.Connection[Any]]:
        """One transaction.

        Raises:
            UnavailableError: The server is gone; the next call connects anew.
        """
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
                for statement in sql.STAGING:
                    self._connection.execute(statement)
            with self._connection.transaction():
                yield self._connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            self._numbers = None
            raise UnavailableError(f"PostgreSQL does not answer: {str(error).splitlines()[0]}") from error

    def _check_epoch(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute(sql.READ_EPOCH).fetchone()
        if row is None or row[0] != self._epoch:
            raise FencedError("another streaming-processor has taken over this database: this one stops")

    def _ensure_months(self, connection: psycopg.Connection[Any], rows: Rows) -> None:
        """Make the partitions that a batch needs, before its own transaction: they take other locks."""
        months = np.unique((rows.start_s.astype("datetime64[s]")).astype("datetime64[M]"))
        wanted = {date.fromisoformat(f"{month}-01") for month in months} - self._months
        if wanted:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('telemetry.ensure_month'))")
            for month in sorted(wanted):
                connection.execute("SELECT ensure_month(%s)", (month,))
            self._months |= wanted

    def _follow(self, connection: psycopg.Connection[Any], reference: Reference) -> tuple[Numbers, WindowDeltas]:
        """Keys for this picture of the reference; windows of changed series are computed anew."""
        if self._numbers is not None and self._numbers.reference is reference:
            return self._numbers, window_deltas(_no_rows(), reference.lanes)
        numbers = assign_numbers(connection, reference)
        if not numbers.changed:
            return numbers, window_deltas(_no_rows(), reference.lanes)
        series = [int(n) for n in numbers.series_no[list(numbers.changed)]]
        connection.execute(sql.EMPTY_SERIES, (series,))
        rows = _stored_rows(connection, numbers)
        deltas = window_deltas(rows, reference.only(numbers.changed))
        _add_to_windows(connection, deltas, numbers)
        connection.execute("DELETE FROM staged_windows")
        connection.execute(sql.DROP_EMPTY, (series,))
        log.info("series_computed_anew", series=len(series), readings=len(rows), windows=len(deltas))
        return numbers, deltas


def judged_size(judged: Judged) -> int:
    """Readings of the batch."""
    return len(judged.rows) + judged.repeated + len(judged.refusals)


def _no_rows() -> Rows:
    return Rows(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE)


def _insert(connection: psycopg.Connection[Any], rows: Rows, numbers: Numbers) -> Ints:
    """Insert on the natural key; the positions of the rows that were new, in order."""
    if not len(rows):
        return _NONE
    columns = [
        np.arange(len(rows)),
        numbers.device_no[rows.source // len(STORED)],
        rows.source % len(STORED) + 1,
        rows.start_s,
        rows.period_s,
        rows.milli,
        rows.quality,
        rows.sent_at_ms,
    ]
    cursor = connection.cursor()
    with cursor.copy(sql.COPY_READINGS) as copy:
        copy.write(pack(sql.READING_LAYOUT, columns))
    row = connection.execute(sql.MERGE_READINGS, binary=True).fetchone()
    return np.sort(np.array(row[0], np.int64)) if row and row[0] else _NONE


def _add_to_windows(connection: psycopg.Connection[Any], deltas: WindowDeltas, numbers: Numbers) -> None:
    if not len(deltas):
        return
    reference = numbers.reference
    plan = reference.lane_plan[deltas.lane]
    inputs = np.array([len(p.series.inputs) for p in reference.plans], np.int64)
    columns = [
        numbers.series_no[plan],
        reference.lanes.width_s[deltas.lane],
        deltas.window_start,
        deltas.weighted_sum,
        deltas.covered_s,
        inputs[plan],
        deltas.count,
        deltas.min_milli,
        deltas.max_milli,
    ]
    with connection.cursor().copy(sql.COPY_WINDOWS) as copy:
        copy.write(pack(sql.WINDOW_LAYOUT, columns))
    connection.execute(sql.MERGE_WINDOWS)


def _keep_refused(connection: psycopg.Connection[Any], refusals: Sequence[Refusal]) -> set[bytes]:
    """Keep refused readings; the digests of those that were not kept before."""
    if not refusals:
        return set()
    with connection.cursor().copy(sql.COPY_REFUSED) as copy:
        for r in refusals:
            start = r.period_start_ms // 1_000
            moment = datetime.fromtimestamp(start, UTC) if 0 <= start < 253_402_300_800 else None
            copy.write_row((r.device_id, r.quantity, moment, r.reason, r.detail, r.payload, r.digest))
    return {bytes(row[0]) for row in connection.execute(sql.MERGE_REFUSED)}


def _by_reason(refusals: Sequence[Refusal], kept: set[bytes]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for digest, reason in {r.digest: r.reason for r in refusals}.items():
        if digest in kept:
            counts[reason] = counts.get(reason, 0) + 1
    return counts


def _enter(
    connection: psycopg.Connection[Any], delivery: Delivery, judged: Judged, inserted: int, refused: int
) -> None:
    batch: BatchId = delivery.batch
    size = judged_size(judged)
    connection.execute(
        sql.ENTER,
        (
            batch.query_id,
            batch.number,
            Jsonb(delivery.offsets),
            delivery.messages,
            size,
            inserted,
            size - inserted - refused,
            refused,
            len(delivery.undecodable),
        ),
    )


def _stored_rows(connection: psycopg.Connection[Any], numbers: Numbers) -> Rows:
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
        return _no_rows()
    listed = ", ".join(f"({device_no}, {quantity_no})" for device_no, quantity_no in sorted(pairs))
    with connection.cursor().copy(sql.COPY_STORED.format(pairs=listed)) as copy:
        data = b"".join(bytes(block) for block in copy)
    device_no, quantity_no, start_s, period_s, milli, quality, sent_at_ms = unpack(sql.STORED_LAYOUT, data)
    device = np.zeros(int(numbers.device_no.max()) + 1, np.int64)
    device[numbers.device_no] = np.arange(len(numbers.device_no))
    return Rows(device[device_no] * len(STORED) + quantity_no - 1, start_s, period_s, milli, quality, sent_at_ms)
