"""The writer's connection to PostgreSQL. It holds the one-writer lock: no lock, no write.

The lock belongs to the connection and every write goes through it, so a process that lost the lock
has lost the means to write as well.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from gridseal.access.tenant_rows import FIRST, SERVICE, named_for, tenant_options
from gridseal.errors import UnavailableError
from gridseal.notary.batch import Batch
from gridseal.wire.codec import encode
from settlement_service.grouping import group_key
from settlement_service.sealing import OPEN_STATES, Deployment, Position, Sealing, Signer, Signing, State
from settlement_service.seals import seal_of
from settlement_service.transactions.rows import with_attempts
from settlement_service.vault import Vault

LOCK_NAME = "settlement:writer"
Connection = psycopg.AsyncConnection[DictRow]


@asynccontextmanager
async def database() -> AsyncIterator[None]:
    """A lost connection ends the process with one sentence; the supervisor starts it again."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise UnavailableError("PostgreSQL does not answer: check GRIDSEAL_POSTGRES_DSN") from error


class Outbox:
    """Reads and writes of the one writer of one authority's runs."""

    def __init__(self, connection: Connection, vault: Vault, signer: Signer) -> None:
        self._connection = connection
        self._vault = vault
        self._signer = signer

    @classmethod
    @asynccontextmanager
    async def open(
        cls, dsn: str, vault: Vault, signer: Signer = "forecast", retry_s: float = 0.5, tenant: str = FIRST
    ) -> AsyncIterator["Outbox"]:
        """Wait until no other process is the tenant's writer, then be it."""
        lock = named_for(f"{LOCK_NAME}:{signer}", tenant)
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
            yield cls(connection, vault, signer)

    async def head(self) -> Sealing | None:
        """The oldest run that is not settled."""
        async with database():
            cursor = await self._connection.execute(
                "SELECT * FROM settlement.batches WHERE state = ANY(%s) AND signer = %s ORDER BY sequence LIMIT 1",
                (list(OPEN_STATES), self._signer),
            )
            row = await cursor.fetchone()
            return await load_sealing(self._connection, row, self._vault) if row else None

    async def highest_block(self, deployment: Deployment) -> int:
        """Highest block of a mined run of this deployment; 0 if there is none."""
        async with database():
            cursor = await self._connection.execute(
                "SELECT coalesce(max(block_number), 0) AS top FROM settlement.batches"
                " WHERE state IN ('mined', 'final') AND deployment = %s",
                (deployment.deployment_id,),
            )
            row = await cursor.fetchone()
        return int(row["top"]) if row else 0

    async def recent_sealed(self, deployment: Deployment, limit: int) -> Sequence[Sealing]:
        """The newest runs that are mined or final, newest first."""
        return await self._sealings(
            "SELECT * FROM settlement.batches WHERE state IN ('mined', 'final') AND deployment = %s AND signer = %s"
            " ORDER BY block_number DESC LIMIT %s",
            deployment.deployment_id,
            self._signer,
            limit,
        )

    async def to_follow(self, deployment: Deployment) -> Sequence[Sealing]:
        """Runs whose order has moved on since: mined ones, and given up ones that got in after all."""
        return await self._sealings(
            "SELECT b.* FROM settlement.batches b LEFT JOIN settlement.orders o"
            " ON o.deployment = b.deployment"
            " AND o.idempotency_key = coalesce(b.group_key, 'seal:' || b.batch_hash || ':' || b.tries)"
            " WHERE b.state = 'mined' AND b.deployment = %s AND b.signer = %s"
            " AND (o.id IS NULL OR o.state <> 'mined' OR o.block_hash IS DISTINCT FROM b.block_hash) UNION ALL"
            " SELECT b.* FROM settlement.orders o JOIN settlement.batches b"
            " ON (b.batch_hash = split_part(o.idempotency_key, ':', 2) OR b.group_key = o.idempotency_key)"
            " AND b.deployment = o.deployment"
            " WHERE NOT o.settled AND o.state = 'mined' AND o.deployment = %s AND b.state IN ('late', 'failed')"
            " AND b.signer = %s ORDER BY sequence",
            *(deployment.deployment_id, self._signer, deployment.deployment_id, self._signer),
        )

    async def following(self, head: Sealing, limit: int) -> Sequence[Sealing]:
        """Runs behind the head that are not settled, oldest first."""
        return await self._sealings(
            "SELECT * FROM settlement.batches WHERE signer = %s AND state = ANY(%s) AND sequence >"
            " (SELECT sequence FROM settlement.batches WHERE run_id = %s) ORDER BY sequence LIMIT %s",
            *(self._signer, list(OPEN_STATES), head.run_id, limit),
        )

    async def save_group(self, members: Sequence[tuple[Sealing, Signing]], deployment: Deployment) -> Sequence[Sealing]:
        """Keep the signatures of runs that go together, in one transaction."""
        key = group_key([signing for _, signing in members])
        async with database(), self._connection.transaction():
            return [await self._sign(sealing, signing, deployment, key) for sealing, signing in members]

    async def leave_group(self, sealing: Sealing) -> Sealing:
        """The run goes by itself."""
        async with database():
            await self._connection.execute(
                "UPDATE settlement.batches SET group_key = NULL WHERE run_id = %s", (sealing.run_id,)
            )
        return await self._again(sealing.run_id)

    async def save_signing(self, sealing: Sealing, signing: Signing, deployment: Deployment) -> Sealing:
        """Keep a signature; the run is ``signed`` and goes by itself."""
        async with database(), self._connection.transaction():
            return await self._sign(sealing, signing, deployment, None)

    async def _sign(self, sealing: Sealing, signing: Signing, deployment: Deployment, group: str | None) -> Sealing:
        batch = signing.batch
        async with database():
            await self._connection.execute(
                "INSERT INTO settlement.signings (batch_hash, run_id, nonce, prev_batch, batch, signature)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (batch_hash) DO NOTHING",
                (
                    signing.batch_hash,
                    sealing.run_id,
                    batch.nonce,
                    batch.prev_batch,
                    batch.model_dump_json(),
                    signing.signature,
                ),
            )
            await self._connection.execute(
                "UPDATE settlement.batches SET batch_hash = %s, authority = %s, chain_id = %s, registry = %s,"
                " deployment = %s, group_key = %s WHERE run_id = %s",
                (
                    signing.batch_hash,
                    deployment.authority,
                    deployment.chain_id,
                    deployment.registry,
                    deployment.deployment_id,
                    group,
                    sealing.run_id,
                ),
            )
            return await self._change(sealing, "signed", None, "")

    async def save_state(
        self, sealing: Sealing, state: State, *, position: Position | None = None, detail: str = ""
    ) -> Sealing:
        """Change the state and write the event that tells of it, in one transaction."""
        async with database(), self._connection.transaction():
            return await self._change(sealing, state, position, detail)

    async def _change(self, sealing: Sealing, state: State, position: Position | None, detail: str) -> Sealing:
        await self._connection.execute(
            "UPDATE settlement.batches SET state = %s, detail = %s, changed_at = clock_timestamp() WHERE run_id = %s",
            (state, detail, sealing.run_id),
        )
        if position is None and state in OPEN_STATES:
            await self._connection.execute(
                "UPDATE settlement.batches SET tx_hash = NULL, block_number = NULL, block_hash = NULL,"
                " block_time = NULL WHERE run_id = %s",
                (sealing.run_id,),
            )
        if position is not None:
            await self._connection.execute(
                "UPDATE settlement.batches SET tx_hash = %s, block_number = %s, block_hash = %s, block_time = %s,"
                " batch_hash = %s, log_position = %s WHERE run_id = %s",
                (
                    position.tx_hash,
                    position.block_number,
                    position.block_hash,
                    datetime.fromtimestamp(position.block_time, UTC),
                    position.batch_hash,
                    position.log_position,
                    sealing.run_id,
                ),
            )
        changed = await self._again(sealing.run_id)
        await write_event(self._connection, changed)
        return changed

    async def _sealings(self, query: str, *values: Any) -> Sequence[Sealing]:
        async with database():
            cursor = await self._connection.execute(query.encode(), values)
            return [await load_sealing(self._connection, row, self._vault) for row in await cursor.fetchall()]

    async def _again(self, run_id: str) -> Sealing:
        async with database():
            cursor = await self._connection.execute("SELECT * FROM settlement.batches WHERE run_id = %s", (run_id,))
            row = await cursor.fetchone()
            if row is None:
                raise UnavailableError("a run vanished from the outbox: its table was changed by someone else")
            return await load_sealing(self._connection, row, self._vault)


async def write_event(connection: Connection, sealing: Sealing) -> None:
    """Add the seal event of the run's present state to the outbox of ``forecasts.sealed``.

    The benchmark's runs were never issued to anybody: their seals are no news there.
    """
    if sealing.signer != "forecast":
        return
    await connection.execute(
        "INSERT INTO settlement.seal_events (run_id, document) VALUES (%s, %s)",
        (sealing.run_id, encode(seal_of(sealing))),
    )


async def load_sealing(connection: Connection, row: dict[str, Any], vault: Vault) -> Sealing:
    """The row of a run with its newest signing and the order of that."""
    cursor = await connection.execute(
        "SELECT * FROM settlement.signings WHERE run_id = %s ORDER BY (batch_hash = %s) DESC, signed_at DESC LIMIT 1",
        (row["run_id"], row["batch_hash"]),
    )
    signed = await cursor.fetchone()
    signing = signed and Signing(
        str(signed["batch_hash"]), Batch.model_validate(signed["batch"]), bytes(signed["signature"])
    )
    deployment = row["registry"] and Deployment(
        int(row["chain_id"]), str(row["registry"]), str(row["authority"]), 0, str(row["deployment"])
    )
    sealing = Sealing(
        run_id=row["run_id"],
        product_id=row["product_id"],
        slot=row["slot"],
        version=row["version"],
        gate_closure=int(row["gate_closure"].timestamp()),
        root=row["root"],
        state=row["state"],
        secret=vault.open(bytes(row["secret"]), row["run_id"]),
        document=bytes(row["document"]),
        received_at=row["received_at"],
        signer=row["signer"],
        signing=signing or None,
        tries=int(row["tries"]),
        tx_hash=row["tx_hash"],
        block_number=row["block_number"],
        block_hash=row["block_hash"],
        block_time=row["block_time"],
        batch_hash=row["batch_hash"],
        log_position=int(row["log_position"]),
        group=row["group_key"],
        deployment=deployment or None,
        detail=row["detail"],
    )
    cursor = await connection.execute(
        "SELECT * FROM settlement.orders WHERE deployment = %s AND idempotency_key = %s",
        (row["deployment"], sealing.order_key),
    )
    placed = await with_attempts(connection, await cursor.fetchall())
    if not placed:
        return sealing
    newest = placed[0].attempts[-1].tx_hash if placed[0].attempts else None
    return replace(sealing, order=placed[0], tx_hash=sealing.tx_hash or newest)
