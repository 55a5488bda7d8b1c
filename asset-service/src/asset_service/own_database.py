"""Questions to PostgreSQL about one tenant, asked rarely: each opens its own connection, which may only read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedColumn, UndefinedTable
from psycopg.rows import dict_row

from gridseal.access.tenant_rows import SERVICE, tenant_options
from gridseal.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """PostgreSQL as one tenant sees it."""

    dsn: str
    timeout_s: float
    tenant: str

    async def rows(self, query: LiteralString, asked: Mapping[str, Any], tables: str) -> list[dict[str, Any]]:
        """The answer to one question.

        Raises:
            UnavailableError: The database does not answer, or ``tables`` are not there yet.
        """
        options = (
            f"-c statement_timeout={int(self.timeout_s * 1_000)} -c default_transaction_read_only=on"
            f" {tenant_options(self.tenant, SERVICE)}"
        )
        try:
            async with await self._connect(options) as connection, connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(query, asked)
                return await cursor.fetchall()
        except (UndefinedTable, UndefinedColumn, InvalidSchemaName, InsufficientPrivilege) as error:
            raise UnavailableError(f"the {tables} tables are not there yet: try again shortly") from error
        except psycopg.Error as error:
            raise _unavailable(error) from error

    async def ping(self) -> None:
        """Return when the database answers; without the role, which streaming-processor may yet have to make."""
        try:
            async with await self._connect("") as connection:
                await connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise _unavailable(error) from error

    async def _connect(self, options: str) -> psycopg.AsyncConnection:
        timeout = max(1, int(self.timeout_s))
        return await psycopg.AsyncConnection.connect(self.dsn, connect_timeout=timeout, options=options)


def _unavailable(error: psycopg.Error) -> UnavailableError:
    """What to do about a question that PostgreSQL did not answer."""
    if SERVICE in str(error):
        return UnavailableError("the role that reads for a tenant is not there yet: streaming-processor makes it")
    return UnavailableError("PostgreSQL does not answer: check GRIDSEAL_POSTGRES_DSN and that the server runs")
