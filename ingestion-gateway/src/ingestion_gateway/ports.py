"""What ingestion-gateway needs from outside."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Received:
    """One message as MQTT delivered it."""

    connection: int
    """Counts connections; a packet id means something within one only."""
    packet_id: int
    """0 for QoS 0, which is never acknowledged."""
    topic: str
    payload: bytes
    traceparent: str
    received_at_ms: int


@dataclass(frozen=True, slots=True)
class Record:
    """One message for Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class TelemetrySource(Protocol):
    """The MQTT side."""

    def messages(self) -> AsyncIterator[Sequence[Received]]:
        """What arrives, in order, in bunches, until cancelled."""
        ...

    def acknowledge(self, connection: int, packet_ids: Sequence[int]) -> None:
        """Send PUBACKs; ignored when the connection is no longer the current one."""
        ...

    def send_receipt(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1."""
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

    async def append(self, record: Record) -> "asyncio.Future[None]":
        """Take a record, waiting while buffers are full; the future ends when every replica has it.

        Raises:
            UnavailableError: The log cannot be used any more by this process.
        """
        ...
