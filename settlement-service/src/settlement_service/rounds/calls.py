"""Orders of rounds, in the outbox of transactions."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gridseal.runtime.logs import get_logger
from settlement_service.contracts import Name
from settlement_service.rounds.ports import Fate, Role
from settlement_service.transactions.orders import Order, Placed
from settlement_service.transactions.ports import Transactions

log = get_logger(__name__)
MOST_TRIES = 20
LONGEST_WAIT_S = 600.0
FATES: dict[str, Fate] = {"mined": "done", "final": "done", "failed": "failed"}


@dataclass
class OrderedCalls:
    """Implements ``ports.Calls``. A call that the contract refused is ordered anew after a while, not for ever."""

    transactions: Transactions
    again_s: float = 5.0
    wall: Callable[[], float] = time.monotonic
    _refused: dict[str, float] = field(default_factory=dict, init=False)
    """When an order was first seen to have failed."""

    async def ask(self, key: str, role: Role, contract: Name, method: str, arguments: tuple[Any, ...]) -> Fate:
        """Order a call, or learn what became of it."""
        number, placed = await self._newest(key)
        if placed is not None:
            fate = FATES.get(placed.state, "pending")
            if fate != "failed":
                return fate
            if placed.idempotency_key not in self._refused:
                log.warning("call_refused", call=placed.idempotency_key, detail=placed.detail)
            seen_at = self._refused.setdefault(placed.idempotency_key, self.wall())
            wait_s = min(self.again_s * 2**number, LONGEST_WAIT_S)
            if number + 1 >= MOST_TRIES or self.wall() - seen_at < wait_s:
                return "failed"
            number += 1
        ordered = await self.transactions.submit(Order(role, contract, method, arguments, _name(key, number)))
        return FATES.get(ordered.state, "pending")

    async def _newest(self, key: str) -> tuple[int, Placed | None]:
        """The last try of a call, and its number."""
        number, placed = 0, await self.transactions.find(_name(key, 0))
        while placed is not None and placed.state == "failed":
            following = await self.transactions.find(_name(key, number + 1))
            if following is None:
                break
            number, placed = number + 1, following
        return number, placed


def _name(key: str, number: int) -> str:
    return key if number == 0 else f"{key}#{number}"
