"""PostgreSQL's binary COPY format built from, and read into, NumPy arrays: ten times faster than row by row."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from streaming_processor.arrays import Ints

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_EPOCH_S: Final = 946_684_800
"""PostgreSQL counts from 2000-01-01."""
_TYPES: Final = {"int2": ">i2", "int4": ">i4", "int8": ">i8", "time": ">i8"}

Layout = Sequence[tuple[str, str]]
"""Columns as ``(name, kind)``; kinds are int2, int4, int8 and time (seconds here, timestamptz there)."""


def _record(layout: Layout) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in layout:
        fields += [(f"{name}_size", ">i4"), (name, _TYPES[kind])]
    return np.dtype(fields)


def pack(layout: Layout, columns: Sequence[Ints]) -> bytes:
    """Bytes for ``COPY … FROM STDIN (FORMAT binary)``; no value is null."""
    record = _record(layout)
    rows = np.empty(len(columns[0]), record)
    rows["fields"] = len(layout)
    for (name, kind), values in zip(layout, columns, strict=True):
        rows[f"{name}_size"] = record[name].itemsize
        rows[name] = (values - _EPOCH_S) * 1_000_000 if kind == "time" else values
    return _HEADER + rows.tobytes() + _TRAILER


def unpack(layout: Layout, data: bytes) -> list[Ints]:
    """The columns of what ``COPY … TO STDOUT (FORMAT binary)`` sent; no value may be null."""
    rows = np.frombuffer(data[len(_HEADER) : -len(_TRAILER)], _record(layout))
    return [
        rows[name].astype(np.int64) // 1_000_000 + _EPOCH_S if kind == "time" else rows[name].astype(np.int64)
        for name, kind in layout
    ]
