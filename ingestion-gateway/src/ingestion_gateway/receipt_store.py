"""Keeps the receipt book in PostgreSQL, behind the critical path, and brings it back at the next start.

While the database is away the gateway goes on from memory; what changed meanwhile is written when it
is back. Rows are united, never replaced, so a lagging copy, a crash, or a second replica of the gateway
can only add to what is known.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger
from ingestion_gateway.database import Connection, GatewayDatabase
from ingestion_gateway.receipt_life import KEPT_REFUSED, MAX_ENTRIES, Life
from ingestion_gateway.receipts import ReceiptBook

log = get_logger(__name__)
ROWS_AT_ONCE: Final = 1_000
"""Per statement. With more devices than that active, each row is just written less often."""
RETRY_S: Final = 1.0

_RANGE: Final = re.compile(r"\[(\d+),(\d+)\)")
_LOAD: Final = "SELECT device_id, boot_id, durable::text, refused::text FROM gateway.receipts ORDER BY updated_at"
_WRITE: Final = f"""
WITH mine AS (
    SELECT device_id, boot_id, durable::int8multirange AS durable, refused::jsonb AS refused
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS m(device_id, boot_id, durable, refused)
    ORDER BY device_id, boot_id
), merged AS (
    INSERT INTO gateway.receipts AS held (device_id, boot_id, durable, refused) SELECT * FROM mine
    ON CONFLICT (device_id, boot_id) DO UPDATE SET
        durable = CASE WHEN (SELECT count(*) FROM unnest(held.durable + excluded.durable)) > {MAX_ENTRIES + 1}
                       THEN excluded.durable ELSE held.durable + excluded.durable END,
        refused = CASE WHEN (SELECT count(*) FROM jsonb_object_keys(held.refused || excluded.refused)) > {KEPT_REFUSED}
                       THEN excluded.refused ELSE held.refused || excluded.refused END,
        updated_at = now()
    RETURNING device_id, boot_id, durable, refused
)
SELECT merged.device_id, merged.boot_id, merged.durable::text, merged.refused::text
FROM merged JOIN mine USING (device_id, boot_id)
WHERE merged.durable <> mine.durable OR merged.refused <> mine.refused
"""
Row = tuple[str, str, str, str]


class ReceiptStore:
    """Between a receipt book and the table ``gateway.receipts``."""

    def __init__(self, database: GatewayDatabase, book: ReceiptBook, *, interval_s: float = 0.2) -> None:
        self._database, self._book, self._interval_s = database, book, interval_s
        self._loaded = False
        self.available = False
        """Whether the last use of the database went well."""

    async def load(self) -> None:
        """Bring back what earlier processes promised; without a database, begin from memory and catch up later."""
        await self._try(self._load)

    async def run(self) -> None:
        """Write what changed, again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._interval_s if self.available else RETRY_S)
            await self.flush_some()

    async def flush_some(self) -> bool:
        """Write the oldest changes; False when the database is away."""
        if not self._loaded and not await self._try(self._load):
            return False
        return await self._try(self._flush)

    async def flush(self) -> None:
        """Write all changes if the database answers; at the end of the process."""
        while self._book.unsaved and await self.flush_some():
            pass

    async def _try(self, step: Callable[[], Awaitable[None]]) -> bool:
        try:
            await step()
        except UnavailableError as error:
            if self.available or not self._loaded:
                log.warning("receipts_not_saved", error=str(error), waiting=self._book.unsaved)
            self.available = False
            return False
        self.available = True
        return True

    async def _load(self) -> None:
        rows = await self._database.run(_read)
        for number, row in enumerate(rows):
            self._merge(row)
            if number % 5_000 == 4_999:
                await asyncio.sleep(0)
        self._loaded = True
        log.info("receipts_loaded", lives=len(rows))

    async def _flush(self) -> None:
        lives = self._book.changed(ROWS_AT_ONCE)
        if not lives:
            return
        columns = _columns(lives)
        try:
            differing = await self._database.run(lambda connection: _write(connection, columns))
        except BaseException:
            self._book.keep_changed(lives)
            raise
        for row in differing:
            self._merge(row)

    def _merge(self, row: Row) -> None:
        device_id, boot_id, durable, refused = row
        ranges = [(int(first), int(end) - 1) for first, end in _RANGE.findall(durable)]
        self._book.merge(device_id, boot_id, ranges, msgspec.json.decode(refused, type=dict[int, str]))


def _columns(lives: Sequence[Life]) -> tuple[list[str], list[str], list[str], list[str]]:
    return (
        [life.device_id for life in lives],
        [life.boot_id for life in lives],
        ["{" + ",".join(f"[{first},{last + 1})" for first, last in life.durable()) + "}" for life in lives],
        [msgspec.json.encode(life.refused).decode() if life.refused else "{}" for life in lives],
    )


def _read(connection: Connection) -> list[Row]:
    return connection.execute(_LOAD).fetchall()


def _write(connection: Connection, columns: tuple[list[str], ...]) -> list[Row]:
    return connection.execute(_WRITE.encode(), columns).fetchall()
