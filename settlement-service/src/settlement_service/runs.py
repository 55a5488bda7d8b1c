"""Runs come in and are read: everything about the outbox that does not need the writer's lock."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool

from gridseal.notary.batch import tree_of
from gridseal.wire.codec import encode
from gridseal.wire.forecasts import ForecastRun
from settlement_service.outbox import Connection, database, load_sealing, write_event
from settlement_service.sealing import Sealing, Signer
from settlement_service.vault import Vault

Pool = AsyncConnectionPool[Connection]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A Kafka message that is no run of forecasts."""

    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    payload: bytes


class Runs:
    """Shared by the intake and the REST face."""

    def __init__(self, pool: Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def add(self, run: ForecastRun, signer: Signer = "forecast") -> bool:
        """Queue a run for sealing; False if it is known already. Its secret is made here, once."""
        if await self.find(run.run_id) is not None:
            return False
        secret = secrets.token_bytes(32)
        root = "0x" + (await asyncio.to_thread(tree_of, run, secret)).root.hex()
        async with database(), self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "INSERT INTO settlement.batches"
                " (run_id, product_id, slot, version, gate_closure, document, secret, root, signer, state)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'built') ON CONFLICT (run_id) DO NOTHING RETURNING *",
                (
                    run.run_id,
                    run.product_id,
                    run.slot,
                    run.version,
                    run.gate_closure,
                    encode(run),
                    self._vault.seal(secret, run.run_id),
                    root,
                    signer,
                ),
            )
            row = await cursor.fetchone()
            if row is not None:
                await write_event(connection, await load_sealing(connection, row, self._vault))
        return row is not None

    async def retry(self, run_id: str, domain_now: datetime) -> bool:
        """Queue a failed or late run again while its gate is open; False if it is not such a run."""
        async with database(), self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "UPDATE settlement.batches SET state = 'built', detail = '', tries = tries + 1 WHERE run_id = %s"
                " AND state IN ('late', 'failed') AND gate_closure > %s RETURNING *",
                (run_id, domain_now),
            )
            row = await cursor.fetchone()
            if row is not None:
                await write_event(connection, await load_sealing(connection, row, self._vault))
        return row is not None

    async def refuse(self, refusal: Refusal) -> None:
        """Keep what was refused, once."""
        async with database(), self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO settlement.refused (topic, partition, kafka_offset, reason, detail, payload)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    refusal.topic,
                    refusal.partition,
                    refusal.offset,
                    refusal.reason,
                    refusal.detail,
                    refusal.payload,
                ),
            )

    async def find(self, run_id: str) -> Sealing | None:
        """One run by its id."""
        return await self._one("SELECT * FROM settlement.batches WHERE run_id = %s", run_id)

    async def find_by_transaction(self, tx_hash: str) -> Sealing | None:
        """The run that a transaction was made for, mined or not; also one of before there were orders."""
        return await self._one(
            "SELECT b.* FROM settlement.batches b WHERE b.run_id IN (SELECT run_id FROM settlement.transactions"
            " WHERE tx_hash = %s UNION ALL SELECT s.run_id FROM settlement.attempts a"
            " JOIN settlement.orders o ON o.id = a.order_id"
            " JOIN settlement.signings s ON s.batch_hash = split_part(o.idempotency_key, ':', 2)"
            " WHERE a.tx_hash = %s)",
            tx_hash,
            tx_hash,
        )

    async def seal_secrets(self) -> int:
        """Seal every batch secret that is plain, or sealed with an older key, and return how many there were."""
        async with database(), self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "SELECT run_id, secret FROM settlement.batches WHERE length(secret) = 32"
                " OR substr(secret, 2, 4) <> %s FOR UPDATE",
                (self._vault.key_id,),
            )
            rows = await cursor.fetchall()
            for row in rows:
                await connection.execute(
                    "UPDATE settlement.batches SET secret = %s WHERE run_id = %s",
                    (self._vault.renewed(bytes(row["secret"]), row["run_id"]), row["run_id"]),
                )
        return len(rows)

    async def issued(self, run_id: str) -> ForecastRun | None:
        """A run as forecast-service stored it."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute("SELECT document FROM forecast.runs WHERE run_id = %s", (run_id,))
            row = await cursor.fetchone()
        return ForecastRun.model_validate(row["document"]) if row else None

    async def summary(self) -> dict[str, int]:
        """Number of runs per state."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT state, count(*) AS n FROM settlement.batches WHERE signer = 'forecast' GROUP BY state"
            )
            return {str(row["state"]): int(row["n"]) for row in await cursor.fetchall()}

    async def ping(self) -> None:
        """Whether the database answers."""
        async with database(), self._pool.connection() as connection:
            await connection.execute("SELECT 1")

    async def _one(self, query: str, *values: str) -> Sealing | None:
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(query.encode(), values)
            row: DictRow | None = await cursor.fetchone()
            return await load_sealing(connection, row, self._vault) if row else None
