"""The set of readings that the store should hold, computed from the data sets alone.

Same rules as the stream, from the same tables: exact rational unit factor, energy becomes mean
power of its period, import counts negative, thousandths of the base unit, half to even. The flow
test compares this set with the store.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from edge_agent.datasets.tracks import Track
from gridseal.wire.units import UNITS

SCHEMA = pa.schema(
    [
        ("device_id", pa.string()),
        ("quantity", pa.string()),
        ("period_start", pa.timestamp("ms", tz="UTC")),
        ("period_s", pa.int32()),
        ("value_milli", pa.int64()),
    ]
)
SIGNS = {"active_energy_import": -1, "active_energy_export": 1}


@cache
def base_factor(quantity: str, unit: str, period_s: int) -> Fraction:
    """From a value in the device's unit to thousandths of the base unit behind the stream."""
    factor = UNITS[quantity][unit] * 1_000
    if quantity in SIGNS:
        return factor * SIGNS[quantity] * Fraction(3_600, period_s)
    return factor


def stored_quantity(quantity: str) -> str:
    """What the quantity is called behind the stream."""
    return "active_power" if quantity in SIGNS else quantity


def to_milli(value: float, factor: Fraction) -> int:
    """Exact: the value as the binary fraction it is, rounded half to even."""
    return round(Fraction(value) * factor)


def expected_rows(tracks: Iterable[Track], from_ms: int, until_ms: int) -> pa.Table:
    """One row per reading with ``from <= period_start`` and ``period_end <= until``."""
    return pa.concat_tables([_rows(track, from_ms, until_ms) for track in tracks])


def _rows(track: Track, from_ms: int, until_ms: int) -> pa.Table:
    starts = track.starts_s
    first = int(np.searchsorted(starts, -(-from_ms // 1_000), side="left"))
    last = int(np.searchsorted(starts, until_ms // 1_000 - track.period_s, side="right"))
    tables = []
    for number, channel in enumerate(track.channels):
        values = track.values[first:last, number]
        present = ~np.isnan(values)
        factor = base_factor(channel.quantity, channel.unit, track.period_s)
        count = int(present.sum())
        columns = [
            pa.array([track.device_id] * count, pa.string()),
            pa.array([stored_quantity(channel.quantity)] * count, pa.string()),
            pa.array(starts[first:last][present] * 1_000, pa.int64()).cast(pa.timestamp("ms", tz="UTC")),
            pa.array([track.period_s] * count, pa.int32()),
            pa.array([to_milli(value, factor) for value in values[present].tolist()], pa.int64()),
        ]
        tables.append(pa.table(columns, schema=SCHEMA))
    return pa.concat_tables(tables)


def write_expected(table: pa.Table, path: Path) -> None:
    """One Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")
