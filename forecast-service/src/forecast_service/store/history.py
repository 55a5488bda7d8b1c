"""Complete windows from ``telemetry.windows``, kept in memory and advanced by what is new.

The first load of a series copies its windows once. Every later load reads its last days again, which
brings new windows and late readings. ``sweep`` finds corrections of older windows by ``updated_at``,
which has no index: it reads the whole table, so it runs now and then, beside the jobs. Its overlap
must outlast the writer's longest transaction: a row carries the time at which it was written and
becomes visible when that transaction commits.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from forecast_service.ports import SeriesHistory
from forecast_service.store.database import Pool, answering
from forecast_service.store.grid import SeriesGrid
from gridseal.wire.catalog import Series

# A COPY BINARY row of three NOT NULL columns: field count, then (length, value) of each.
_ROW = np.dtype(
    [("n", ">i2"), ("l0", ">i4"), ("series", ">i4"), ("l1", ">i4"), ("start", ">i8"), ("l2", ">i4"), ("mean", ">i8")]
)
_HEADER, _TRAILER = 19, 2

_COPY = """
COPY (
  SELECT s.n::int4, extract(epoch FROM w.window_start)::int8, w.mean_milli::int8
  FROM unnest(%(ids)s::text[], %(widths)s::int[]) WITH ORDINALITY AS s(series_id, width_s, n)
  CROSS JOIN LATERAL (
    SELECT window_start, mean_milli FROM telemetry.windows w
    WHERE w.series_id = s.series_id AND w.width_s = s.width_s AND w.covered_s >= w.expected_s AND {which}) w
) TO STDOUT (FORMAT BINARY)
"""
_FROM = "w.window_start >= %(since)s"
_CHANGED = "w.updated_at > %(since)s"
Key = tuple[str, int]


class WindowHistory:
    """Implements ``ports.HistoryStore`` on PostgreSQL. Safe to call from several threads."""

    def __init__(
        self, pool: Pool, *, recent: timedelta = timedelta(days=2), overlap: timedelta = timedelta(minutes=2)
    ) -> None:
        self._pool = pool
        self._recent_s = int(recent.total_seconds())
        self._overlap = overlap
        self._lock = threading.Lock()
        self._grids: dict[Key, SeriesGrid] = {}
        self._loaded_s: dict[Key, int] = {}
        self._swept_at: datetime | None = None

    def load(self, series: Sequence[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
        """Windows of each series with ``start <= window_start`` and ``window_end <= until``, as one grid each.

        Raises:
            UnavailableError: PostgreSQL does not answer or holds no telemetry yet.
        """
        start_s, until_s = int(start.timestamp()), int(until.timestamp())
        with self._lock, answering():
            known = [s for s in series if not self._lacks(s, start_s)]
            last_s = min((self._loaded_s[_key(s)] for s in known), default=until_s)
            self._read([_key(s) for s in known], _FROM, _moment(min(last_s, until_s) - self._recent_s))
            self._fill([s for s in series if self._lacks(s, start_s)], start_s)
            self._loaded_s.update({_key(s): until_s for s in series})
            cuts = [self._grids[_key(s)].cut(start_s, until_s) for s in series]
        return [SeriesHistory(s, first, values) for s, (first, values) in zip(series, cuts, strict=True)]

    def sweep(self) -> int:
        """Take in every window that was corrected since the last sweep, however old; how many were read.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        with self._lock, answering():
            if self._swept_at is None:
                return 0
            now = self._database_now()
            found = self._read(list(self._grids), _CHANGED, self._swept_at - self._overlap)
            self._swept_at = now
        return found

    def _lacks(self, series: Series, start_s: int) -> bool:
        grid = self._grids.get(_key(series))
        return grid is None or grid.start_s - start_s >= series.resolution_s

    def _fill(self, series: Sequence[Series], start_s: int) -> None:
        if not series:
            return
        if self._swept_at is None:
            self._swept_at = self._database_now()
        for one in series:
            self._grids[_key(one)] = SeriesGrid(start_s - start_s % one.resolution_s, one.resolution_s)
        self._read([_key(s) for s in series], _FROM, _moment(start_s))

    def _read(self, keys: Sequence[Key], which: str, since: datetime) -> int:
        if not keys:
            return 0
        arguments = {"ids": [k[0] for k in keys], "widths": [k[1] for k in keys], "since": since}
        statement = _COPY.format(which=which).encode()
        with (
            self._pool.connection() as connection,
            connection.cursor() as cursor,
            cursor.copy(statement, arguments) as copy,
        ):
            rows = parse_rows(b"".join(copy))
        numbers = rows["series"].astype(np.int64)
        order = np.argsort(numbers, kind="stable")
        edges = np.searchsorted(numbers[order], np.arange(1, len(keys) + 2))
        for i, key in enumerate(keys):
            mine = rows[order[edges[i] : edges[i + 1]]]
            self._grids[key].put(mine["start"].astype(np.int64), mine["mean"].astype(np.int64))
        return len(rows)

    def _database_now(self) -> datetime:
        with self._pool.connection() as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment


def parse_rows(binary: bytes) -> NDArray[np.void]:
    """Rows of one COPY BINARY answer."""
    return np.frombuffer(binary[_HEADER : len(binary) - _TRAILER], dtype=_ROW)


def _key(series: Series) -> Key:
    return series.series_id, series.resolution_s


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
