"""The gateway's own schema in PostgreSQL: one connection, used off the event loop, made anew after a failure.

Nothing on the way of a message waits for it.
"""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg

from gridseal.errors import UnavailableError
from gridseal.runtime.migrations import apply_migrations

SCHEMA: Final = "gateway"
_TIMEOUT_S: Final = 5
T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]


class GatewayDatabase:
    """Runs one piece of work at a time, each in a transaction of its own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` in a transaction.

        Raises:
            UnavailableError: The database does not answer or refuses; the next call connects afresh.
        """
        return await asyncio.to_thread(self._run, work)

    async def close(self) -> None:
        """Let go of the connection."""
        await asyncio.to_thread(self._drop)

    def _run(self, work: Callable[[Connection], T]) -> T:
        with self._lock:
            try:
                connection = self._connect()
                with connection.transaction():
                    return work(connection)
            except psycopg.Error as error:
                self._drop_locked()
                raise UnavailableError(f"PostgreSQL (schema {SCHEMA}): {type(error).__name__}") from error

    def _connect(self) -> Connection:
        if self._connection is None:
            options = f"-c statement_timeout={_TIMEOUT_S}s -c lock_timeout={_TIMEOUT_S}s"
            probe = psycopg.connect(self._dsn, connect_timeout=_TIMEOUT_S, options=options, autocommit=True)
            try:
                apply_migrations(self._dsn, SCHEMA, Path(__file__).parent / "migrations")
            except BaseException:
                probe.close()
                raise
            self._connection = probe
        return self._connection

    def _drop(self) -> None:
        with self._lock:
            self._drop_locked()

    def _drop_locked(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
