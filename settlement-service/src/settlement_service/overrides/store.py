"""Requests for recalibration in PostgreSQL: ``settlement.overrides``, made from events of the chain."""

from datetime import datetime
from typing import Any

from gridseal.notary.leaf import name_hash
from settlement_service.outbox import database
from settlement_service.overrides.values import FINISHED, Job, NewVersion, Override, OverrideState
from settlement_service.runs import Pool

_TAKE = """
INSERT INTO settlement.overrides (deployment, request_id, product_hash, operator, reason_hash, asked_at, tx_hash)
SELECT deployment, (arguments->>'requestId')::bigint, product_hash, account, arguments->>'reasonHash', block_time,
  tx_hash
FROM settlement.chain_events WHERE deployment = %s AND event = 'RecalibrationRequested' AND block_number <= %s
ON CONFLICT DO NOTHING
"""


class OverrideStore:
    """Implements ``ports.Overrides``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, deployment_id: str, up_to_block: int) -> None:
        """Make rows of the events in blocks up to this one, once each."""
        async with database(), self._pool.connection() as connection:
            await connection.execute(_TAKE, (deployment_id, up_to_block))

    async def unfinished(self, deployment_id: str) -> list[Override]:
        """Requests that something is still to be done for, oldest first."""
        return await self._read(
            "deployment = %s AND state <> ALL(%s) ORDER BY request_id", deployment_id, list(FINISHED)
        )

    async def newest(self, deployment_id: str, limit: int) -> list[Override]:
        """Requests, newest first."""
        return await self._read("deployment = %s ORDER BY request_id DESC LIMIT %s", deployment_id, limit)

    async def find(self, deployment_id: str, request_id: int) -> Override | None:
        """One request."""
        found = await self._read("deployment = %s AND request_id = %s", deployment_id, request_id)
        return found[0] if found else None

    async def product_named(self, product_hash: str) -> str | None:
        """The product of a hash, among those that were ever sealed."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute("SELECT DISTINCT product_id FROM settlement.batches")
            names = [str(row["product_id"]) for row in await cursor.fetchall()]
        return next((name for name in names if "0x" + name_hash(name).hex() == product_hash), None)

    async def set_product(self, override: Override, product_id: str) -> None:
        """Its product is known now."""
        await self._change(override, "product_id = %s", product_id)

    async def set_reason(self, override: Override, reason: str) -> None:
        """Keep the text whose hash is on the chain."""
        await self._change(override, "reason = %s", reason)

    async def set_job(self, override: Override, state: OverrideState, job: Job) -> None:
        """How its job fares."""
        values = "state = %s, flow = %s, job_id = %s, detail = %s, done_at = %s"
        await self._change(override, values, state, job.flow, job.job_id, job.detail, job.finished_at)

    async def set_failed(self, override: Override, detail: str) -> None:
        """Nothing can be done."""
        await self._change(override, "state = 'failed', detail = %s", detail)

    async def set_version(self, override: Override, version: NewVersion) -> None:
        """The first run after the job: the new version that the request led to."""
        values = "state = 'linked', model_name = %s, model_version = %s, first_run_id = %s"
        await self._change(override, values, version.model_name, version.model_version, version.run_id)

    async def first_run_after(self, product_id: str, moment: datetime) -> NewVersion | None:
        """The first run of a product that was received after a wall time."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT b.run_id, r.model_name, r.model_version FROM settlement.batches b"
                " JOIN forecast.runs r USING (run_id)"
                " WHERE b.product_id = %s AND r.recorded_at > %s ORDER BY r.recorded_at LIMIT 1",
                (product_id, moment),
            )
            row = await cursor.fetchone()
        return NewVersion(row["run_id"], row["model_name"], row["model_version"]) if row else None

    async def _change(self, override: Override, values: str, *arguments: object) -> None:
        async with database(), self._pool.connection() as connection:
            await connection.execute(
                f"UPDATE settlement.overrides SET {values} WHERE deployment = %s AND request_id = %s".encode(),
                (*arguments, override.deployment, override.request_id),
            )

    async def _read(self, condition: str, *arguments: object) -> list[Override]:
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                f"SELECT * FROM settlement.overrides WHERE {condition}".encode(), arguments
            )
            return [_override(row) for row in await cursor.fetchall()]


def _override(row: dict[str, Any]) -> Override:
    return Override(**{name: value for name, value in row.items() if name != "tenant_id"})
