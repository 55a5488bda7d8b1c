"""One PostgreSQL transaction per batch: the unit of truth.

The ledger row, the readings, what they add to their windows, and what was refused are stored
together or not at all. Windows grow only by readings that were really inserted, so a repeated
reading changes nothing, and a late one corrects its window by itself.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import psycopg

from gridseal.errors import GridsealError, UnavailableError
from gridseal.runtime.failpoints import failpoint
from gridseal.runtime.logs import get_logger
from gridseal.wire.alerts import Alert
from streaming_processor.arrays import Ints
from streaming_processor.ports import BatchId, Committed, Delivery
from streaming_processor.quality.judge import Judged, Refusal
from streaming_processor.quality.sequence import Tail
from streaming_processor.reference import Reference
from streaming_processor.store import statements as sql
from streaming_processor.store import steps
from streaming_processor.store.findings import (
    add_findings,
    keep_conflicts,
    new_findings,
    read_alerts,
    read_alerts_again,
)
from streaming_processor.store.late import NewestReadings
from streaming_processor.store.numbers import Numbers, assign_numbers
from streaming_processor.store.statements import STATE_LAYOUT
from streaming_processor.store.stored_rows import load_tails
from streaming_processor.store.touched import sort_out, states_of
from streaming_processor.transforms.windows import Rows, window_deltas
from streaming_processor.window_states import WindowStates, joined, no_windows

log = get_logger(__name__)
_MERGE_AFTER_REPEAT: Final = 20


class FencedError(GridsealError):
    """Another driver took over; this one must end."""


class PostgresStore:
    """Writes batches over one connection, made again after a failure."""

    def __init__(self, dsn: str, recent_s: int, *, staged: bool = False) -> None:
        """``staged``: Spark's tasks have put the readings of each batch into ``staged_by_tasks``."""
        self._dsn = dsn
        self._recent_s = recent_s
        self._staged = staged
        self._epoch: int | None = None
        self._connection: psycopg.Connection[Any] | None = None
        self._numbers: Numbers | None = None
        self._newest: NewestReadings | None = None
        self._months: set[date] = set()
        self._merging = 0
        self._live = False
        """Most windows of the last batch were there before it."""
        self._plain = False
        """Windows are one table with one index: a hypertable has an index in each chunk, and each would be asked."""

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
        self._ensure_months(judged.rows)
        with self._open() as connection:
            repeated = self._begin(connection, delivery.batch)
            numbers, rebuilt = self._follow(connection, reference)
            if repeated:
                if self._staged:
                    steps.drop_staged(connection, delivery.batch)
                committed = _look_up(connection, judged, numbers)
            else:
                committed = self._add(connection, delivery, judged, numbers, now)
            failpoint("sink.before_commit")
        self._numbers = numbers
        self._newest_readings(reference).keep(committed.newest_readings)
        recent_after_s = int(now.timestamp()) - self._recent_s
        touched = [sort_out(each, recent_after_s) for each in (rebuilt, committed.windows)]
        return Committed(
            repeated=repeated,
            fresh=committed.fresh,
            duplicates=0 if repeated else steps.judged_size(judged) - len(committed.fresh) - len(committed.kept),
            refused=_by_reason(judged.refusals, committed.kept),
            newest=joined([t.newest for t in touched if len(t.newest)] or [no_windows(reference)]),
            recent=joined([t.recent for t in touched if len(t.recent)] or [no_windows(reference)]),
            history=sum(t.history for t in touched),
            alerts=committed.alerts,
            hits=committed.hits,
            late=committed.late,
        )

    def untold(self, reference: Reference, now: datetime) -> WindowStates:
        """News among the windows that batches changed of which nobody was told; for the start of a process."""
        with self._open() as connection:
            self._begin(connection, BatchId("", 0))
            numbers, rebuilt = self._follow(connection, reference)
            since = connection.execute(sql.OLDEST_UNTOLD).fetchone()
            recent_after_s = int(now.timestamp()) - self._recent_s
            lane_series = numbers.series_no[reference.lane_plan].tolist()
            keys = (lane_series, reference.lanes.width_s.tolist(), recent_after_s, since[0] if since else None)
            rows = connection.execute(sql.READ_CHANGED, keys).fetchall() if since and since[0] else []
        self._numbers = numbers
        table = np.array(rows, np.int64).reshape(-1, len(STATE_LAYOUT)).T
        return joined([sort_out(rebuilt, recent_after_s).recent, states_of(list(table), numbers)])

    def _add(
        self, connection: psycopg.Connection[Any], delivery: Delivery, judged: Judged, numbers: Numbers, now: datetime
    ) -> "_Added":
        """A batch that the ledger does not have."""
        newest = self._newest_readings(numbers.reference)
        newest_readings = newest.before(connection, judged.rows, numbers)
        fresh = self._insert(connection, delivery.batch, judged.rows, numbers)
        rows = judged.rows if len(fresh) == len(judged.rows) else judged.rows.take(fresh)
        late = newest.count(rows, newest_readings)
        deltas = window_deltas(rows, numbers.reference.lanes)
        windows = steps.add_to_windows(connection, deltas, numbers, live=self._live and self._plain)
        if len(windows):
            self._live = 2 * int((windows.version == 1).sum()) < len(windows)
        kept = steps.keep_refused(connection, judged.refusals)
        steps.keep_signed(connection, delivery.signed)
        found = new_findings(judged, fresh, kept)
        if len(fresh) < len(judged.rows) or len(judged.offered):
            found += keep_conflicts(connection, judged, fresh, numbers)
        hits = add_findings(connection, found, numbers, now)
        steps.enter(connection, delivery, judged, len(fresh), len(kept), late)
        alerts = read_alerts(connection, found, numbers)
        return _Added(fresh, windows, kept, hits, alerts, late, newest_readings)

    def _insert(self, connection: psycopg.Connection[Any], batch: BatchId, rows: Rows, numbers: Numbers) -> Ints:
        """The positions of the readings that were new. Repeats come in swarms, so after one we merge for a while."""
        if not len(rows):
            return steps.NONE
        if self._staged:
            return steps.merge_staged(connection, batch, rows, numbers)
        if self._merging == 0:
            fresh = steps.copy_readings(connection, rows, numbers)
            if fresh is not None:
                return fresh
            self._merging = _MERGE_AFTER_REPEAT
        fresh = steps.merge_readings(connection, rows, numbers)
        self._merging = _MERGE_AFTER_REPEAT if len(fresh) < len(rows) else self._merging - 1
        return fresh

    def _newest_readings(self, reference: Reference) -> NewestReadings:
        if self._newest is None or self._newest.reference is not reference:
            self._newest = NewestReadings(reference)
        return self._newest

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
                self._plain = self._connection.execute(sql.TIER).fetchone() == ("plain",)
            with self._connection.transaction():
                yield self._connection
        except psycopg.errors.CheckViolation as error:
            if error.diag.constraint_name:
                raise
            # No partition: retention dropped it while a reading of its month was on the way.
            self._months.clear()
            raise UnavailableError(f"PostgreSQL has no place for a reading: {str(error).splitlines()[0]}") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            self._numbers = self._newest = None
            raise UnavailableError(f"PostgreSQL does not answer: {str(error).splitlines()[0]}") from error

    def _begin(self, connection: psycopg.Connection[Any], batch: BatchId) -> bool:
        """Hold the driver's place for this transaction; whether the ledger has the batch.

        Raises:
            FencedError: Another driver took over.
        """
        row = connection.execute(sql.BEGIN_BATCH, (batch.query_id, batch.number)).fetchone()
        if row is None or row[0] != self._epoch:
            raise FencedError("another streaming-processor has taken over this database: this one stops")
        return bool(row[1])

    def _ensure_months(self, rows: Rows) -> None:
        """Make the partitions that a batch needs, before its own transaction: they take other locks."""
        months = np.unique((rows.start_s.astype("datetime64[s]")).astype("datetime64[M]"))
        wanted = {date.fromisoformat(f"{month}-01") for month in months} - self._months
        if not wanted:
            return
        with self._open() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('telemetry.ensure_month'))")
            for month in sorted(wanted):
                connection.execute("SELECT ensure_month(%s)", (month,))
        self._months |= wanted

    def _follow(self, connection: psycopg.Connection[Any], reference: Reference) -> tuple[Numbers, WindowStates]:
        """Keys for this picture of the reference; windows of changed series are computed anew."""
        if self._numbers is not None and self._numbers.reference is reference:
            return self._numbers, no_windows(reference)
        numbers = assign_numbers(connection, reference)
        if not numbers.changed:
            return numbers, no_windows(reference)
        series = [int(n) for n in numbers.series_no[list(numbers.changed)]]
        connection.execute(sql.EMPTY_SERIES, (series,))
        rows = steps.stored_rows(connection, numbers)
        deltas = window_deltas(rows, reference.only(numbers.changed))
        windows = steps.add_to_windows(connection, deltas, numbers, live=False)
        connection.execute("DELETE FROM staged_windows")
        connection.execute(sql.DROP_EMPTY, (series,))
        log.info("series_computed_anew", series=len(series), readings=len(rows), windows=len(windows))
        return numbers, windows


@dataclass(frozen=True, slots=True)
class _Added:
    """What one transaction did."""

    fresh: Ints
    windows: WindowStates
    kept: set[bytes]
    hits: dict[str, int]
    alerts: tuple[Alert, ...]
    late: int
    newest_readings: Ints | None
    """For ``NewestReadings.keep``; None where nothing was added."""


def _look_up(connection: psycopg.Connection[Any], judged: Judged, numbers: Numbers) -> _Added:
    """A batch that the ledger has: nothing is stored, and what may not have been told is read."""
    windows = steps.read_windows(connection, window_deltas(judged.rows, numbers.reference.lanes), numbers)
    alerts = read_alerts_again(connection, judged, numbers)
    return _Added(steps.NONE, windows, set(), {}, alerts, 0, None)


def _by_reason(refusals: Sequence[Refusal], kept: set[bytes]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for digest, reason in {r.digest: r.reason for r in refusals}.items():
        if digest in kept:
            counts[reason] = counts.get(reason, 0) + 1
    return counts
