"""Removes what is older than the settings allow, once a day: old partitions whole, the rest in small portions."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from prometheus_client import CollectorRegistry, Counter
from psycopg import sql

from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
_PORTION: Final = 20_000
_FIRST_AFTER_S: Final = 30.0
_AGED: Final = {
    "windows": ("window_rows", "window_start"),
    "refused": ("refused", "refused_at"),
    "latency": ("latency", "at"),
    "signed_messages": ("signed_messages", "stored_at"),
}
_DELETE: Final = (
    "DELETE FROM telemetry.{table} WHERE ctid = ANY (ARRAY("
    "SELECT ctid FROM telemetry.{table} WHERE {column} < %s LIMIT {portion}))"
)
# Spark hands none of these over again: it retains the last 20. Their sums stay.
_PRUNE: Final = """
WITH gone AS (
    DELETE FROM telemetry.ledger l USING
        (SELECT query_id, max(batch_id) AS last FROM telemetry.ledger GROUP BY 1) n
    WHERE l.query_id = n.query_id AND l.batch_id <= n.last - %s AND l.told_at IS NOT NULL
    RETURNING l.*),
total AS (
    SELECT count(*) AS batches, coalesce(sum(messages), 0) AS messages, coalesce(sum(inserted), 0) AS inserted,
           coalesce(sum(duplicates), 0) AS duplicates, coalesce(sum(refused), 0) AS refused,
           coalesce(sum(undecodable), 0) AS undecodable, coalesce(sum(late), 0) AS late FROM gone)
UPDATE telemetry.ledger_removed r SET
    batches = r.batches + t.batches, messages = r.messages + t.messages, inserted = r.inserted + t.inserted,
    duplicates = r.duplicates + t.duplicates, refused = r.refused + t.refused,
    undecodable = r.undecodable + t.undecodable, late = r.late + t.late
FROM total t RETURNING t.batches"""
_NOTE: Final = "INSERT INTO telemetry.retention_runs (store, removed, before) VALUES (%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Keep:
    """How long; 0 days is for ever."""

    readings_days: int
    windows_days: int
    refused_days: int
    latency_days: int
    ledger_batches: int
    compress_after_days: int = 0
    """Older chunks go to TimescaleDB's columnstore, where there is one; 0 is never."""


class Retention:
    """A part of the process. Readings and windows are old on the domain's clock, the rest on the wall's."""

    def __init__(self, dsn: str, keep: Keep, clock: Clock, every_s: float, registry: CollectorRegistry) -> None:
        self._dsn = dsn
        self._keep = keep
        self._clock = clock
        self._every_s = every_s
        self._removed = Counter(
            "gridseal_stream_retention_removed_total",
            "What retention removed: rows, or whole partitions of readings",
            ["store"],
            registry=registry,
        )

    async def run(self) -> None:
        """Until cancelled. A database that is away now is asked again the next time."""
        await asyncio.sleep(min(_FIRST_AFTER_S, self._every_s))
        while True:
            try:
                await asyncio.to_thread(self.remove_old)
            except UnavailableError as error:
                log.warning("retention_put_off", error=str(error))
            await asyncio.sleep(self._every_s)

    def remove_old(self) -> dict[str, int]:
        """One run; what it removed.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        domain, wall = self._clock.now(), datetime.now(UTC)
        horizons = {
            "windows": (domain, self._keep.windows_days),
            "refused": (wall, self._keep.refused_days),
            "latency": (wall, self._keep.latency_days),
            "signed_messages": (wall, self._keep.readings_days),
        }
        removed: dict[str, int] = {}
        try:
            with psycopg.connect(self._dsn, autocommit=True, connect_timeout=5) as connection:
                if self._keep.readings_days:
                    before = domain - timedelta(days=self._keep.readings_days)
                    removed["readings"] = self._noted(
                        connection, "readings", _drop_readings(connection, before), before
                    )
                for store, (now, days) in horizons.items():
                    if days:
                        before = now - timedelta(days=days)
                        removed[store] = self._noted(connection, store, _delete(connection, store, before), before)
                if self._keep.compress_after_days:
                    before = domain - timedelta(days=self._keep.compress_after_days)
                    row = connection.execute("SELECT telemetry.compress_before(%s)", (before,)).fetchone()
                    log.info("chunks_compressed", count=row[0] if row else 0)
                row = connection.execute(_PRUNE, (self._keep.ledger_batches,)).fetchone()
                removed["ledger"] = self._noted(connection, "ledger", row[0] if row else 0, wall)
        except psycopg.OperationalError as error:
            raise UnavailableError(f"PostgreSQL does not answer: {str(error).splitlines()[0]}") from error
        return removed

    def _noted(self, connection: psycopg.Connection[Any], store: str, count: int, before: datetime) -> int:
        if count:
            self._removed.labels(store).inc(count)
            connection.execute(_NOTE, (store, count, before))
            log.info("retention_removed", store=store, count=count)
        return count


def _drop_readings(connection: psycopg.Connection[Any], before: datetime) -> int:
    """Whole partitions, or chunks, that end before the moment."""
    row = connection.execute("SELECT telemetry.drop_chunks_before('telemetry.reading_rows', %s)", (before,)).fetchone()
    dropped = int(row[0]) if row else 0
    for (part,) in connection.execute("SELECT part FROM telemetry.months_before(%s)", (before,)).fetchall():
        name = sql.Identifier("telemetry", part)
        # Concurrently, so that batches and readers go on.
        connection.execute(sql.SQL("ALTER TABLE telemetry.reading_rows DETACH PARTITION {} CONCURRENTLY").format(name))
        connection.execute(sql.SQL("DROP TABLE {}").format(name))
        dropped += 1
    return dropped


def _delete(connection: psycopg.Connection[Any], store: str, before: datetime) -> int:
    table, column = _AGED[store]
    removed = 0
    if store == "windows":
        row = connection.execute("SELECT telemetry.drop_chunks_before('telemetry.window_rows', %s)", (before,))
        removed += (row.fetchone() or (0,))[0]
    statement = _DELETE.format(table=table, column=column, portion=_PORTION).encode()
    while True:
        portion = connection.execute(statement, (before,)).rowcount
        removed += portion
        if portion < _PORTION:
            return removed
