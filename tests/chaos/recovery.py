"""When the path moves again: the newest message of each device that can be read from the store."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

STORED = "telemetry.readings"
# On the tables below the view: by their keys each device takes one look into the index, however much is stored.
NEWEST = """
SELECT d.device_id, max(n.sent_at_ms) FROM telemetry.devices d, telemetry.quantities q, LATERAL (
    SELECT r.sent_at_ms FROM telemetry.reading_rows r
    WHERE r.device_no = d.device_no AND r.quantity_no = q.quantity_no
    ORDER BY r.period_start DESC LIMIT 8) n
WHERE d.device_id = ANY(%s) AND q.quantity = ANY(%s) AND n.sent_at_ms < %s GROUP BY 1"""
NEWEST_OF_CONTROL = """
SELECT device_id, max(sent_at_ms) FROM {table}
WHERE device_id = ANY(%s) AND quantity = ANY(%s) AND sent_at_ms < %s GROUP BY 1"""
QUANTITIES = ["active_power", "air_temperature"]
"""One stored quantity of every class."""
POLL_S = 0.08
AN_HOUR_MS = 3_600_000


@dataclass(slots=True)
class Recovery:
    """What one step of faults did to the path."""

    at: float
    """Monotonic."""
    at_ms: int
    """Wall clock, to compare with ``sent_at_ms``."""
    first_s: float | None = None
    """Until a message sent after the fault was queryable."""
    all_s: float | None = None
    """The same for every device."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def begin(cls) -> "Recovery":
        """Now."""
        return cls(time.monotonic(), time.time_ns() // 1_000_000)


class Watch:
    """Asks the store again and again, and notes what has recovered."""

    def __init__(self, dsn: str, devices: Sequence[str], table: str) -> None:
        self._query = (NEWEST if table == STORED else NEWEST_OF_CONTROL.format(table=table)).encode()
        self._dsn, self._devices = dsn, list(devices)
        self._open: list[Recovery] = []
        self._connection: psycopg.AsyncConnection[tuple[str, int]] | None = None

    def follow(self, recovery: Recovery) -> None:
        """From now on look out for it."""
        self._open.append(recovery)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                newest = await self._ask()
                if newest:
                    self._note(newest)
                await asyncio.sleep(POLL_S)
        finally:
            await self._drop()

    async def _ask(self) -> dict[str, int]:
        try:
            connection = await self._connect()
            async with asyncio.timeout(2):
                return await self._newest(connection)
        except (psycopg.Error, OSError, TimeoutError):
            await self._drop()
            return {}

    async def _connect(self) -> "psycopg.AsyncConnection[tuple[str, int]]":
        # The driver's own limit: a task that is cancelled while it connects would leave the socket open.
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=2)
        return self._connection

    async def _newest(self, connection: "psycopg.AsyncConnection[tuple[str, int]]") -> dict[str, int]:
        limit = time.time_ns() // 1_000_000 + AN_HOUR_MS
        rows = await connection.execute(self._query, (self._devices, QUANTITIES, limit))
        return dict(await rows.fetchall())

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _note(self, newest: dict[str, int]) -> None:
        now = time.monotonic()
        for recovery in list(self._open):
            if recovery.first_s is None and max(newest.values()) > recovery.at_ms:
                recovery.first_s = now - recovery.at
                recovery.moved.set()
            if len(newest) == len(self._devices) and min(newest.values()) > recovery.at_ms:
                recovery.all_s = now - recovery.at
                self._open.remove(recovery)
