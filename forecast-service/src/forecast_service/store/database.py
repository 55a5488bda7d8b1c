"""PostgreSQL pools, and one way to say that the server does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection, Connection, OperationalError
from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedTable
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from gridseal.access.tenant_rows import FIRST, SERVICE, tenant_options
from gridseal.errors import UnavailableError
from gridseal.runtime.migrations import apply_migrations

SCHEMA = "forecast"
MIGRATIONS = Path(__file__).parent.parent / "migrations"
Pool = ConnectionPool[Connection[tuple[Any, ...]]]
AsyncPool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]
OWN: Final = tenant_options(FIRST)
BOUND: Final = tenant_options(FIRST, SERVICE)
"""What answers people sees one tenant; what computes owns its tables."""


def migrate(dsn: str) -> list[str]:
    """Bring schema ``forecast`` up to date."""
    return apply_migrations(dsn, SCHEMA, MIGRATIONS)


def open_pool(dsn: str, size: int, options: str = OWN) -> Pool:
    """A pool for threads; ``options`` as ``gridseal.access.tenant_rows`` gives them."""
    pool = Pool(
        dsn, min_size=1, max_size=size, open=False, timeout=10, check=ConnectionPool.check_connection,
        kwargs={"options": f"-c timezone=UTC {options}"},
    )  # fmt: skip
    pool.open()
    return pool


async def open_async_pool(dsn: str, size: int, options: str = BOUND) -> AsyncPool:
    """A pool for the event loop; ``options`` as ``gridseal.access.tenant_rows`` gives them."""
    pool = AsyncPool(
        dsn, min_size=1, max_size=size, open=False, timeout=5, check=AsyncConnectionPool.check_connection,
        kwargs={"options": f"-c timezone=UTC {options}"},
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
    except (UndefinedTable, InvalidSchemaName, InsufficientPrivilege) as error:
        raise UnavailableError(
            "schema telemetry is not there yet, or older: streaming-processor brings it up to date when it starts"
        ) from error
