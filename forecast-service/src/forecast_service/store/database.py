"""PostgreSQL pools, and one way to say that the server does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, Connection, OperationalError
from psycopg.errors import InvalidSchemaName, UndefinedTable
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from gridseal.errors import UnavailableError
from gridseal.runtime.migrations import apply_migrations

SCHEMA = "forecast"
MIGRATIONS = Path(__file__).parent.parent / "migrations"
Pool = ConnectionPool[Connection[tuple[Any, ...]]]
AsyncPool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]


def migrate(dsn: str) -> list[str]:
    """Bring schema ``forecast`` up to date."""
    return apply_migrations(dsn, SCHEMA, MIGRATIONS)


def open_pool(dsn: str, size: int) -> Pool:
    """A pool for threads."""
    pool = Pool(
        dsn, min_size=1, max_size=size, open=False, timeout=10, check=ConnectionPool.check_connection,
        kwargs={"options": "-c timezone=UTC"},
    )  # fmt: skip
    pool.open()
    return pool


async def open_async_pool(dsn: str, size: int) -> AsyncPool:
    """A pool for the event loop."""
    pool = AsyncPool(
        dsn, min_size=1, max_size=size, open=False, timeout=5, check=AsyncConnectionPool.check_connection,
        kwargs={"options": "-c timezone=UTC"},
    )  # fmt: skip
    await pool.open()
    return pool


@contextmanager
def answering() -> Iterator[None]:
    """Turn "the server is gone" and "its tables are not there yet" into one error that asks for a retry.

    Raises:
        UnavailableError: Either of the two.
    """
    try:
        yield
    except OperationalError as error:
        raise UnavailableError("PostgreSQL does not answer: check that the server runs") from error
    except (UndefinedTable, InvalidSchemaName) as error:
        raise UnavailableError(
            "schema telemetry is not there yet: streaming-processor creates it when it starts"
        ) from error
