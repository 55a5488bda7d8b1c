"""Kafka records to telemetry: Spark carries the bytes, msgspec reads them in columns of Python's own.

``from_json`` costs 80 µs for a message of 230 bytes where this costs 3, and a message that it half
understands looks like a whole one. What is not read here goes to the codec, which has the last word.
"""

from collections.abc import Sequence
from itertools import chain

import msgspec
import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from gridseal.wire.telemetry import MAX_READINGS
from streaming_processor.arrived import Arrived

RECORD_COLUMNS = ("topic", "partition", "offset", "key", "value")


class ReadingFields(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """``gridseal.wire.telemetry.Reading``; what its values may be is for ``judge`` to say."""

    quantity: str
    unit: str
    period_start_ms: int
    period_ms: int
    value: float
    quality: str = "good"


class TelemetryFields(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """``gridseal.wire.telemetry.Telemetry``; a test compares the two."""

    device_id: str
    boot_id: str
    seq: int
    sent_at_ms: int
    readings: list[ReadingFields]
    schema: str = "telemetry/1"
    signature: str | None = None

    def __post_init__(self) -> None:
        if self.schema != "telemetry/1" or not 0 < len(self.readings) <= MAX_READINGS:
            raise ValueError("not telemetry/1 with readings")
        if not (0 <= self.seq < 2**53 and 0 <= self.sent_at_ms < 2**53 and len(self.boot_id) == 16):
            raise ValueError("a number of the message is out of its range")


_decoder = msgspec.json.Decoder(TelemetryFields)


def to_records(source: DataFrame) -> DataFrame:
    """The columns of Spark's Kafka source that a batch needs, untouched."""
    return source.select(*RECORD_COLUMNS)


def read_messages(values: Sequence[bytes | None]) -> tuple[dict[int, TelemetryFields], list[int]]:
    """Read what can be read.

    Returns:
        The messages under their positions, in order, and the positions of what is left to the codec.
    """
    read: dict[int, TelemetryFields] = {}
    left: list[int] = []
    decode = _decoder.decode
    for i, value in enumerate(values):
        try:
            read[i] = decode(value or b"")
        except (msgspec.MsgspecError, UnicodeError):
            left.append(i)
    return read, left


def arrived_from(messages: Sequence[TelemetryFields]) -> Arrived:
    """The readings of whole messages in columns, in their order."""
    counts = np.fromiter((len(m.readings) for m in messages), np.int64, len(messages))
    readings = list(chain.from_iterable(m.readings for m in messages))
    return Arrived(
        device_id=pa.array([m.device_id for m in messages], pa.string()),
        message_sent_at_ms=np.array([m.sent_at_ms for m in messages], np.int64),
        message=np.repeat(np.arange(len(messages)), counts),
        quantity=pa.array([r.quantity for r in readings], pa.string()),
        unit=pa.array([r.unit for r in readings], pa.string()),
        period_start_ms=_whole([r.period_start_ms for r in readings]),
        period_ms=_whole([r.period_ms for r in readings]),
        value=np.array([r.value for r in readings], np.float64),
        quality=pa.array([r.quality for r in readings], pa.string()),
        message_boot=pa.array([m.boot_id for m in messages], pa.string()),
        message_seq=np.array([m.seq for m in messages], np.int64),
    )


def _whole(numbers: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """What no 64-bit number holds becomes -1, which no rule accepts either."""
    try:
        return np.array(numbers, np.int64)
    except OverflowError:
        return np.array([n if abs(n) < 2**63 else -1 for n in numbers], np.int64)
