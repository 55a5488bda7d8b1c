"""Complete windows from ``telemetry.windows``, kept in memory and advanced by what changed.

The first load of a series copies its windows once; every later load reads only rows whose
``updated_at`` is newer than the last read, less an overlap. That brings corrections of old windows
too. The overlap must outlast the writer's longest transaction: rows carry the time at which their
transaction wrote them and become visible when it commits.
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
  JOIN telemetry.windows w USING (series_id, width_s)
  WHERE w.covered_s >= w.expected_s AND {which}
) TO STDOUT (FORMAT BINARY)
"""
_FROM_START = "w.window_start >= %(since)s"
_CHANGED = "w.updated_at > %(since)s"


class WindowHistory:
    """Implements ``ports.HistoryStore`` on PostgreSQL. Safe to call from several threads."""

    def __init__(self, pool: Pool, *, overlap: timedelta = timedelta(minutes=2)) -> None:
        self._pool = pool
        self._overlap = overlap
        self._lock = threading.Lock()
        self._grids: dict[tuple[str, int], SeriesGrid] = {}
        self._read_at: datetime | None = None

    def load(self, series: Sequence[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
        """Windows of each series with ``start <= window_start`` and ``window_end <= until``, as one grid each.

        Raises:
            UnavailableError: PostgreSQL does not answer or holds no telemetry yet.
        """
        start_s, until_s = int(start.timestamp()), int(until.timestamp())
        with self._lock, answering():
            self._advance()
            self._fill([s for s in series if self._lacks(s, start_s)], start_s)
            cuts = [self._grids[_key(s)].cut(start_s, until_s) for s in series]
        return [SeriesHistory(s, first, values) for s, (first, values) in zip(series, cuts, strict=True)]

    def _lacks(self, series: Series, start_s: int) -> bool:
        grid = self._grids.get(_key(series))
        return grid is None or grid.start_s > start_s

    def _advance(self) -> None:
        now = self._database_now()
        if self._grids and self._read_at is not None:
            self._read(list(self._grids), _CHANGED, self._read_at - self._overlap)
        self._read_at = now

    def _fill(self, series: Sequence[Series], start_s: int) -> None:
        if not series:
            return
        for one in series:
            aligned = start_s - start_s % one.resolution_s
            self._grids[_key(one)] = SeriesGrid(aligned, one.resolution_s)
        self._read([_key(s) for s in series], _FROM_START, datetime.fromtimestamp(start_s, UTC))

    def _read(self, keys: Sequence[tuple[str, int]], which: str, since: datetime) -> None:
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

    def _database_now(self) -> datetime:
        with self._pool.connection() as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment


def parse_rows(binary: bytes) -> NDArray[np.void]:
    """Rows of one COPY BINARY answer."""
    return np.frombuffer(binary[_HEADER : len(binary) - _TRAILER], dtype=_ROW)


def _key(series: Series) -> tuple[str, int]:
    return series.series_id, series.resolution_s
