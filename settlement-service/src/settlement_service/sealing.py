"""The values that the rules speak about: a run on its way to the chain, and what the chain says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gridseal.notary.batch import Batch
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import ForecastRun, SealState
from settlement_service.transactions.orders import Placed

State = Literal["built", "signed", "sent", "mined", "final", "late", "failed"]
Signer = Literal["forecast", "benchmark"]
"""Which of our authorities signs: each has its own key, nonces and chain of batches."""
OPEN_STATES: tuple[State, ...] = ("built", "signed", "sent")
SEALED_STATES: tuple[State, ...] = ("mined", "final")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the registry is. ``deployment_id`` changes when a new chain is started."""

    chain_id: int
    registry: str
    authority: str
    deployed_block: int
    deployment_id: str


@dataclass(frozen=True, slots=True)
class Signing:
    """One signature over a run's batch."""

    batch_hash: str
    batch: Batch
    signature: bytes


@dataclass(frozen=True, slots=True)
class Position:
    """Where the registry's event of a root stands."""

    tx_hash: str
    block_number: int
    block_hash: str
    block_time: int
    batch_hash: str
    log_position: int = 1
    """Where the ERC-8281 log stands in the receipt."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """One run on its way. ``signing`` is its newest signature, ``order`` the call that brings that to the registry."""

    run_id: str
    product_id: str
    slot: datetime
    version: int
    gate_closure: int
    root: str
    state: State
    secret: bytes
    document: bytes
    """The run as it was issued."""
    received_at: datetime
    """Wall time."""
    signer: Signer = "forecast"
    signing: Signing | None = None
    order: Placed | None = None
    tries: int = 0
    """How often someone asked again after it had failed."""
    tx_hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None
    block_time: datetime | None = None
    batch_hash: str | None = None
    log_position: int = 1
    group: str | None = None
    """Key of the order that brings this run together with others."""
    deployment: Deployment | None = None
    detail: str = ""

    @property
    def run(self) -> ForecastRun:
        """The document, parsed; that takes milliseconds, so only who needs it asks."""
        return decode(ForecastRun, self.document)

    @property
    def order_key(self) -> str:
        """Idempotency key of the order of the newest signature."""
        return self.group or f"seal:{self.signing.batch_hash if self.signing else ''}:{self.tries}"


@dataclass(frozen=True, slots=True)
class ChainView:
    """What the chain says that matters for one run, read in one go."""

    height: int
    block_time: int
    next_nonce: int
    last_batch: str
    slot_version: int
    position: Position | None


def seal_state(state: State) -> SealState:
    """The public name: what is built is pending to everyone else."""
    return "pending" if state == "built" else state
