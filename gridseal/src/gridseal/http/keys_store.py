"""First answers by ``Idempotency-Key`` in PostgreSQL: schema ``http``, shared by all services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from gridseal.errors import UnavailableError
from gridseal.http.keys import Begun, Kept
from gridseal.runtime.migrations import apply_migrations

SCHEMA: Final = "http"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
TTL_S: Final = 86_400
STALE_S: Final = 60
"""A request that has been under way for longer was lost with its process: the next one takes its place."""
_TIMEOUT_S: Final = 5
_BEGIN = """
INSERT INTO http.answers (service, route, key, fingerprint, expires_at)
VALUES (%(service)s, %(route)s, %(key)s, %(print)s, clock_timestamp() + make_interval(secs => %(ttl)s))
ON CONFLICT (service, route, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = NULL, headers = '{}',
  body = '', begun_at = clock_timestamp(), expires_at = excluded.expires_at
WHERE answers.expires_at < clock_timestamp()
  OR (answers.status IS NULL AND answers.begun_at < clock_timestamp() - make_interval(secs => %(stale)s))
RETURNING true
"""
_WHICH = " WHERE service = %(service)s AND route = %(route)s AND key = %(key)s"
_READ = ("SELECT fingerprint, status, headers, body FROM http.answers" + _WHICH).encode()
_KEEP = ("UPDATE http.answers SET status = %(status)s, headers = %(headers)s, body = %(body)s" + _WHICH).encode()
_FORGET = ("DELETE FROM http.answers" + _WHICH).encode()


class PostgresAnswers:
    """One connection per request that carries a key: they are rare, and nothing has to be opened or closed."""

    def __init__(self, dsn: str, service: str, *, ttl_s: float = TTL_S, stale_s: float = STALE_S) -> None:
        self._dsn = dsn
        self._service = service
        self._terms = {"ttl": ttl_s, "stale": stale_s}
        self._migrated = False

    async def begin(self, route: str, key: str, fingerprint: bytes) -> Begun:
        """Take the key, or say why not."""
        place = self._place(route, key) | {"print": fingerprint}
        async with self._connection() as connection:
            await connection.execute("DELETE FROM http.answers WHERE expires_at < clock_timestamp()")
            if await (await connection.execute(_BEGIN, place)).fetchone():
                return "new"
            cursor = await connection.execute(
                "SELECT fingerprint, status, headers, body FROM http.answers" + _WHICH, place
            )
            row = await cursor.fetchone()
        if row is None or row[1] is None:
            return "other" if row is not None and bytes(row[0]) != fingerprint else "running"
        return Kept(row[1], row[2], bytes(row[3])) if bytes(row[0]) == fingerprint else "other"

    async def keep(self, route: str, key: str, answer: Kept) -> None:
        """The answer from now on."""
        given = {"status": answer.status, "headers": Jsonb(dict(answer.headers)), "body": answer.body}
        async with self._connection() as connection:
            await connection.execute(_KEEP, self._place(route, key) | given)

    async def forget(self, route: str, key: str) -> None:
        """The key is free."""
        async with self._connection() as connection:
            await connection.execute(_FORGET, self._place(route, key))

    def _place(self, route: str, key: str) -> dict[str, Any]:
        return {"service": self._service, "route": route, "key": key} | self._terms

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[tuple[Any, ...]]]:
        try:
            if not self._migrated:
                await asyncio.to_thread(apply_migrations, self._dsn, SCHEMA, MIGRATIONS)
                self._migrated = True
            async with await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, connect_timeout=_TIMEOUT_S
            ) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise UnavailableError("PostgreSQL does not answer, so no Idempotency-Key can be kept") from error
