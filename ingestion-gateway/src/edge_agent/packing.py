"""From records to the bytes of one ``telemetry/1`` message. Pure."""

import math
from dataclasses import dataclass, field

import msgspec
import numpy as np

from edge_agent.datasets.tracks import Track
from gridseal.runtime import traces


class PackedReading(msgspec.Struct):
    """Same fields and order as ``gridseal.wire.telemetry.Reading``; twenty times quicker to encode."""

    quantity: str
    unit: str
    period_start_ms: int
    period_ms: int
    value: float
    quality: str = "good"


class PackedMessage(msgspec.Struct):
    """Same fields and order as ``gridseal.wire.telemetry.Telemetry``."""

    schema: str
    device_id: str
    boot_id: str
    seq: int
    sent_at_ms: int
    readings: list[PackedReading]


_ENCODER = msgspec.json.Encoder()


def pack_readings(track: Track, first: int, last: int) -> list[PackedReading]:
    """Readings of the records ``first`` to ``last`` (exclusive), record by record; no reading for NaN."""
    period_ms = track.period_s * 1_000
    channels = [(channel.quantity, channel.unit) for channel in track.channels]
    starts = (track.starts_s[first:last] * 1_000).tolist()
    return [
        PackedReading(quantity, unit, start_ms, period_ms, value)
        for start_ms, record in zip(starts, track.values[first:last].tolist(), strict=True)
        for (quantity, unit), value in zip(channels, record, strict=True)
        if not math.isnan(value)
    ]


def encode_message(device_id: str, boot_id: str, seq: int, sent_at_ms: int, readings: list[PackedReading]) -> bytes:
    """The bytes as they travel; a message sent again has the same bytes."""
    return _ENCODER.encode(PackedMessage("telemetry/1", device_id, boot_id, seq, sent_at_ms, readings))


def traceparent_of(device_id: str, boot_id: str, seq: int) -> str:
    """One trace per message, the same each time it is sent."""
    return traces.traceparent_of(f"{device_id}/{boot_id}/{seq}")


@dataclass(slots=True)
class Reader:
    """Goes through one track, oldest first. ``position`` is the next record to send."""

    track: Track
    position: int = 0
    next_due_ms: int | None = field(default=None, init=False)
    """When the next record is complete: the end of its period. None at the end of the data set."""

    def __post_init__(self) -> None:
        self._move(self.position)

    def seek(self, *, after_ms: int | None, from_ms: int) -> None:
        """Continue after a record's start, or begin where the history begins."""
        starts = self.track.starts_s
        if after_ms is not None:
            self._move(int(np.searchsorted(starts, after_ms // 1_000, side="right")))
        else:
            self._move(int(np.searchsorted(starts, -(-from_ms // 1_000), side="left")))

    @property
    def ended(self) -> bool:
        """Nothing is left in the data set."""
        return self.position >= len(self.track.starts_s)

    def take(self, *, now_ms: int, max_readings: int, max_span_ms: int) -> tuple[int, int]:
        """Records for the next message: complete by now, whole periods, within both limits.

        Returns:
            ``(first, last)`` with ``last`` exclusive; at least one period when one is due. The
            position moves on.
        """
        starts, first = self.track.starts_s, self.position
        due = int(np.searchsorted(starts, now_ms // 1_000 - self.track.period_s, side="right"))
        span_end = int(np.searchsorted(starts, int(starts[first]) + max_span_ms // 1_000, side="left"))
        records = max(1, max_readings // len(self.track.channels))
        last = min(due, max(span_end, first + 1), first + records)
        # A duplicate of the source stays with its twin: the cursor is a period start, not a row.
        while first < last < len(starts) and starts[last] == starts[last - 1]:
            last += 1
        self._move(max(first, last))
        return first, self.position

    def remaining(self, until_ms: int) -> int:
        """Readings not taken yet whose period is over by ``until_ms``."""
        due = int(np.searchsorted(self.track.starts_s, until_ms // 1_000 - self.track.period_s, side="right"))
        return int(np.count_nonzero(~np.isnan(self.track.values[self.position : due])))

    def _move(self, position: int) -> None:
        self.position = position
        starts = self.track.starts_s
        self.next_due_ms = (int(starts[position]) + self.track.period_s) * 1_000 if position < len(starts) else None
