"""What ingestion-gateway needs from outside, and what passes between its parts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, Protocol

import msgspec

from ingestion_gateway.accept import Verdict


class Received(msgspec.Struct, frozen=True, gc=False):
    """One message as MQTT delivered it."""

    connection: int
    """Counts connections; a packet id means something within one only."""
    packet_id: int
    """0 for QoS 0, which is never acknowledged."""
    topic: str
    payload: bytes
    traceparent: str
    received_at_ms: int


class Held(msgspec.Struct, gc=False, eq=False):
    """A message in hand: taken from MQTT, not yet answered for."""

    received: Received
    taken_at: float
    """Monotonic clock."""
    verdicts: tuple[Verdict, ...] = ()
    """One; several where a dialect puts several messages into one."""
    missing: int = 0
    """Records of it that Kafka does not have yet."""
    receipted: bool = True
    """Whether its sender knows receipts. Dialects do not."""
    done: bool = False
    waiter: asyncio.Future[None] | None = None
    """Somebody who wants to know when it is durable."""


class Record(msgspec.Struct, gc=False, eq=False):
    """One message for Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    held: Held
    """What it came from."""


class TelemetrySource(Protocol):
    """The MQTT side."""

    def messages(self) -> AsyncIterator[Sequence[Received]]:
        """What arrives, in order, in bunches, until cancelled."""
        ...

    def acknowledge(self, connection: int, packet_ids: Sequence[int]) -> None:
        """Send PUBACKs; ignored when the connection is no longer the current one."""
        ...

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1: receipts, and what a dialect answers."""
        ...

    def reconnect(self) -> None:
        """Leave and come back, so that the broker sends again what it has no PUBACK for."""
        ...

    def pause(self, *, paused: bool) -> None:
        """Take nothing more for now, or go on."""
        ...

    @property
    def room(self) -> int:
        """How many messages may be published now before the broker has to take some."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the broker is reachable now."""
        ...

    @property
    def shed(self) -> int:
        """QoS 0 messages thrown away because too many were waiting."""
        ...


class DurableLog(Protocol):
    """The Kafka side."""

    def append(self, records: Sequence[Record]) -> None:
        """Take records; those of one key stay in order. Never waits: who calls bounds what is in hand."""
        ...

    async def run(self, durable: Callable[[Sequence[Record]], None]) -> None:
        """Write until cancelled; ``durable`` is called with records that every replica has."""
        ...

    def renew(self) -> None:
        """Start afresh with everything that is not durable yet."""
        ...


Probe = Callable[[], Coroutine[Any, Any, None]]
"""Returns when the dependency answers, raises when it does not."""
