"""The readings of one batch as they came, in columns; one message owns many readings."""

from dataclasses import dataclass

import pyarrow as pa

from streaming_processor.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A message that is not telemetry: where it lay, its bytes and what is wrong with it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    payload: bytes
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """Readings in arrival order. Text columns are Arrow, numbers NumPy."""

    device_id: pa.StringArray
    """Per message."""
    message_sent_at_ms: Ints
    """Per message."""
    message: Ints
    """Per reading: position of its message."""
    quantity: pa.StringArray
    unit: pa.StringArray
    period_start_ms: Ints
    period_ms: Ints
    value: Floats
    quality: pa.StringArray
    message_boot: pa.StringArray
    """Per message: ``boot_id``."""
    message_seq: Ints
    """Per message: its number within the boot."""

    def __len__(self) -> int:
        return len(self.message)
