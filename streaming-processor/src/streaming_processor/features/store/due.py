"""Which windows wait for their vectors: kept in PostgreSQL, so a crash forgets none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from streaming_processor.features.entities import Lane
from streaming_processor.features.ports import DueWindow
from streaming_processor.features.store.session import Session

_ADD: Final = """
INSERT INTO vector_due AS d (series_no, width_s, window_start, due_at)
SELECT s.series_no, k.width_s, to_timestamp(k.start_s), k.due_at
FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::timestamptz[]) k (series_id, width_s, start_s, due_at)
JOIN series s USING (series_id)
ON CONFLICT (series_no, width_s, window_start) DO UPDATE
SET due_at = least(d.due_at, excluded.due_at), changes = d.changes + 1"""
_TAKE: Final = """
SELECT s.series_id, d.width_s, extract(epoch FROM d.window_start)::bigint, d.changes
FROM vector_due d JOIN series s USING (series_no) WHERE d.due_at <= %s ORDER BY d.window_start, s.series_id LIMIT %s"""
_DONE: Final = """
DELETE FROM vector_due d USING series s,
       unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[]) k (series_id, width_s, start_s, changes)
WHERE s.series_id = k.series_id AND d.series_no = s.series_no AND d.width_s = k.width_s
      AND d.window_start = to_timestamp(k.start_s) AND d.changes = k.changes"""


class DueWindows:
    """Add, take, and take off the list."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, windows: Sequence[tuple[Lane, int, datetime]]) -> None:
        """Lane, start and from when each may be worked on; each at most once in ``windows``."""
        if not windows:
            return
        with self._session.transaction() as connection:
            connection.execute(
                _ADD,
                (
                    [lane.series_id for lane, _, _ in windows],
                    [lane.width_s for lane, _, _ in windows],
                    [start for _, start, _ in windows],
                    [due for _, _, due in windows],
                ),
            )

    def take(self, now: datetime, limit: int) -> list[DueWindow]:
        """The oldest that are due. They stay on the list."""
        with self._session.transaction() as connection:
            rows = connection.execute(_TAKE, (now, limit)).fetchall()
        return [DueWindow(Lane(series_id, width), start, changes) for series_id, width, start, changes in rows]

    def done(self, windows: Sequence[DueWindow]) -> None:
        """Take off the list what has not changed since it was taken."""
        with self._session.transaction() as connection:
            connection.execute(
                _DONE,
                (
                    [w.lane.series_id for w in windows],
                    [w.lane.width_s for w in windows],
                    [w.start_s for w in windows],
                    [w.changes for w in windows],
                ),
            )
