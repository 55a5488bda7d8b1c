"""Which windows of a batch are news, and their state after it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg

from gridseal.wire.windows import Window
from streaming_processor.store.numbers import Numbers
from streaming_processor.store.statements import READ_WINDOWS
from streaming_processor.transforms.windows import WindowDeltas


@dataclass(frozen=True, slots=True)
class Touched:
    """Windows to tell others about."""

    newest: tuple[Window, ...]
    recent: tuple[Window, ...]
    history: int


def read_touched(
    connection: psycopg.Connection[Any], deltas: WindowDeltas, numbers: Numbers, recent_after_s: int
) -> Touched:
    """Read the present state of the windows that end after ``recent_after_s``, and of the newest of each lane."""
    if not len(deltas):
        return Touched((), (), 0)
    lanes = numbers.reference.lanes
    width = lanes.width_s[deltas.lane]
    recent = deltas.window_start + width > recent_after_s
    # Deltas are ordered by lane and time, so the last of each lane is its newest.
    newest = np.append(deltas.lane[1:] != deltas.lane[:-1], True)
    wanted = np.flatnonzero(recent | newest)
    plan = numbers.reference.lane_plan[deltas.lane[wanted]]
    rows = connection.execute(
        READ_WINDOWS,
        (
            wanted.tolist(),
            numbers.series_no[plan].tolist(),
            width[wanted].tolist(),
            deltas.window_start[wanted].tolist(),
        ),
    ).fetchall()
    states = {row[0]: _window(row, deltas, numbers) for row in rows}
    return Touched(
        newest=tuple(states[n] for n in sorted(states) if newest[n]),
        recent=tuple(states[n] for n in sorted(states) if recent[n]),
        history=int(len(deltas) - recent.sum()),
    )


def _window(row: tuple[Any, ...], deltas: WindowDeltas, numbers: Numbers) -> Window:
    n, start_s, weighted_sum, covered_s, inputs, count, low, high, mean, version = row
    lane = deltas.lane[n]
    width_s = int(numbers.reference.lanes.width_s[lane])
    return Window(
        series_id=numbers.reference.plans[numbers.reference.lane_plan[lane]].series.series_id,
        width_s=width_s,
        window_start=datetime.fromtimestamp(start_s, UTC),
        mean_milli=mean,
        weighted_sum=weighted_sum,
        covered_s=covered_s,
        expected_s=width_s * inputs,
        count=count,
        min_milli=low,
        max_milli=high,
        version=version,
        sent_at_ms=int(deltas.sent_at_ms[n]),
    )
