"""Readings become additions to windows: sums of value × seconds, as integers.

Integers add up to the same bits in any order and in any grouping into batches, so a window depends
only on the set of readings that fell into it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from streaming_processor.arrays import Ints, spread

_TIME_BITS: Final = 34
"""Seconds since 1970 fit until the year 2514."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Where readings flow: every series has one lane for each of its window widths.

    The lanes of source ``k`` (device × stored quantities + quantity) are
    ``lane[start[k]:start[k + 1]]``, each with the sign that it enters with.
    """

    start: Ints
    lane: Ints
    sign: Ints
    width_s: Ints
    """Per lane."""


@dataclass(frozen=True, slots=True)
class WindowDeltas:
    """What a set of readings adds to each window that it touches, ordered by lane and time."""

    lane: Ints
    window_start: Ints
    weighted_sum: Ints
    """Signed thousandths × seconds."""
    covered_s: Ints
    count: Ints
    min_milli: Ints
    max_milli: Ints
    sent_at_ms: Ints
    """Newest of the readings."""

    def __len__(self) -> int:
        return len(self.lane)


@dataclass(frozen=True, slots=True)
class Rows:
    """Accepted readings. Times and periods in seconds, values in thousandths of the base unit."""

    source: Ints
    """Device × number of stored quantities + quantity."""
    start_s: Ints
    period_s: Ints
    milli: Ints
    quality: Ints
    sent_at_ms: Ints

    def __len__(self) -> int:
        return len(self.source)

    def take(self, index: Ints) -> "Rows":
        """The rows at ``index``, in that order."""
        return Rows(*(getattr(self, name)[index] for name in self.__slots__))


NO_ROWS: Final = Rows(*[np.empty(0, np.int64)] * 6)


def first_of_each(rows: Rows) -> Ints:
    """Positions of the first row for each natural key (source, start), in arrival order."""
    order = np.lexsort((rows.start_s, rows.source))
    source, start = rows.source[order], rows.start_s[order]
    new = np.ones(len(order), bool)
    new[1:] = (source[1:] != source[:-1]) | (start[1:] != start[:-1])
    # lexsort is stable, so the first row of each group is the one that arrived first.
    return np.sort(order[new])


def window_deltas(rows: Rows, lanes: Lanes) -> WindowDeltas:
    """Split every reading over the windows of its lanes by the seconds of overlap, and add up."""
    row, copy = spread(lanes.start[rows.source + 1] - lanes.start[rows.source])
    entry = lanes.start[rows.source[row]] + copy
    lane = lanes.lane[entry]
    signed = rows.milli[row] * lanes.sign[entry]
    width = lanes.width_s[lane]
    begin, end = rows.start_s[row], rows.start_s[row] + rows.period_s[row]
    first_window = begin - begin % width
    part, nth = spread(-((first_window - end) // width))
    window = first_window[part] + nth * width[part]
    overlap = np.minimum(end[part], window + width[part]) - np.maximum(begin[part], window)
    return _add_up(lane[part], window, signed[part], overlap, rows.sent_at_ms[row[part]])


def _add_up(lane: Ints, window: Ints, signed: Ints, overlap: Ints, sent_at_ms: Ints) -> WindowDeltas:
    if not len(lane):
        none = np.empty(0, np.int64)
        return WindowDeltas(none, none, none, none, none, none, none, none)
    key = (lane << _TIME_BITS) | window
    order = np.argsort(key, kind="stable")
    key = key[order]
    heads = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    signed, overlap = signed[order], overlap[order]
    return WindowDeltas(
        lane=key[heads] >> _TIME_BITS,
        window_start=key[heads] & ((1 << _TIME_BITS) - 1),
        weighted_sum=np.add.reduceat(signed * overlap, heads),
        covered_s=np.add.reduceat(overlap, heads),
        count=np.diff(np.append(heads, len(key))),
        min_milli=np.minimum.reduceat(signed, heads),
        max_milli=np.maximum.reduceat(signed, heads),
        sent_at_ms=np.maximum.reduceat(sent_at_ms[order], heads),
    )


def mean_half_even(weighted_sum: int, inputs: int, covered_s: int) -> int:
    """Mean of a window: ``weighted_sum × inputs / covered_s``, rounded half to even.

    For a complete window this is ``weighted_sum / width_s``: of several inputs the sum of their means.
    The migrations define the same function in SQL; a test compares them.
    """
    quotient, remainder = divmod(weighted_sum * inputs, covered_s)
    twice = 2 * remainder
    return quotient + (twice > covered_s or (twice == covered_s and quotient % 2 == 1))
