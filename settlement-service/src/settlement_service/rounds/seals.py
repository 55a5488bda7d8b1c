"""What our authorities sealed, from the outbox."""

from datetime import datetime

from settlement_service.outbox import database, load_sealing
from settlement_service.runs import Pool
from settlement_service.sealing import Sealing
from settlement_service.vault import Vault


class SealedRuns:
    """Implements ``ports.Seals`` in PostgreSQL."""

    def __init__(self, pool: Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def sealed(self, product_id: str, slot: datetime) -> list[Sealing]:
        """The seal that counts for a slot, of each of our authorities that has one."""
        newest: dict[str, Sealing] = {}
        for sealing in await self.all_of(product_id, slot):
            if sealing.state in ("mined", "final") and sealing.deployment is not None:
                newest[sealing.deployment.authority] = sealing
        return list(newest.values())

    async def all_of(self, product_id: str, slot: datetime) -> list[Sealing]:
        """Every run of a slot, of whichever authority, by version."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT * FROM settlement.batches WHERE product_id = %s AND slot = %s ORDER BY version, sequence",
                (product_id, slot),
            )
            return [await load_sealing(connection, row, self._vault) for row in await cursor.fetchall()]
