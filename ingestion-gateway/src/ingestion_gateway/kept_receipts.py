"""Receipts kept for proofs: written behind the critical path, read by who makes a proof file.

Receipts are cumulative, so one per device and quarter of an hour is enough to show that the gateway answered for
every message until then. No message and no receipt waits for this.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Final

from fastapi import FastAPI, HTTPException, Query

from gridseal.errors import UnavailableError
from gridseal.http.moments import Moment
from gridseal.runtime.logs import get_logger
from gridseal.wire.codec import decode
from gridseal.wire.fields import Message, Slug
from gridseal.wire.receipts import Receipt
from ingestion_gateway.database import Connection, GatewayDatabase
from ingestion_gateway.receipts import ReceiptBook

log = get_logger(__name__)
ROWS_AT_ONCE: Final = 1_000
MOST_DEVICES: Final = 100
"""Per question: their names stand in the address."""
_CLEAN_EVERY_S: Final = 600.0
_WRITE: Final = """
INSERT INTO gateway.kept_receipts (device_id, boot_id, issued_at, content)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bytea[]) ON CONFLICT DO NOTHING
"""
_READ: Final = """
SELECT kept.content FROM unnest(%s::text[]) AS asked(device_id)
CROSS JOIN LATERAL (
    SELECT content FROM gateway.kept_receipts AS k
    WHERE k.device_id = asked.device_id AND k.issued_at <= %s ORDER BY k.issued_at DESC LIMIT 1
) AS kept ORDER BY asked.device_id
"""
_CLEAN: Final = "DELETE FROM gateway.kept_receipts WHERE issued_at < %s"


class KeptReceiptList(Message):
    """Answer of ``GET /api/v1/gateway/receipts``, at most one receipt per device, by device."""

    items: tuple[Receipt, ...]


class KeptReceipts:
    """Between a receipt book and the table ``gateway.kept_receipts``."""

    def __init__(self, database: GatewayDatabase, book: ReceiptBook, *, keep_s: float, interval_s: float = 1.0) -> None:
        """Prepare.

        Args:
            database: The gateway's schema.
            book: Hands over what is to be kept.
            keep_s: Wall seconds after which a receipt is deleted.
            interval_s: Wall seconds between two writes.
        """
        self._database, self._book, self._keep_s, self._interval_s = database, book, keep_s, interval_s
        self._clean_at = 0.0

    async def run(self) -> None:
        """Write what is to be kept, and delete what is old, until cancelled."""
        while True:
            await asyncio.sleep(self._interval_s)
            await self.flush()

    async def flush(self) -> None:
        """Write all that is to be kept, as long as the database answers; the rest stays for the next time."""
        while taken := self._book.to_keep(ROWS_AT_ONCE):
            rows = [(life.device_id, life.boot_id, _moment(at), content) for life, at, content in taken]
            try:
                await self._database.run(partial(_write, rows=rows))
            except BaseException as error:
                self._book.keep_again(taken)
                if isinstance(error, UnavailableError):
                    log.warning("receipts_not_kept", error=str(error))
                    return
                raise
        if time.monotonic() >= self._clean_at:
            await self._clean()

    async def before(self, devices: Sequence[str], moment: datetime) -> list[Receipt]:
        """The newest receipt of each device that was issued no later than a moment of the wall clock.

        Raises:
            UnavailableError: The database does not answer.
        """
        found = await self._database.run(
            lambda connection: connection.execute(_READ, (list(dict.fromkeys(devices)), moment)).fetchall()
        )
        return [decode(Receipt, bytes(row[0])) for row in found]

    async def _clean(self) -> None:
        oldest = datetime.now(UTC) - timedelta(seconds=self._keep_s)
        try:
            await self._database.run(
                lambda connection: connection.execute(
                    "DELETE FROM gateway.kept_receipts WHERE issued_at < %s", (oldest,)
                )
            )
        except UnavailableError as error:
            log.warning("receipts_not_cleaned", error=str(error))
            return
        self._clean_at = time.monotonic() + _CLEAN_EVERY_S


def install_kept_receipts(app: FastAPI, kept: KeptReceipts) -> None:
    """Add the route."""

    @app.get("/api/v1/gateway/receipts", operation_id="list_kept_receipts", tags=["identity"])
    async def receipts(
        device_id: Annotated[list[Slug], Query(min_length=1, max_length=MOST_DEVICES)],
        before: Annotated[Moment, Query(description="Wall clock: issued no later than this.")],
    ) -> KeptReceiptList:
        """The newest kept receipt of each device from before a moment, as it was signed then."""
        try:
            return KeptReceiptList(items=tuple(await kept.before(device_id, before)))
        except UnavailableError as error:
            raise HTTPException(503, str(error)) from error


def _write(connection: Connection, rows: Sequence[tuple[str, str, datetime, bytes]]) -> None:
    connection.execute(_WRITE, tuple(list(column) for column in zip(*rows, strict=True)))


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)
