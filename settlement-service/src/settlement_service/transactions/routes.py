"""How transactions of this service fare, for everybody who has a hash."""

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

from gridseal.runtime.problems import not_found
from gridseal.wire.fields import Hex32, UtcTime
from settlement_service.transactions.box import state_of
from settlement_service.transactions.orders import KeyName, Placed, TransactionState
from settlement_service.transactions.ports import Transactions

EXAMPLE: Final[JsonDict] = {
    "tx_hash": "0x" + "00" * 32,
    "state": "replaced",
    "key": "relayer",
    "contract": "ForecastRegistry",
    "method": "notarize",
    "nonce": 41,
    "max_fee_wei": "2000000000",
    "priority_fee_wei": "1000000000",
    "replaced_by": "0x" + "11" * 32,
    "block_number": None,
    "block_hash": None,
    "block_time": None,
    "detail": "",
}


class TransactionStatus(BaseModel):
    """One transaction. Amounts are wei per gas, as text: they outgrow what JavaScript counts exactly."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    tx_hash: str
    state: TransactionState
    key: KeyName
    contract: str
    method: str
    nonce: int
    max_fee_wei: str
    priority_fee_wei: str
    replaced_by: str | None
    """The transaction of the same order that took its nonce, or is to."""
    block_number: int | None
    block_hash: str | None
    block_time: UtcTime | None
    detail: str


def transaction_routes(transactions: Transactions) -> APIRouter:
    """One route."""
    router = APIRouter(prefix="/api/v1/settlements/transactions")

    @router.get("/{tx_hash}", operation_id="getTransaction")
    async def status(tx_hash: Hex32) -> TransactionStatus:
        """How a transaction fared: signed, sent, mined, final, replaced or failed."""
        placed = await transactions.of_transaction(tx_hash)
        if placed is None:
            raise not_found("a transaction of this service with this hash")
        return status_of(placed, tx_hash)

    return router


def status_of(placed: Placed, tx_hash: str) -> TransactionStatus:
    """The public form of one transaction of an order."""
    attempt = next(a for a in placed.attempts if a.tx_hash == tx_hash)
    state, there = state_of(placed, tx_hash), placed.included
    after = there.tx_hash if there else placed.attempts[-1].tx_hash
    here = there if there and there.tx_hash == tx_hash else None
    return TransactionStatus(
        tx_hash=tx_hash,
        state=state,
        key=placed.key,
        contract=placed.contract,
        method=placed.method,
        nonce=attempt.nonce,
        max_fee_wei=str(attempt.max_fee),
        priority_fee_wei=str(attempt.priority_fee),
        replaced_by=after if state == "replaced" and after != tx_hash else None,
        block_number=here.block_number if here else None,
        block_hash=here.block_hash if here else None,
        block_time=datetime.fromtimestamp(here.block_time, UTC) if here else None,
        detail=placed.detail if state != "replaced" else "",
    )
