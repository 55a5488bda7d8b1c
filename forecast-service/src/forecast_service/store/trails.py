"""The way of one window through forecasting: which run took it, when that was due, computed, published and sealed."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from forecast_service.store.database import AsyncPool, answering
from gridseal.wire.fields import UtcTime

_RUN = """
SELECT r.run_id, r.product_id, r.slot, r.issued_at, r.recorded_at, r.gate_closure, r.model_name, r.model_version,
       o.published_at, j.started_at, j.finished_at, octet_length(i.payload), l.state, l.tx_hash, l.block_number,
       l.block_time, l.updated_at
FROM forecast.runs r
LEFT JOIN forecast.outbox o USING (run_id)
LEFT JOIN forecast.run_inputs i USING (run_id)
LEFT JOIN forecast.seals l USING (run_id)
LEFT JOIN LATERAL (
  SELECT started_at, finished_at FROM forecast.job_runs
  WHERE kind = 'forecast' AND product_id = r.product_id AND slot = r.slot ORDER BY started_at LIMIT 1) j ON true
"""
_BY_ID = _RUN + "WHERE r.run_id = %(run_id)s"
# The first slot that could have seen the window: runs take the windows that ended by their slot.
_FIRST = (
    _RUN
    + """
WHERE r.slot >= %(ended_by)s AND r.slot < %(ended_by)s + interval '2 days'
  AND EXISTS (SELECT FROM forecast.values v WHERE v.run_id = r.run_id AND v.series_id = %(series_id)s
              AND v.target_start >= r.slot)
ORDER BY r.slot, r.recorded_at LIMIT 1
"""
)


class RunTrail(BaseModel):
    """Moments of one run. ``*_domain`` is domain time, all others the wall clock of the database or of the chain."""

    run_id: str
    product_id: str
    slot_domain: UtcTime
    issued_domain: UtcTime
    recorded_at: UtcTime
    gate_closure_domain: UtcTime
    model_name: str
    model_version: str
    published_at: UtcTime | None
    job_sent_at: UtcTime | None
    job_ended_at: UtcTime | None
    input_bytes: int | None
    """What the run keeps of its inputs, compressed; none for runs from before inputs were kept."""
    seal_state: str | None
    tx_hash: str | None
    block_number: int | None
    block_time_domain: UtcTime | None
    """The chain's own clock, which follows domain time on the local stack."""
    seal_known_at: UtcTime | None
    """When the newest state of the seal was written here."""


class Trails:
    """Every call may raise ``UnavailableError``."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def of_run(self, run_id: str) -> RunTrail | None:
        """One run."""
        return await self._one(_BY_ID, {"run_id": run_id})

    async def first_after(self, series_id: str, ended_by: datetime) -> RunTrail | None:
        """The first run about a series whose slot is not before the end of a window."""
        return await self._one(_FIRST, {"series_id": series_id, "ended_by": ended_by})

    async def _one(self, query: str, arguments: dict[str, Any]) -> RunTrail | None:
        with answering():
            async with self._pool.connection() as connection:
                row = await (await connection.execute(query.encode(), arguments)).fetchone()
        return RunTrail.model_validate(dict(zip(RunTrail.model_fields, row, strict=True))) if row else None
