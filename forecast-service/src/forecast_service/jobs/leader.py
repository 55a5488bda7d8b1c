"""One scheduler leads: a session advisory lock in PostgreSQL."""

import asyncio
from types import TracebackType

from psycopg import AsyncConnection, OperationalError

from gridseal.errors import UnavailableError

SCHEDULER_LOCK = "forecast:scheduler"
TRAIN_LOCK = "forecast:train"


class Lock:
    """Held for as long as its connection lives; a killed process loses it at once."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._connection: AsyncConnection[tuple[object, ...]] | None = None

    async def take(self) -> bool:
        """Try once.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        try:
            if self._connection is None:
                self._connection = await AsyncConnection.connect(self._dsn, autocommit=True)
            cursor = await self._connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (self._name,))
            row = await cursor.fetchone()
        except OperationalError as error:
            raise UnavailableError("PostgreSQL does not answer: check that the server runs") from error
        return bool(row and row[0])

    async def wait(self, every_s: float = 1.0) -> None:
        """Wait until it is ours."""
        while True:
            if await self.take():
                return
            await asyncio.sleep(every_s)

    async def hold(self, every_s: float = 1.0) -> None:
        """Look after the lock until cancelled or lost."""
        while True:
            await self.check()
            await asyncio.sleep(every_s)

    async def check(self) -> None:
        """Make sure it is still ours.

        Raises:
            UnavailableError: The connection broke, and the lock with it.
        """
        try:
            if self._connection is None:
                raise UnavailableError(f"lock {self._name} was never taken")
            await self._connection.execute("SELECT 1")
        except OperationalError as error:
            raise UnavailableError(f"lock {self._name} is lost: PostgreSQL closed the connection") from error

    async def __aenter__(self) -> "Lock":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()
