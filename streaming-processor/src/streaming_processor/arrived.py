"""The readings of one batch as they came, in columns; one message owns many readings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridseal.wire.telemetry import Telemetry
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
    message_boot: pa.StringArray | None = None
    """Per message: ``boot_id``, where the source of the messages tells it."""
    message_seq: Ints | None = None
    """Per message: its number within the boot."""

    def __len__(self) -> int:
        return len(self.message)


def arrived_from(
    device_id: pa.Array,
    sent_at_ms: pa.Array,
    readings: pa.Array,
    boot_id: pa.Array | None = None,
    seq: pa.Array | None = None,
) -> Arrived:
    """Take apart the list column ``readings`` of whole messages; nothing in it is null but ``quality``."""
    flat = pc.list_flatten(readings)
    return Arrived(
        device_id=device_id,
        message_sent_at_ms=_numbers(sent_at_ms).astype(np.int64),
        message=_numbers(pc.list_parent_indices(readings)).astype(np.int64),
        quantity=flat.field("quantity"),
        unit=flat.field("unit"),
        period_start_ms=_numbers(flat.field("period_start_ms")),
        period_ms=_numbers(flat.field("period_ms")),
        value=_numbers(flat.field("value")),
        quality=pc.fill_null(flat.field("quality"), "good"),
        message_boot=boot_id,
        message_seq=None if seq is None else _numbers(seq).astype(np.int64),
    )


def arrived_of(messages: list[Telemetry]) -> Arrived:
    """The same from decoded messages: the slow path, for what Spark's parser did not take."""
    readings = pa.array(
        [[reading.model_dump() for reading in m.readings] for m in messages],
        pa.list_(READING_TYPE),
    )
    return arrived_from(
        pa.array([m.device_id for m in messages], pa.string()),
        pa.array([m.sent_at_ms for m in messages], pa.int64()),
        readings,
        pa.array([m.boot_id for m in messages], pa.string()),
        pa.array([m.seq for m in messages], pa.int64()),
    )


def both(first: Arrived, second: Arrived) -> Arrived:
    """One after the other."""
    boots = [each.message_boot for each in (first, second) if each.message_boot is not None]
    seqs = [each.message_seq for each in (first, second) if each.message_seq is not None]
    return Arrived(
        device_id=pa.concat_arrays([first.device_id, second.device_id]),
        message_sent_at_ms=np.concatenate([first.message_sent_at_ms, second.message_sent_at_ms]),
        message=np.concatenate([first.message, second.message + len(first.device_id)]),
        quantity=pa.concat_arrays([first.quantity, second.quantity]),
        unit=pa.concat_arrays([first.unit, second.unit]),
        period_start_ms=np.concatenate([first.period_start_ms, second.period_start_ms]),
        period_ms=np.concatenate([first.period_ms, second.period_ms]),
        value=np.concatenate([first.value, second.value]),
        quality=pa.concat_arrays([first.quality, second.quality]),
        message_boot=pa.concat_arrays(boots) if len(boots) == 2 else None,
        message_seq=np.concatenate(seqs) if len(seqs) == 2 else None,
    )


READING_TYPE = pa.struct(
    [
        ("quantity", pa.string()),
        ("unit", pa.string()),
        ("period_start_ms", pa.int64()),
        ("period_ms", pa.int64()),
        ("value", pa.float64()),
        ("quality", pa.string()),
    ]
)


def _numbers(column: pa.Array) -> NDArray[Any]:
    numbers: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return numbers
