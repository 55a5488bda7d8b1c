"""What a connection to a server hands over, and to whom."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Sample(NamedTuple):
    """One monitored item's value as it came."""

    place: int
    """Of the node in the node list."""
    value: Any
    status: int
    source_at: datetime | None
    server_at: datetime | None


class NodeFacts(NamedTuple):
    """What the server says about a node besides its value; None where it says nothing."""

    unit_id: int | None
    unit_symbol: str | None
    low: float | None
    high: float | None


class SampleListener(Protocol):
    """Hears what a server says. Called on the event loop; never blocks."""

    def facts(self, index: int, facts: NodeFacts) -> bool:
        """About a node, before it is subscribed; False when its samples are not wanted."""
        ...

    def opened(self, indexes: Sequence[int], at_ms: int, silent_after_ms: int) -> None:
        """Subscribed to these nodes; so long without a word means that nothing is known any more."""
        ...

    def heard(self, at_ms: int) -> None:
        """All subscriptions were known to be alive at this moment."""
        ...

    def samples(self, samples: Iterable[Sample], received_ms: int) -> None:
        """Values, in the order of each node."""
        ...

    def lost(self) -> None:
        """The connection is gone; what is known ends where it was last heard of."""
        ...


class Connection(Protocol):
    """A connection to a server."""

    @property
    def subscribed(self) -> int:
        """Nodes that the server reports right now."""
        ...

    async def hold(self) -> None:
        """Connect, subscribe, hand over samples; raises ``UnavailableError`` when it is over."""
        ...
