"""Tables ``forecast.notifications`` and ``forecast.notification_marks``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from forecast_service.store.database import Pool, answering

_QUEUE = """
INSERT INTO forecast.notifications (target, event_key, about, event, ended_at, outcome)
SELECT %(target)s, %(key)s, %(about)s, %(event)s, f.at, f.outcome FROM (
  SELECT CASE WHEN x THEN clock_timestamp() END AS at, CASE WHEN x THEN 'folded' END AS outcome FROM (
    SELECT EXISTS (
      SELECT FROM forecast.notifications
      WHERE target = %(target)s AND about = %(about)s AND outcome IS DISTINCT FROM 'folded'
        AND queued_at > clock_timestamp() - %(quiet)s) AS x) e) f
ON CONFLICT DO NOTHING RETURNING outcome
"""
_CLAIM = """
UPDATE forecast.notifications n SET tries = tries + 1, due_at = clock_timestamp() + %(lease)s
FROM (SELECT target, event_key FROM forecast.notifications WHERE ended_at IS NULL AND due_at <= clock_timestamp()
      AND target = ANY(%(targets)s) ORDER BY due_at, queued_at LIMIT %(most)s FOR UPDATE SKIP LOCKED) d
WHERE n.target = d.target AND n.event_key = d.event_key
RETURNING n.target, n.event_key, n.event, n.tries, n.queued_at
"""
_END = """
UPDATE forecast.notifications SET ended_at = clock_timestamp(), outcome = %s, said = %s
WHERE target = %s AND event_key = %s
"""
_LATER = """
UPDATE forecast.notifications SET due_at = clock_timestamp() + %s, said = %s WHERE target = %s AND event_key = %s
"""
_NEWS = {
    "model_events": (
        "SELECT event_id, kind, model_name, version, reason, by, recorded_at FROM forecast.model_events"
        " WHERE event_id > %s ORDER BY event_id LIMIT 100"
    ),
    "alert_actions": (
        "SELECT action_id, action, alert_id, by, note, at FROM forecast.alert_actions"
        " WHERE action_id > %s ORDER BY action_id LIMIT 100"
    ),
}
_NEWEST = {
    "model_events": "SELECT coalesce(max(event_id), 0) FROM forecast.model_events",
    "alert_actions": "SELECT coalesce(max(action_id), 0) FROM forecast.alert_actions",
}


@dataclass(frozen=True, slots=True)
class Due:
    """One notification whose time has come."""

    target: str
    key: str
    event: dict[str, Any]
    tries: int
    """This one included."""
    queued_at: datetime


class Notifications:
    """Methods block: call them from a thread. Every call may raise ``UnavailableError``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def queue(self, target: str, key: str, about: str, event: dict[str, Any], quiet: timedelta) -> str:
        """Keep an event for a target: ``queued``; ``folded`` into one about the same; ``known`` already."""
        values = {"target": target, "key": key, "about": about, "event": Jsonb(event), "quiet": quiet}
        with answering(), self._pool.connection() as connection, connection.transaction():
            # One at a time for a target: two about the same must see each other.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('notify/' || %s))", (target,))
            row = connection.execute(_QUEUE.encode(), values).fetchone()
        return "known" if row is None else (row[0] or "queued")

    def claim(self, targets: Sequence[str], most: int, lease: timedelta) -> list[Due]:
        """What is due, for somebody who answers within ``lease``; after that it is due again."""
        values = {"targets": list(targets), "most": most, "lease": lease}
        with answering(), self._pool.connection() as connection:
            return [Due(*row) for row in connection.execute(_CLAIM.encode(), values).fetchall()]

    def end(self, due: Due, outcome: str, said: str) -> None:
        """It is done with."""
        with answering(), self._pool.connection() as connection:
            connection.execute(_END.encode(), (outcome, said, due.target, due.key))

    def later(self, due: Due, wait: timedelta, said: str) -> None:
        """Try again then."""
        with answering(), self._pool.connection() as connection:
            connection.execute(_LATER.encode(), (wait, said, due.target, due.key))

    def news(self, source: str, take: Callable[[tuple[Any, ...]], None]) -> int:
        """Hand out the rows that came since the last call, oldest first. The first call ever begins at the end.

        Args:
            source: ``model_events`` or ``alert_actions``.
            take: Is given each row; what it queues is queued once, so a second time does no harm.
        """
        with answering(), self._pool.connection() as connection:
            row = connection.execute(
                "SELECT seen FROM forecast.notification_marks WHERE source = %s", (source,)
            ).fetchone()
            rows = connection.execute(_NEWS[source].encode(), (row[0],)).fetchall() if row else []
            newest = connection.execute(_NEWEST[source].encode()).fetchone() if row is None else None
        for one in rows:
            take(one)
        mark = rows[-1][0] if rows else newest[0] if newest else None
        if mark is not None:
            with answering(), self._pool.connection() as connection:
                connection.execute(
                    "INSERT INTO forecast.notification_marks VALUES (%s, %s)"
                    " ON CONFLICT (source) DO UPDATE SET seen = excluded.seen",
                    (source, mark),
                )
        return len(rows)
