"""A hash of what a table holds, the same for the same content in any order and in any file layout.

Canonical form: columns by name, rows sorted by all of them in that order. Per column: its name and
kind, which rows are null, then the values: integers, moments (microseconds) and booleans as 64-bit
little-endian, floats as IEEE 754 with one NaN and no negative zero, text and bytes with their length
in front, everything else as JSON text with sorted keys. SHA-256 over all of it.
"""

import hashlib
import json
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_VERSION: Final = b"gridseal-manifest/1\0"


def content_hash(table: pa.Table) -> str:
    """64 hex digits."""
    names = sorted(table.schema.names)
    plain = pa.table({name: _comparable(table[name]) for name in names})
    if table.num_rows:
        plain = plain.take(pc.sort_indices(plain, sort_keys=[(name, "ascending") for name in names]))
    digest = hashlib.sha256(_VERSION)
    digest.update(f"{table.num_rows}\0".encode())
    for name in names:
        kind, values = _canonical(plain[name].combine_chunks())
        digest.update(f"{name}\0{kind}\0".encode())
        digest.update(np.asarray(pc.is_valid(plain[name]).to_numpy(), np.uint8).tobytes())
        digest.update(values)
    return digest.hexdigest()


def _comparable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column that can be sorted: nested values as JSON text."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", tz=kind.tz)).cast(pa.int64())
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_floating(kind):
        return column.cast(pa.float64())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if pa.types.is_binary(kind):
        return column
    texts = [None if value is None else _json(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _json(value: Any) -> str:
    """A map comes as a list of pairs, in an order that means nothing."""
    pairs = isinstance(value, list) and all(isinstance(v, tuple) for v in value)
    return json.dumps(sorted(value) if pairs else value, sort_keys=True, separators=(",", ":"), default=str)


def _canonical(column: pa.Array) -> tuple[str, bytes]:
    if pa.types.is_floating(column.type):
        values = pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False).astype("<f8") + 0.0
        values[np.isnan(values)] = np.nan
        return "float", values.tobytes()
    if pa.types.is_integer(column.type):
        return "int", pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype("<i8").tobytes()
    parts = [b"" if v is None else v if isinstance(v, bytes) else v.encode() for v in column.to_pylist()]
    return "bytes", b"".join(len(part).to_bytes(8, "little") + part for part in parts)
