"""The values that the rules of rounds speak about."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from gridseal.notary.score import ActualLeaf
from gridseal.wire.rounds import RoundState


class Status(IntEnum):
    """``IActualsRegistry.Status``."""

    NONE = 0
    PROPOSED = 1
    DISPUTED = 2
    FINAL = 3
    VOID = 4


class Phase(IntEnum):
    """``ISettlement.RoundState``."""

    NONE = 0
    REVEALING = 1
    SETTLED = 2
    NEUTRAL = 3


@dataclass(frozen=True, slots=True)
class ActualSet:
    """One version that we proposed. ``secret`` makes the salts, which are public once it is proposed."""

    version: int
    root: str
    secret: bytes
    items: tuple[ActualLeaf, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One slot of one product on its way, as the service keeps it."""

    product_id: str
    slot: datetime
    due_at: datetime
    """Domain time from which its actuals can be proposed."""
    state: RoundState = "waiting"
    actuals: ActualSet | None = None
    detail: str = ""

    @property
    def slot_s(self) -> int:
        """Unix seconds."""
        return int(self.slot.timestamp())


@dataclass(frozen=True, slots=True)
class RoundView:
    """What the chain says about one round, read in one go. Moments are Unix seconds of the chain's time."""

    now: int
    version: int = 0
    status: Status = Status.NONE
    root: str = ""
    final_at: int = 0
    ruling_deadline: int = 0
    ruling: int = 0
    """Of a version that is void; 0 where none came in time."""
    phase: Phase = Phase.NONE
    deadline: int = 0
    terms: bool = True
    """Whether the product has terms for the slot."""
    joined: tuple[str, ...] = ()
    """Who takes part, the benchmark not among them unless it joined."""
    benchmark: str = ""
    owed: int = 0
    """What the provider may withdraw."""
    treasury_due: int = 0
    """Halves of lost bonds that nobody moved into the treasury yet."""
