"""What is ordered, and how far it came. An order is one call of one contract by one key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

KeyName = Literal["relayer", "provider", "keeper", "authority", "benchmark"]
"""``relayer`` is the notary key: it pays for seals and can do nothing else. ``provider`` proposes actuals, ``keeper``
drives rounds; ``authority`` and ``benchmark`` join products under their own address."""

OrderState = Literal["none", "signed", "sent", "mined", "final", "failed"]
"""``none``: waits for its turn. ``signed``: has a nonce and a stored transaction. ``failed``: refused by the contract
or never sent; ``detail`` says why. A reorganization brings ``mined`` and ``failed`` back to ``sent``."""

TransactionState = Literal["none", "signed", "sent", "mined", "final", "replaced", "failed"]
"""The same for one transaction of an order. ``replaced``: another one took its nonce."""


@dataclass(frozen=True, slots=True)
class Order:
    """What someone wants done.

    ``arguments`` are ABI values: integers, addresses, booleans, ``bytes`` or ``0x`` text, and tuples or lists of them.
    The same ``idempotency_key`` twice is one order, whatever else differs.
    """

    key: KeyName
    contract: str
    method: str
    arguments: tuple[Any, ...]
    idempotency_key: str
    not_after: datetime | None = None
    """Domain time after which it is not begun any more. What was sent already is awaited all the same."""
    gas_limit: int | None = None
    """Unset: estimated. An estimate that fails while nothing else of the key is in flight fails the order."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction, stored before it is sent. ``order_id`` is None where it only fills a gap of nonces."""

    tx_hash: str
    order_id: int | None
    nonce: int
    gas: int
    max_fee: int
    priority_fee: int
    raw: bytes
    sent: bool = False
    age_s: float = 0.0
    """Wall seconds since it was made."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where a transaction stands in the chain."""

    tx_hash: str
    block_number: int
    block_hash: str
    block_time: int
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """An order in the outbox."""

    id: int
    deployment_id: str
    key: KeyName
    contract: str
    method: str
    calldata: bytes
    idempotency_key: str
    state: OrderState
    gas_limit: int | None = None
    not_after: datetime | None = None
    nonce: int | None = None
    attempts: tuple[Attempt, ...] = ()
    """Oldest first."""
    included: Inclusion | None = None
    detail: str = ""

    @property
    def in_flight(self) -> bool:
        """It has a nonce and is in no block that is known."""
        return self.state in ("signed", "sent")

    @property
    def watched(self) -> bool:
        """It is in a block that may still go away. A failed one without a block was never sent."""
        return self.state in ("mined", "failed") and self.included is not None


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block."""

    number: int
    hash: str
    time: int
    base_fee: int


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the chain says about one account and its transactions, read in one go."""

    head: Head
    nonce: int
    """Number of its transactions in the chain up to the newest block."""
    settled_nonce: int
    """The same up to the newest block that is final."""
    inclusions: Mapping[str, Inclusion] = field(default_factory=dict)
    """By transaction hash; only those in the chain now."""
    known: frozenset[str] = frozenset()
    """Hashes that the node knows without having them in a block."""
