"""Table ``forecast.model_events``."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from forecast_service.inference.events import ModelEvent
from forecast_service.store.database import Pool, answering

_WRITE = """
INSERT INTO forecast.model_events (model_name, version, model_hash, kind, reason, by, figures)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_RECENT = """
SELECT recorded_at, kind, model_name, version, model_hash, reason, by, figures FROM forecast.model_events
WHERE model_name = %s ORDER BY event_id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event and when the database saw it."""

    recorded_at: datetime
    event: ModelEvent


class ModelEvents:
    """Writes and reads events. Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def write(self, event: ModelEvent) -> None:
        """Keep one."""
        figures = {name: value for name, value in event.figures.items() if value == value}
        with answering(), self._pool.connection() as connection:
            connection.execute(
                _WRITE,
                (event.model_name, event.version, event.model_hash, event.kind, event.reason, event.by, Jsonb(figures)),
            )

    def recent(self, model_name: str, limit: int = 50) -> list[RecordedEvent]:
        """Newest first."""
        with answering(), self._pool.connection() as connection:
            rows = connection.execute(_RECENT, (model_name, limit)).fetchall()
        return [
            RecordedEvent(at, ModelEvent(kind, name, version, digest, reason, by, figures))
            for at, kind, name, version, digest, reason, by, figures in rows
        ]

    def promoted_at(self, model_name: str, version: str) -> datetime | None:
        """When a version began to serve for the last time, on the wall clock."""
        query = (
            "SELECT max(recorded_at) FROM forecast.model_events"
            " WHERE model_name = %s AND version = %s AND kind = 'promoted'"
        )
        with answering(), self._pool.connection() as connection:
            row = connection.execute(query.encode(), (model_name, version)).fetchone()
        return row[0] if row else None
