"""Windows of a batch as the store has them after it, and which of them are news."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from streaming_processor.arrays import Ints
from streaming_processor.store.copy_binary import unpack
from streaming_processor.store.numbers import Numbers
from streaming_processor.store.statements import STATE_LAYOUT
from streaming_processor.transforms.windows import WindowDeltas
from streaming_processor.window_states import WindowStates, no_windows


@dataclass(frozen=True, slots=True)
class Touched:
    """Windows to tell others about."""

    newest: WindowStates
    """The last of each lane."""
    recent: WindowStates
    history: int


def states_from(data: bytes, numbers: Numbers, deltas: WindowDeltas | None = None) -> WindowStates:
    """Read rows of ``STATE_LAYOUT``; ``sent_at_ms`` comes from what changed them. Ordered by lane and time."""
    return states_of(unpack(STATE_LAYOUT, data), numbers, deltas)


def states_of(rows: Sequence[Ints], numbers: Numbers, deltas: WindowDeltas | None = None) -> WindowStates:
    """The same from the columns themselves."""
    series_no, width_s, *columns = rows
    lane = numbers.lanes_of(series_no, width_s)
    known = lane >= 0
    states = WindowStates(numbers.reference, *(lane, *columns, np.zeros(len(lane), np.int64)))
    order = np.lexsort((states.window_start, states.lane))
    states = states.take(order[known[order]])
    if deltas is None:
        return states
    by_place = _place(deltas.lane, deltas.window_start)
    at = np.minimum(np.searchsorted(by_place, _place(states.lane, states.window_start)), len(by_place) - 1)
    return replace(states, sent_at_ms=deltas.sent_at_ms[at])


def _place(lane: Ints, window_start: Ints) -> Ints:
    """Deltas are in the order of this number."""
    return (lane << 34) | window_start


def sort_out(states: WindowStates, recent_after_s: int) -> Touched:
    """News are the windows that end after ``recent_after_s``."""
    if not len(states):
        return Touched(no_windows(states.reference), no_windows(states.reference), 0)
    recent = states.window_start + states.width_s > recent_after_s
    newest = np.append(states.lane[1:] != states.lane[:-1], True)
    return Touched(states.take(newest), states.take(recent), int(len(states) - recent.sum()))
