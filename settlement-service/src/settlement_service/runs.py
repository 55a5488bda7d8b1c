"""Runs come in and are read: everything about the outbox that does not need the writer's lock."""

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

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, run: ForecastRun, signer: Signer = "forecast") -> bool:
        """Queue a run for sealing; False if it is known already. Its secret is made here, once."""
        if await self.find(run.run_id) is not None:
            return False
        secret = secrets.token_bytes(32)
        root = "0x" + tree_of(run, secret).root.hex()
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
                    secret,
                    root,
                    signer,
                ),
            )
            row = await cursor.fetchone()
            if row is not None:
                await write_event(connection, await load_sealing(connection, row))
        return row is not None

    async def retry(self, run_id: str, domain_now: datetime) -> bool:
        """Queue a failed or late run again while its gate is open; False if it is not such a run."""
        async with database(), self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "UPDATE settlement.batches SET state = 'built', detail = '' WHERE run_id = %s"
                " AND state IN ('late', 'failed') AND gate_closure > %s RETURNING *",
                (run_id, domain_now),
            )
            row = await cursor.fetchone()
            if row is not None:
                await write_event(connection, await load_sealing(connection, row))
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
        """The run that a transaction was made for, mined or not."""
        return await self._one(
            "SELECT b.* FROM settlement.batches b JOIN settlement.transactions t USING (run_id) WHERE t.tx_hash = %s",
            tx_hash,
        )

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

    async def _one(self, query: str, value: str) -> Sealing | None:
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(query.encode(), (value,))
            row: DictRow | None = await cursor.fetchone()
            return await load_sealing(connection, row) if row else None
