"""The stream as an operator looks at it: rates, what was refused, the way of one reading. Only reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.errors import UndefinedTable
from psycopg.rows import DictRow, dict_row
from pydantic import BaseModel

from gridseal.errors import UnavailableError
from gridseal.wire.fields import UtcTime

TIMEOUT_S: Final = 10
_RATES: Final = """
SELECT date_bin(make_interval(secs => %(width_s)s), committed_at, timestamptz '2000-01-01 00:00Z') AS at,
       count(*) AS batches, sum(messages)::bigint AS messages, sum(inserted)::bigint AS stored,
       sum(duplicates)::bigint AS duplicates, sum(refused)::bigint AS refused, sum(undecodable)::bigint AS undecodable,
       sum(late)::bigint AS late,
       max(extract(epoch FROM committed_at - began_at))::float8 AS longest_s
FROM telemetry.ledger WHERE committed_at >= clock_timestamp() - make_interval(secs => %(span_s)s)
GROUP BY 1 ORDER BY 1
"""
_REFUSED: Final = """
SELECT encode(digest, 'hex') AS refusal_id, device_id, quantity, period_start, reason, detail, left(payload, 2048)
       AS payload, refused_at
FROM telemetry.refused
WHERE (%(at)s::timestamptz IS NULL OR (refused_at, encode(digest, 'hex')) < (%(at)s, %(id)s))
  AND (%(reason)s::text IS NULL OR reason = %(reason)s)
ORDER BY refused_at DESC, encode(digest, 'hex') DESC LIMIT %(limit)s
"""
_READING: Final = """
SELECT d.device_id, q.quantity, r.period_start, r.period_s, r.value_milli, l.quality, r.sent_at_ms, r.stored_at
FROM telemetry.reading_rows r JOIN telemetry.devices d USING (device_no) JOIN telemetry.quantities q USING (quantity_no)
     JOIN telemetry.qualities l USING (quality_no)
WHERE d.device_id = %(device_id)s AND q.quantity = %(quantity)s
  AND (%(period_start)s::timestamptz IS NULL OR r.period_start = %(period_start)s)
ORDER BY r.period_start DESC LIMIT 1
"""
# A batch stores within its transaction: the row was written between its begin and its commit.
_BATCH: Final = """
SELECT query_id, batch_id, began_at, committed_at, told_at, messages, inserted FROM telemetry.ledger
WHERE committed_at >= %(stored_at)s AND began_at <= %(stored_at)s ORDER BY committed_at LIMIT 1
"""
_WINDOWS: Final = """
SELECT w.series_id, w.width_s, w.window_start, w.mean_milli, w.covered_s, w.expected_s, w.version, w.updated_at
FROM telemetry.windows w
WHERE w.series_id = %(series_id)s AND w.window_start <= %(period_start)s
  AND w.window_start + make_interval(secs => w.width_s) > %(period_start)s ORDER BY w.width_s
"""


class RatePoint(BaseModel):
    """Batches that were committed within one bucket of wall time."""

    at: UtcTime
    batches: int
    messages: int
    stored: int
    duplicates: int
    refused: int
    undecodable: int
    late: int
    longest_s: float | None


class Refusal(BaseModel):
    """One reading that was not stored."""

    refusal_id: str
    device_id: str
    quantity: str
    period_start: UtcTime | None
    reason: str
    detail: str
    payload: str
    refused_at: UtcTime


class StoredReading(BaseModel):
    """One reading as it is stored."""

    device_id: str
    quantity: str
    period_start: UtcTime
    period_s: int
    value_milli: int
    quality: str
    sent_at_ms: int
    """The device's clock, Unix milliseconds, wall time."""
    stored_at: UtcTime


class StoringBatch(BaseModel):
    """The batch that stored it."""

    query_id: str
    batch_id: int
    began_at: UtcTime | None
    committed_at: UtcTime
    told_at: UtcTime | None
    """When Kafka and the features had been told of its windows."""
    messages: int
    inserted: int


class WindowState(BaseModel):
    """A window that the reading is part of, as it is now."""

    series_id: str
    width_s: int
    window_start: UtcTime
    mean_milli: int
    covered_s: int
    expected_s: int
    version: int
    updated_at: UtcTime


class ReadingTrail(BaseModel):
    """Answer of ``GET /api/v1/stream/trail``."""

    reading: StoredReading
    batch: StoringBatch | None
    """None: the ledger row was removed since."""
    windows: list[WindowState]


class PipelineTables:
    """Each question opens its own connection: operators ask rarely. May raise ``UnavailableError``."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def rates(self, width_s: int, span_s: int) -> list[RatePoint]:
        """Buckets of the last ``span_s`` wall seconds in which something was committed, oldest first."""
        rows = await self._read(_RATES, {"width_s": width_s, "span_s": span_s})
        return [RatePoint.model_validate(row) for row in rows]

    async def refused(self, limit: int, reason: str | None, before: tuple[datetime, str] | None) -> list[Refusal]:
        """Refused readings, newest first, after a place in that order."""
        at, name = before or (None, None)
        rows = await self._read(_REFUSED, {"limit": limit, "reason": reason, "at": at, "id": name})
        return [Refusal.model_validate(row) for row in rows]

    async def trail(
        self, device_id: str, quantity: str, period_start: datetime | None, series_id: str | None
    ) -> ReadingTrail | None:
        """The newest reading of a device, or that of a period, with the batch and the windows that took it."""
        asked = {"device_id": device_id, "quantity": quantity, "period_start": period_start}
        found = await self._read(_READING, asked)
        if not found:
            return None
        reading = StoredReading.model_validate(found[0])
        batch = await self._read(_BATCH, {"stored_at": reading.stored_at})
        windows: Sequence[DictRow] = ()
        if series_id is not None:
            windows = await self._read(_WINDOWS, {"series_id": series_id, "period_start": reading.period_start})
        return ReadingTrail(
            reading=reading,
            batch=StoringBatch.model_validate(batch[0]) if batch else None,
            windows=[WindowState.model_validate(row) for row in windows],
        )

    async def _read(self, query: str, values: Mapping[str, Any]) -> list[DictRow]:
        options = f"-c statement_timeout={TIMEOUT_S}s -c default_transaction_read_only=on -c timezone=UTC"
        try:
            async with (
                await psycopg.AsyncConnection.connect(self._dsn, connect_timeout=3, options=options) as connection,
                connection.cursor(row_factory=dict_row) as cursor,
            ):
                await cursor.execute(query.encode(), values)
                return await cursor.fetchall()
        except (psycopg.OperationalError, UndefinedTable) as error:
            raise UnavailableError("PostgreSQL does not answer: check that the server runs") from error
