"""The writer's connection of one key. It holds the key's lock: no lock, no write.

The lock belongs to the connection and every write goes through it, so a process that lost the lock has lost the means
to write as well. A nonce is given away under a lock of the account's row besides.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg.rows import dict_row

from gridseal.access.tenant_rows import FIRST, SERVICE, named_for, tenant_options
from gridseal.errors import ChainError
from settlement_service.outbox import database
from settlement_service.transactions.orders import Attempt, Inclusion, KeyName, OrderState, Placed
from settlement_service.transactions.rows import ATTEMPTS, Connection, attempts_of, with_attempts


class KeyLedger:
    """Implements ``ports.Ledger`` in PostgreSQL."""

    def __init__(self, connection: Connection, key: KeyName) -> None:
        self._connection = connection
        self._key = key

    @classmethod
    @asynccontextmanager
    async def open(
        cls, dsn: str, key: KeyName, retry_s: float = 0.5, tenant: str = FIRST
    ) -> AsyncIterator["KeyLedger"]:
        """Wait until no other process of the tenant writes for this key, then do."""
        lock = named_for(f"settlement:key:{key}", tenant)
        async with database():
            connection = await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, row_factory=dict_row, options=tenant_options(tenant, SERVICE)
            )
        async with connection:
            while True:
                async with database():
                    cursor = await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s)) AS got", (lock,))
                    row = await cursor.fetchone()
                if row and row["got"]:
                    break
                await asyncio.sleep(retry_s)
            yield cls(connection, key)

    async def unsettled(self, deployment_id: str) -> Sequence[Placed]:
        """Every order that is not final, oldest first, with its attempts."""
        async with database():
            cursor = await self._connection.execute(
                "SELECT * FROM settlement.orders WHERE deployment = %s AND key_name = %s AND NOT settled ORDER BY id",
                (deployment_id, self._key),
            )
            return await with_attempts(self._connection, await cursor.fetchall())

    async def top_nonce(self, deployment_id: str) -> int:
        """Highest nonce ever signed; -1 if there is none."""
        return await self._number("SELECT coalesce(max(nonce), -1) AS n FROM settlement.attempts", deployment_id)

    async def attempts_at(self, deployment_id: str, nonce: int) -> Sequence[Attempt]:
        """Every transaction ever signed with a nonce, oldest first."""
        async with database():
            cursor = await self._connection.execute(
                f"{ATTEMPTS} WHERE deployment = %s AND key_name = %s AND nonce = %s ORDER BY made_at".encode(),
                (deployment_id, self._key, nonce),
            )
            return attempts_of(await cursor.fetchall())

    async def highest_block(self, deployment_id: str) -> int:
        """Highest block that holds one of its transactions; 0 if there is none."""
        return await self._number("SELECT coalesce(max(block_number), 0) AS n FROM settlement.orders", deployment_id)

    async def save_attempt(self, deployment_id: str, attempt: Attempt) -> None:
        """Keep a transaction before it is sent.

        Raises:
            ChainError: Another order has this nonce.
        """
        connection = self._connection
        async with database(), connection.transaction():
            account = (deployment_id, self._key)
            await connection.execute("INSERT INTO settlement.accounts VALUES (%s, %s) ON CONFLICT DO NOTHING", account)
            await connection.execute(
                "SELECT 1 FROM settlement.accounts WHERE deployment = %s AND key_name = %s FOR UPDATE", account
            )
            cursor = await connection.execute(
                "SELECT 1 FROM settlement.attempts WHERE deployment = %s AND key_name = %s AND nonce = %s"
                " AND order_id IS DISTINCT FROM %s",
                (*account, attempt.nonce, attempt.order_id),
            )
            if await cursor.fetchone() is not None:
                raise ChainError(f"nonce {attempt.nonce} of the {self._key} key was given away already")
            await connection.execute(
                "INSERT INTO settlement.attempts (tx_hash, deployment, key_name, order_id, nonce, gas, max_fee,"
                " priority_fee, raw) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tx_hash) DO NOTHING",
                (
                    attempt.tx_hash,
                    *account,
                    attempt.order_id,
                    attempt.nonce,
                    attempt.gas,
                    attempt.max_fee,
                    attempt.priority_fee,
                    attempt.raw,
                ),
            )
            await connection.execute(
                "UPDATE settlement.orders SET nonce = %s, tx_hash = %s, changed_at = clock_timestamp(),"
                " state = CASE state WHEN 'sent' THEN 'sent' ELSE 'signed' END WHERE id = %s",
                (attempt.nonce, attempt.tx_hash, attempt.order_id),
            )

    async def mark_sent(self, attempt: Attempt) -> None:
        """The node has it."""
        connection = self._connection
        async with database(), connection.transaction():
            await connection.execute(
                "UPDATE settlement.attempts SET sent_at = coalesce(sent_at, clock_timestamp()) WHERE tx_hash = %s",
                (attempt.tx_hash,),
            )
            await connection.execute(
                "UPDATE settlement.orders SET state = 'sent', changed_at = clock_timestamp()"
                " WHERE id = %s AND state = 'signed'",
                (attempt.order_id,),
            )

    async def save_included(self, placed: Placed, inclusion: Inclusion, detail: str) -> None:
        """It is in a block: ``mined``, or ``failed`` with ``detail``."""
        async with database():
            await self._connection.execute(
                "UPDATE settlement.orders SET state = %s, detail = %s, tx_hash = %s, block_number = %s,"
                " block_hash = %s, block_time = %s, succeeded = %s, changed_at = clock_timestamp() WHERE id = %s",
                (
                    "mined" if inclusion.succeeded else "failed",
                    detail,
                    inclusion.tx_hash,
                    inclusion.block_number,
                    inclusion.block_hash,
                    inclusion.block_time,
                    inclusion.succeeded,
                    placed.id,
                ),
            )

    async def save_final(self, placed: Placed) -> None:
        """Its block cannot go away: ``final``, or ``failed`` for good."""
        async with database():
            await self._connection.execute(
                "UPDATE settlement.orders SET settled = true, changed_at = clock_timestamp(),"
                " state = CASE WHEN succeeded THEN 'final' ELSE 'failed' END WHERE id = %s",
                (placed.id,),
            )

    async def save_lost(self, placed: Placed) -> None:
        """Its block went away: ``sent`` again."""
        await self._back(placed, "sent", placed.nonce, "a reorganization of the chain undid it: sent again")

    async def save_displaced(self, placed: Placed) -> None:
        """Another transaction took its nonce for good: ``none`` again."""
        await self._back(placed, "none", None, "another transaction took its nonce: it gets a new one")

    async def save_refused(self, placed: Placed, detail: str) -> None:
        """It is not sent: ``failed``."""
        async with database():
            await self._connection.execute(
                "UPDATE settlement.orders SET state = 'failed', settled = true, detail = %s,"
                " changed_at = clock_timestamp() WHERE id = %s",
                (detail, placed.id),
            )

    async def _back(self, placed: Placed, state: OrderState, nonce: int | None, detail: str) -> None:
        async with database():
            await self._connection.execute(
                "UPDATE settlement.orders SET state = %s, nonce = %s, detail = %s, block_number = NULL,"
                " block_hash = NULL, block_time = NULL, succeeded = NULL, changed_at = clock_timestamp() WHERE id = %s",
                (state, nonce, detail, placed.id),
            )

    async def _number(self, query: str, deployment_id: str) -> int:
        async with database():
            cursor = await self._connection.execute(
                f"{query} WHERE deployment = %s AND key_name = %s".encode(), (deployment_id, self._key)
            )
            row = await cursor.fetchone()
        return int(row["n"]) if row else 0
