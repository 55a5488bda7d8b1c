"""Slots with their seals and rounds, in PostgreSQL."""

from datetime import datetime
from typing import Any

from settlement_service.outbox import database
from settlement_service.runs import Pool
from settlement_service.sealing import seal_state
from settlement_service.wallet.views import SlotView

_PAGE = """
SELECT DISTINCT ON (b.slot, b.product_id) b.product_id, b.slot, b.run_id, b.version, b.gate_closure, b.state,
  b.tx_hash, b.block_time, r.state AS round, r.detail AS round_detail, r.due_at
FROM settlement.batches b LEFT JOIN settlement.rounds r USING (product_id, slot)
WHERE b.signer = 'forecast' AND b.product_id = coalesce(%s, b.product_id) AND b.slot >= %s
  AND (b.slot, b.product_id) < (%s, %s)
ORDER BY b.slot DESC, b.product_id DESC, b.version DESC LIMIT %s
"""


class SlotStore:
    """Reads ``settlement.batches`` and ``settlement.rounds``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def newest(self) -> list[tuple[str, datetime]]:
        """Each product that was ever sealed, with its newest slot, by name."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT product_id, max(slot) AS slot FROM settlement.batches GROUP BY product_id ORDER BY product_id"
            )
            return [(str(row["product_id"]), row["slot"]) for row in await cursor.fetchall()]

    async def page(
        self, product_id: str | None, since: datetime, before: tuple[datetime, str], limit: int
    ) -> list[SlotView]:
        """Slots from ``since`` on, newest first, that are less than ``before``: a slot and a product."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(_PAGE, (product_id, since, *before, limit))
            return [_slot(row) for row in await cursor.fetchall()]


def _slot(row: dict[str, Any]) -> SlotView:
    return SlotView(
        product_id=row["product_id"], slot=row["slot"], run_id=row["run_id"], version=row["version"],
        gate_closure=row["gate_closure"], seal=seal_state(row["state"]), tx_hash=row["tx_hash"],
        sealed_at=row["block_time"], round=row["round"], round_detail=row["round_detail"], due_at=row["due_at"],
    )  # fmt: skip
