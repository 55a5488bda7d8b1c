"""What a batch needs from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gridseal.wire.alerts import Alert
from gridseal.wire.windows import Window
from streaming_processor.arrays import Ints
from streaming_processor.arrived import Arrived, Undecodable
from streaming_processor.quality.judge import Judged
from streaming_processor.quality.sequence import Tail
from streaming_processor.reference import Reference
from streaming_processor.window_states import WindowStates


@dataclass(frozen=True, slots=True)
class BatchId:
    """Identity of a batch: the same batch again has the same one, also after a restart."""

    query_id: str
    number: int


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message with a signature, kept byte for byte: whoever verifies it again needs what was signed."""

    device_id: str
    boot_id: str
    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """What Spark hands over: whole messages, and those that are none."""

    batch: BatchId
    messages: int
    offsets: dict[str, dict[str, tuple[int, int]]]
    """Topic → partition → first and last offset."""
    arrived: Arrived
    undecodable: tuple[Undecodable, ...]
    signed: tuple[SignedMessage, ...] = ()
    full: bool = False
    """The batch took as many as it may: there is more to come."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What the transaction did, and what has to be told to others."""

    repeated: bool
    """The ledger had this batch already: nothing was stored now."""
    duplicates: int
    refused: dict[str, int]
    fresh: Ints
    """Positions in ``judged.rows`` of the readings that were inserted now."""
    newest: WindowStates
    """The last window touched of each lane, for Redis."""
    recent: WindowStates
    """Touched windows that are news, for Kafka."""
    history: int
    """Touched windows that are not."""
    alerts: tuple[Alert, ...]
    hits: dict[str, int] = field(default_factory=dict)
    """What quality rules found now for the first time, by rule."""
    late: int = 0
    """Readings inserted now that fell into a window which a newer one of the same source had followed."""


class Catalog(Protocol):
    """Reference data, kept current."""

    def current(self) -> Reference:
        """The newest picture."""
        ...

    def catch_up(self) -> Reference:
        """Read everything that is on ``assets.changed`` at this moment, then the newest picture."""
        ...


class BatchStore(Protocol):
    """The unit of truth."""

    def commit(self, delivery: Delivery, judged: Judged, reference: Reference, now: datetime) -> Committed:
        """Store a batch in one transaction, or find it in the ledger. ``now`` is domain time."""
        ...

    def tails(self, reference: Reference, devices: Sequence[int]) -> dict[int, Tail]:
        """Where the sources of these devices (positions in the reference) stand, from their stored readings."""
        ...

    def untold(self, reference: Reference, now: datetime) -> WindowStates:
        """News among the windows that batches changed of which nobody was told; for the start of a process."""
        ...


class Outbox(Protocol):
    """Remembers what has been told."""

    def told(self, batch: BatchId) -> None:
        """Everybody knows of this batch and of those before it."""
        ...


class HotStore(Protocol):
    """The last window of each series, for whoever needs it now."""

    def put(self, windows: WindowStates) -> None:
        """Overwrite what is older; leave what is newer."""
        ...


class AlertStore(Protocol):
    """Alerts that a person can look up."""

    def put(self, alerts: Sequence[Alert]) -> None:
        """Insert or replace by ``alert_id``."""
        ...


class Publisher(Protocol):
    """News on Kafka, acknowledged when a call returns."""

    def windows(self, windows: WindowStates) -> None:
        """To ``features.windows``."""
        ...

    def alerts(self, alerts: Sequence[Alert]) -> None:
        """To ``alerts``."""
        ...

    def dead_letters(self, messages: Sequence[Undecodable]) -> None:
        """To ``dead-letter``, with the original bytes."""
        ...


class FeatureStep(Protocol):
    """What follows from changed windows: feature vectors in their stores and on Kafka."""

    def follow(self, windows: Sequence[Window], now: datetime) -> None:
        """Bring everything that follows from these windows up to date, after Redis has them and before Kafka does.

        Called apart from the batches, one call at a time, with the newest state of each changed window
        that is news. The same windows again, as after a crash, must do no harm.

        Raises:
            UnavailableError: A server does not answer: the call is tried again.
        """
        ...
