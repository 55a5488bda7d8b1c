"""The values that the rules speak about: a run on its way to the chain, and what the chain says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gridseal.notary.batch import Batch
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import ForecastRun, SealState

State = Literal["built", "signed", "sent", "mined", "late", "failed"]
Signer = Literal["forecast", "benchmark"]
"""Which of our authorities signs: each has its own key, nonces and chain of batches."""
OPEN_STATES: tuple[State, ...] = ("built", "signed", "sent")


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
class Transaction:
    """One signed transaction that carries a signing."""

    tx_hash: str
    batch_hash: str
    tx_nonce: int
    max_fee: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Position:
    """Where the registry's event of a root stands."""

    tx_hash: str
    block_number: int
    block_hash: str
    block_time: int
    batch_hash: str


@dataclass(frozen=True, slots=True)
class Sealing:
    """One run on its way. ``signing`` and ``transactions`` (oldest first) are the newest state of it."""

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
    transactions: tuple[Transaction, ...] = ()
    tx_hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None
    block_time: datetime | None = None
    batch_hash: str | None = None
    deployment: Deployment | None = None
    detail: str = ""

    @property
    def run(self) -> ForecastRun:
        """The document, parsed; that takes milliseconds, so only who needs it asks."""
        return decode(ForecastRun, self.document)

    @property
    def newest(self) -> Transaction | None:
        """The transaction made last for the newest signing."""
        wanted = self.signing.batch_hash if self.signing else None
        fitting = [t for t in self.transactions if t.batch_hash == wanted]
        return fitting[-1] if fitting else None


@dataclass(frozen=True, slots=True)
class ChainView:
    """What the chain says that matters for one run, read in one go."""

    height: int
    block_time: int
    next_nonce: int
    last_batch: str
    slot_version: int
    position: Position | None
    refused: bool
    """A transaction of the newest signing is in a block and failed."""
    known: bool
    """The node knows the newest transaction."""


def seal_state(state: State) -> SealState:
    """The public name: what is built is pending to everyone else."""
    return "pending" if state == "built" else state
