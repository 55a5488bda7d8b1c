"""Orders come in and are read: everything that does not need a key's lock."""

import asyncio
from collections.abc import Mapping
from typing import Any

from psycopg_pool import AsyncConnectionPool

from gridseal.errors import UnavailableError
from settlement_service.outbox import database
from settlement_service.transactions.allowed import require_allowed
from settlement_service.transactions.contracts import Calls, Place
from settlement_service.transactions.orders import KeyName, Order, Placed, TransactionState
from settlement_service.transactions.ports import Places
from settlement_service.transactions.rows import Connection, with_attempts

Pool = AsyncConnectionPool[Connection]


class TransactionBox:
    """Implements ``ports.Transactions`` in PostgreSQL. The event of an order's key is set when one came in."""

    def __init__(self, pool: Pool, contracts: Places, calls: Calls, wakes: Mapping[KeyName, asyncio.Event]) -> None:
        self._pool = pool
        self._contracts = contracts
        self._calls = calls
        self._wakes = wakes

    async def submit(self, order: Order) -> Placed:
        """Queue a call, or return the order that has this idempotency key already. Raises as the port says."""
        require_allowed(order.key, order.contract, order.method)
        place = await self._place()
        calldata = self._calls.encode(order.contract, order.method, order.arguments)
        async with database(), self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO settlement.orders (deployment, key_name, contract, method, calldata, gas_limit,"
                " idempotency_key, not_after, state) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'none')"
                " ON CONFLICT (tenant_id, deployment, idempotency_key) DO NOTHING",
                (
                    place.deployment_id,
                    order.key,
                    order.contract,
                    order.method,
                    calldata,
                    order.gas_limit,
                    order.idempotency_key,
                    order.not_after,
                ),
            )
        if order.key in self._wakes:
            self._wakes[order.key].set()
        placed = await self.find(order.idempotency_key)
        if placed is None:
            raise UnavailableError("an order vanished from the outbox: its table was changed by someone else")
        return placed

    async def find(self, idempotency_key: str) -> Placed | None:
        """The order of this key on the present deployment."""
        place = await self._place()
        return await self._one("deployment = %s AND idempotency_key = %s", place.deployment_id, idempotency_key)

    async def of_transaction(self, tx_hash: str) -> Placed | None:
        """The order that a transaction was made for, on whichever deployment."""
        return await self._one("id = (SELECT order_id FROM settlement.attempts WHERE tx_hash = %s)", tx_hash)

    async def _place(self) -> Place:
        place = await self._contracts.place()
        if place is None:
            raise UnavailableError("the contracts are not deployed yet: run blockchain/scripts/deploy.py")
        return place

    async def _one(self, condition: str, *values: Any) -> Placed | None:
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(f"SELECT * FROM settlement.orders WHERE {condition}".encode(), values)
            found = await with_attempts(connection, await cursor.fetchall())
        return found[0] if found else None


def state_of(placed: Placed, tx_hash: str) -> TransactionState:
    """How one transaction of an order fared: if another one of it is in a block, this one was replaced."""
    included = placed.included
    if included is not None and included.tx_hash != tx_hash:
        return "replaced"
    attempt = next(a for a in placed.attempts if a.tx_hash == tx_hash)
    if included is None and (attempt.nonce != placed.nonce or attempt.tx_hash != placed.attempts[-1].tx_hash):
        return "replaced"
    return placed.state
