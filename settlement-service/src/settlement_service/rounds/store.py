"""Rounds and the actuals that were proposed for them, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gridseal.errors import UnavailableError
from gridseal.notary.score import ActualLeaf
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.rounds import RoundState
from settlement_service.outbox import Connection, database
from settlement_service.rounds.values import ActualSet, Round
from settlement_service.runs import Pool


class RoundStore:
    """Tables ``settlement.rounds`` and ``settlement.actuals``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def slots(self, product_id: str, since: datetime) -> list[datetime]:
        """Slots from ``since`` on for which the benchmark was composed, oldest first."""
        return await self._moments(
            "SELECT DISTINCT slot AS moment FROM settlement.batches"
            " WHERE product_id = %s AND signer = 'benchmark' AND slot >= %s ORDER BY slot",
            (product_id, since),
        )

    async def settled(self, product_id: str, since: datetime) -> list[datetime]:
        """Slots from ``since`` on that have a round."""
        return await self._moments(
            "SELECT slot AS moment FROM settlement.rounds WHERE product_id = %s AND slot >= %s ORDER BY slot",
            (product_id, since),
        )

    async def newest(self) -> int:
        """Sequence of the newest run of the benchmark, 0 before the first: one look at the end of an index."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT sequence FROM settlement.batches WHERE signer = 'benchmark' ORDER BY sequence DESC LIMIT 1"
            )
            row = await cursor.fetchone()
        return int(row["sequence"]) if row else 0

    async def next_due(self, deployment_id: str, domain_now: datetime) -> datetime | None:
        """When the next round of this deployment that is not due yet is."""
        found = await self._moments(
            "SELECT due_at AS moment FROM settlement.rounds WHERE NOT ended AND deployment = %s AND due_at > %s"
            " ORDER BY due_at LIMIT 1",
            (deployment_id, domain_now),
        )
        return found[0] if found else None

    async def products(self) -> list[str]:
        """Products that were ever sealed."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute("SELECT DISTINCT product_id FROM settlement.batches ORDER BY 1")
            return [str(row["product_id"]) for row in await cursor.fetchall()]

    async def benchmark_run(self, product_id: str, slot: datetime) -> ForecastRun | None:
        """The newest version of the benchmark's run of a slot."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT document FROM settlement.batches WHERE product_id = %s AND slot = %s AND signer = 'benchmark'"
                " ORDER BY version DESC LIMIT 1",
                (product_id, slot),
            )
            row = await cursor.fetchone()
        return decode(ForecastRun, bytes(row["document"])) if row else None

    async def add(self, round_: Round, deployment_id: str) -> None:
        """Keep a round; one that is there stays as it is."""
        async with database(), self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO settlement.rounds (product_id, slot, deployment, due_at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (round_.product_id, round_.slot, deployment_id, round_.due_at),
            )

    async def open(self, deployment_id: str, domain_now: datetime) -> list[Round]:
        """Rounds of this deployment that are due and not ended, oldest first."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT * FROM settlement.rounds WHERE NOT ended AND deployment = %s AND due_at <= %s ORDER BY due_at",
                (deployment_id, domain_now),
            )
            return [await _round(connection, row) for row in await cursor.fetchall()]

    async def find(self, product_id: str, slot: datetime) -> Round | None:
        """One round."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT * FROM settlement.rounds WHERE product_id = %s AND slot = %s", (product_id, slot)
            )
            row = await cursor.fetchone()
            return await _round(connection, row) if row else None

    async def between(self, since: datetime, until: datetime, product_id: str | None, limit: int) -> list[Round]:
        """Rounds of slots in ``[since, until)``, newest first."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT * FROM settlement.rounds WHERE slot >= %s AND slot < %s"
                " AND product_id = coalesce(%s, product_id) ORDER BY slot DESC, product_id LIMIT %s",
                (since, until, product_id, limit),
            )
            return [await _round(connection, row) for row in await cursor.fetchall()]

    async def save_state(self, round_: Round, state: RoundState, detail: str = "", *, ended: bool = False) -> None:
        """Change the state. One that ended is not looked at again: what was to be claimed is claimed."""
        async with database(), self._pool.connection() as connection:
            await connection.execute(
                "UPDATE settlement.rounds SET state = %s, detail = %s, ended = %s, changed_at = clock_timestamp()"
                " WHERE product_id = %s AND slot = %s",
                (state, detail, ended, round_.product_id, round_.slot),
            )

    async def save_actuals(self, round_: Round, actuals: ActualSet) -> ActualSet:
        """Keep a version before it is proposed; what was kept for the version first is what stays."""
        async with database(), self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO settlement.actuals (product_id, slot, version, root, secret, items)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                _row(round_, actuals),
            )
            kept = await _actuals(connection, round_.product_id, round_.slot, actuals.version)
        if kept is None:
            raise UnavailableError("a set of actuals vanished: its table was changed by someone else")
        return kept

    async def put_actuals(self, round_: Round, actuals: ActualSet) -> None:
        """Keep a version whose root stands on the chain, in place of one of ours that did not get there."""
        async with database(), self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO settlement.actuals (product_id, slot, version, root, secret, items)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (product_id, slot, version) DO UPDATE"
                " SET root = excluded.root, secret = excluded.secret, items = excluded.items",
                _row(round_, actuals),
            )

    async def actuals(self, product_id: str, slot: datetime, version: int) -> ActualSet | None:
        """One version."""
        async with database(), self._pool.connection() as connection:
            return await _actuals(connection, product_id, slot, version)

    async def _moments(self, query: str, values: Sequence[object]) -> list[datetime]:
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(query.encode(), values)
            return [row["moment"] for row in await cursor.fetchall()]


def _row(round_: Round, actuals: ActualSet) -> tuple[object, ...]:
    items = Jsonb([asdict(item) for item in actuals.items])
    return round_.product_id, round_.slot, actuals.version, actuals.root, actuals.secret, items


async def _round(connection: Connection, row: dict[str, Any]) -> Round:
    return Round(
        product_id=row["product_id"],
        slot=row["slot"],
        due_at=row["due_at"],
        state=row["state"],
        actuals=await _actuals(connection, row["product_id"], row["slot"], None),
        detail=row["detail"],
    )


async def _actuals(connection: Connection, product_id: str, slot: datetime, version: int | None) -> ActualSet | None:
    cursor = await connection.execute(
        "SELECT * FROM settlement.actuals WHERE product_id = %s AND slot = %s AND version = coalesce(%s, version)"
        " ORDER BY version DESC LIMIT 1",
        (product_id, slot, version),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    items = tuple(ActualLeaf(**item) for item in row["items"])
    return ActualSet(row["version"], row["root"], bytes(row["secret"]), items)
