"""Rows of ``settlement.orders`` and ``settlement.attempts`` as values."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.rows import DictRow

from settlement_service.transactions.orders import Attempt, Inclusion, Placed

ATTEMPTS = "SELECT *, extract(epoch FROM clock_timestamp() - made_at) AS age_s FROM settlement.attempts"
Connection = psycopg.AsyncConnection[DictRow]


async def with_attempts(connection: Connection, rows: Sequence[DictRow]) -> list[Placed]:
    """Orders with their attempts, in the order of ``rows``."""
    if not rows:
        return []
    cursor = await connection.execute(
        f"{ATTEMPTS} WHERE order_id = ANY(%s) ORDER BY made_at, nonce".encode(), ([row["id"] for row in rows],)
    )
    by_order: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts_of(await cursor.fetchall()):
        if attempt.order_id is not None:
            by_order[attempt.order_id].append(attempt)
    return [_placed(row, tuple(by_order[row["id"]])) for row in rows]


def attempts_of(rows: Iterable[DictRow]) -> list[Attempt]:
    """Rows of ``ATTEMPTS``."""
    return [
        Attempt(
            tx_hash=str(row["tx_hash"]),
            order_id=row["order_id"],
            nonce=int(row["nonce"]),
            gas=int(row["gas"]),
            max_fee=int(row["max_fee"]),
            priority_fee=int(row["priority_fee"]),
            raw=bytes(row["raw"]),
            sent=row["sent_at"] is not None,
            age_s=float(row["age_s"]),
        )
        for row in rows
    ]


def _placed(row: dict[str, Any], attempts: tuple[Attempt, ...]) -> Placed:
    included = None
    if row["block_number"] is not None:
        included = Inclusion(
            tx_hash=str(row["tx_hash"]),
            block_number=int(row["block_number"]),
            block_hash=str(row["block_hash"]),
            block_time=int(row["block_time"]),
            succeeded=bool(row["succeeded"]),
        )
    return Placed(
        id=int(row["id"]),
        deployment_id=str(row["deployment"]),
        key=row["key_name"],
        contract=str(row["contract"]),
        method=str(row["method"]),
        calldata=bytes(row["calldata"]),
        idempotency_key=str(row["idempotency_key"]),
        state=row["state"],
        gas_limit=row["gas_limit"],
        not_after=row["not_after"],
        nonce=row["nonce"],
        attempts=attempts,
        included=included,
        detail=str(row["detail"]),
    )
