"""Events of the contracts in PostgreSQL: ``settlement.chain_events``."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gridseal.notary.leaf import name_hash
from gridseal.wire.codec import encode
from gridseal.wire.fields import format_utc
from settlement_service.contracts import Place
from settlement_service.events import ChainEvent, LogId
from settlement_service.outbox import Connection, database
from settlement_service.rounds.news import ABOUT_ROUNDS, change_of
from settlement_service.runs import Pool

_INSERT = """
INSERT INTO settlement.chain_events (deployment, block_number, log_index, block_hash, block_time, tx_hash, contract,
  event, product_hash, slot, account, arguments)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class StoredEvents:
    """Implements ``events.EventStore``, and answers questions about what happened."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def reached(self, deployment_id: str) -> int | None:
        """The newest block that was read."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT block FROM settlement.chain_cursor WHERE deployment = %s", (deployment_id,)
            )
            row = await cursor.fetchone()
        return int(row["block"]) if row else None

    async def hash_at(self, deployment_id: str, below: int) -> tuple[int, str] | None:
        """Number and hash of the newest block below a number that holds an event."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT block_number, block_hash FROM settlement.chain_events"
                " WHERE deployment = %s AND block_number < %s ORDER BY block_number DESC LIMIT 1",
                (deployment_id, below),
            )
            row = await cursor.fetchone()
        return (int(row["block_number"]), str(row["block_hash"])) if row else None

    async def replace(self, place: Place, since: int, until: int, events: Sequence[ChainEvent]) -> int:
        """Put these events in the place of all from block ``since`` on, in one transaction; how many are new.

        What is new or gone about a round is told of on ``rounds.changed``, by rows of the same transaction.
        """
        deployment_id = place.deployment_id
        async with database(), self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "DELETE FROM settlement.chain_events WHERE deployment = %s AND block_number >= %s RETURNING *",
                (deployment_id, since),
            )
            before = [_event(row) for row in await cursor.fetchall()]
            async with connection.cursor() as insert:
                await insert.executemany(_INSERT, [_row(deployment_id, e) for e in events])
            await connection.execute(
                "INSERT INTO settlement.chain_cursor (deployment, block) VALUES (%s, %s)"
                " ON CONFLICT (tenant_id, deployment) DO UPDATE SET block = excluded.block",
                (deployment_id, until),
            )
            known, now = {e.log_id for e in before}, {e.log_id for e in events}
            moved = [*(e for e in events if e.log_id not in known), *(e for e in before if e.log_id not in now)]
            await self._tell(connection, place, moved, now - known)
        return len(now - known)

    async def _tell(
        self, connection: Connection, place: Place, moved: Sequence[ChainEvent], new: Collection[LogId]
    ) -> None:
        """Add the messages of all rounds that something is new or gone of."""
        slots = dict.fromkeys((e.product_hash, e.slot) for e in moved if e.event in ABOUT_ROUNDS)
        if not slots or "Settlement" not in place.addresses:
            return
        cursor = await connection.execute("SELECT DISTINCT product_id FROM settlement.batches")
        names = {"0x" + name_hash(r["product_id"]).hex(): str(r["product_id"]) for r in await cursor.fetchall()}
        for product_hash, slot in slots:
            product_id = names.get(str(product_hash))
            if product_id is None or slot is None:
                continue
            cursor = await connection.execute(
                "SELECT * FROM settlement.chain_events WHERE deployment = %s AND product_hash = %s AND slot = %s"
                " ORDER BY block_number, log_index",
                (place.deployment_id, product_hash, slot),
            )
            events = [_event(row) for row in await cursor.fetchall()]
            change = change_of(product_id, slot, events, new, place)
            await connection.execute(
                "INSERT INTO settlement.round_events (round_key, document) VALUES (%s, %s)",
                (f"{product_id}/{format_utc(slot)}", encode(change)),
            )

    async def of_slot(self, deployment_id: str, product_hash: str, slot: datetime) -> list[ChainEvent]:
        """Everything about one slot, oldest first."""
        return await self._read("product_hash = %s AND slot = %s", deployment_id, (product_hash, slot))

    async def of_transactions(self, deployment_id: str, hashes: Sequence[str]) -> list[ChainEvent]:
        """Everything that happened in these transactions, oldest first."""
        return await self._read("tx_hash = ANY(%s)", deployment_id, (list(hashes),))

    async def named(
        self, deployment_id: str, names: Sequence[str], since: datetime, until: datetime, account: str | None = None
    ) -> list[ChainEvent]:
        """Events of these names in blocks of ``[since, until)``, oldest first; of one account if it is given."""
        condition = "event = ANY(%s) AND block_time >= %s AND block_time < %s AND (%s::text IS NULL OR account = %s)"
        return await self._read(condition, deployment_id, (list(names), since, until, account, account))

    async def of_person(self, deployment_id: str, names: Sequence[str], account: str) -> list[ChainEvent]:
        """Events of these names that name ``account`` as theirs, oldest first, whichever authority they are about."""
        condition = "event = ANY(%s) AND arguments->>'account' = %s"
        return await self._read(condition, deployment_id, (list(names), account))

    async def _read(self, condition: str, deployment_id: str, values: Sequence[object]) -> list[ChainEvent]:
        query = (
            f"SELECT * FROM settlement.chain_events WHERE deployment = %s AND {condition}"
            " ORDER BY block_number, log_index LIMIT 10000"
        )
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(query.encode(), (deployment_id, *values))
            return [_event(row) for row in await cursor.fetchall()]


def _row(deployment_id: str, event: ChainEvent) -> tuple[object, ...]:
    return (
        deployment_id, event.block_number, event.log_index, event.block_hash, event.block_time, event.tx_hash,
        event.contract, event.event, event.product_hash, event.slot, event.account, Jsonb(dict(event.arguments)),
    )  # fmt: skip


def _event(row: dict[str, Any]) -> ChainEvent:
    return ChainEvent(
        block_number=int(row["block_number"]), log_index=int(row["log_index"]), block_hash=row["block_hash"],
        block_time=row["block_time"], tx_hash=row["tx_hash"], contract=row["contract"], event=row["event"],
        product_hash=row["product_hash"], slot=row["slot"], account=row["account"], arguments=row["arguments"],
    )  # fmt: skip
