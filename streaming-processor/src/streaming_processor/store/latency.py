"""Writes latency figures and asks Spark for its progress once a second, apart from the batches."""

import asyncio
from collections.abc import Callable

import psycopg

from gridseal.errors import UnavailableError
from streaming_processor.progress import LastBatch, Progress

_EVERY_S = 1.0
_INSERT = "INSERT INTO telemetry.latency (n, p50_ms, p95_ms, p99_ms, live) VALUES (%s, %s, %s, %s, %s)"


class LatencyWriter:
    """One row a second for live readings, and one for the others, while there are any."""

    def __init__(self, dsn: str, progress: Progress, last: Callable[[], LastBatch | None]) -> None:
        self._dsn = dsn
        self._progress = progress
        self._last = last

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            UnavailableError: PostgreSQL is gone for more than a few tries.
        """
        failures = 0
        while True:
            await asyncio.sleep(_EVERY_S)
            last = await asyncio.to_thread(self._last)
            if last is not None:
                self._progress.set_last(last)
            rows = self._progress.take_latency()
            if not rows:
                continue
            try:
                async with await psycopg.AsyncConnection.connect(self._dsn, connect_timeout=5) as connection:
                    await connection.cursor().executemany(
                        _INSERT, [(r.n, r.p50_ms, r.p95_ms, r.p99_ms, r.live) for r in rows]
                    )
                failures = 0
            except psycopg.OperationalError as error:
                failures += 1
                if failures > 20:
                    raise UnavailableError("PostgreSQL does not answer: latency cannot be written") from error
