"""Schema ``access`` in PostgreSQL: keys of machines and the audit log, shared by all services."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from gridseal.access.api_keys import KeyRecord
from gridseal.access.audit import AuditEntry, AuditLine
from gridseal.access.audit_chain import FIRST
from gridseal.errors import UnavailableError
from gridseal.runtime.migrations import apply_migrations

SCHEMA: Final = "access"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_TIMEOUT_S: Final = 3
_WRITE: Final = """
INSERT INTO access.audit
  (tenant_id, service, actor, role, action, method, path, status, reason, address, trace_id)
VALUES (%(tenant_id)s, %(service)s, %(actor)s, %(role)s, %(action)s, %(method)s, %(path)s, %(status)s, %(reason)s,
  %(address)s, %(trace_id)s)
"""
_LINE: Final = """
SELECT entry_id, at, tenant_id, service, actor, role, action, method, path, status, reason, address, trace_id,
  place, previous, hash
FROM access.audit
"""
_READ: Final = f"""{_LINE}
WHERE tenant_id = %(tenant)s AND at >= %(begin)s AND at < %(end)s AND entry_id > %(after)s
ORDER BY entry_id LIMIT %(limit)s
"""
_FOLLOWING: Final = f"""{_LINE}
WHERE tenant_id = %(tenant)s AND place > %(after)s ORDER BY place LIMIT %(limit)s
"""
_KEYS: Final = """
SELECT key_id, sha256, name, role, tenant_id AS tenant, expires_at FROM access.api_keys WHERE revoked_at IS NULL
"""
_ADD: Final = """
INSERT INTO access.api_keys (key_id, sha256, name, role, tenant_id, expires_at)
VALUES (%(key_id)s, %(sha256)s, %(name)s, %(role)s, %(tenant)s, %(expires_at)s)
"""


class AccessDatabase:
    """One connection, opened when it is first needed and again when it broke."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._migrated = False
        self._connection: psycopg.AsyncConnection[dict[str, Any]] | None = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self, tenant: str | None = None) -> AsyncIterator[psycopg.AsyncConnection[dict[str, Any]]]:
        """One transaction; with a tenant, as a role that sees nothing of others.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        async with self._lock:
            try:
                connection = await self._opened()
                async with connection.transaction():
                    if tenant is not None:
                        await connection.execute("SET LOCAL ROLE gridseal_tenant")
                        await connection.execute("SELECT set_config('gridseal.tenant', %s, true)", (tenant,))
                    yield connection
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._connection = None
                raise UnavailableError("PostgreSQL does not answer, so nobody's access can be looked up") from error

    async def _opened(self) -> psycopg.AsyncConnection[dict[str, Any]]:
        if not self._migrated:
            await asyncio.to_thread(apply_migrations, self._dsn, SCHEMA, MIGRATIONS)
            self._migrated = True
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, connect_timeout=_TIMEOUT_S, row_factory=dict_row,
                options="-c statement_timeout=5000 -c timezone=UTC",
            )  # fmt: skip
        return self._connection

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


class PostgresAudit:
    """The table ``access.audit``."""

    def __init__(self, database: AccessDatabase) -> None:
        self._database = database

    async def write(self, entry: AuditEntry) -> None:
        """Add a line."""
        async with self._database.transaction() as connection:
            await connection.execute(_WRITE, entry.model_dump())

    async def read(self, tenant: str, begin: datetime, end: datetime, after: int, limit: int) -> list[AuditLine]:
        """Lines of one tenant in ``[begin, end)`` after a line, oldest first."""
        asked = {"tenant": tenant, "begin": begin, "end": end, "after": after, "limit": limit}
        async with self._database.transaction(tenant) as connection:
            cursor = await connection.execute(_READ, asked)
            return [AuditLine(**row) for row in await cursor.fetchall()]

    async def following(self, tenant: str, after: int, limit: int) -> list[AuditLine]:
        """Lines of one tenant after a place, in the order of the chain."""
        async with self._database.transaction(tenant) as connection:
            cursor = await connection.execute(_FOLLOWING, {"tenant": tenant, "after": after, "limit": limit})
            return [AuditLine(**row) for row in await cursor.fetchall()]

    async def head(self, tenant: str) -> tuple[int, str]:
        """Place and hash of a tenant's last line; 0 and zeros before the first."""
        async with self._database.transaction(tenant) as connection:
            cursor = await connection.execute(
                "SELECT place, hash FROM access.audit_heads WHERE tenant_id = %s", (tenant,)
            )
            row = await cursor.fetchone()
        return (row["place"], row["hash"]) if row else (0, FIRST)


class PostgresKeys:
    """The table ``access.api_keys``, read anew every few seconds: so long a revoked key may still work."""

    def __init__(self, database: AccessDatabase, look_every_s: float = 5.0) -> None:
        self._database = database
        self._look_every_s = look_every_s
        self._looked_at = float("-inf")
        self._records: dict[str, KeyRecord] = {}

    async def find(self, key_id: str) -> KeyRecord | None:
        """The record of a key that was not revoked."""
        if time.monotonic() - self._looked_at > self._look_every_s:
            async with self._database.transaction() as connection:
                rows = await (await connection.execute(_KEYS)).fetchall()
            self._records = {row["key_id"]: KeyRecord(**row) for row in rows}
            self._looked_at = time.monotonic()
        return self._records.get(key_id)

    async def add(self, record: KeyRecord) -> None:
        """Keep a new key."""
        async with self._database.transaction() as connection:
            await connection.execute(_ADD, record.model_dump())

    async def revoke(self, key_id: str) -> bool:
        """Take a key back; whether there was one."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "UPDATE access.api_keys SET revoked_at = clock_timestamp() WHERE key_id = %s AND revoked_at IS NULL",
                (key_id,),
            )
        return cursor.rowcount == 1

    async def all(self) -> list[KeyRecord]:
        """Every key that counts."""
        async with self._database.transaction() as connection:
            rows = await (await connection.execute(_KEYS)).fetchall()
        return [KeyRecord(**row) for row in rows]
