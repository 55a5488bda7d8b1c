"""A sensor that repeats itself: equal non-zero values in a row, over batch borders."""

from itertools import pairwise

import numpy as np

from streaming_processor.arrays import Ints, Mask
from streaming_processor.transforms.windows import Rows

Run = tuple[int, int, int]
"""Last start, its value, and how many in a row were equal up to there."""


def run_lengths(rows: Rows, tails: dict[int, Run]) -> tuple[Ints, dict[int, Run]]:
    """How many equal values in a row end at each reading, in the order of their periods.

    Args:
        rows: Distinct readings, in any order.
        tails: Where the run of each source stood before these rows; a row that is not newer than
            its tail is late and counts as a run of its own.

    Returns:
        The length at each row, and the new tails of the sources seen.
    """
    order = np.lexsort((rows.start_s, rows.source))
    source, start, milli = rows.source[order], rows.start_s[order], rows.milli[order]
    length = np.ones(len(order), np.int64)
    moved: dict[int, Run] = {}
    bounds = [0, *(np.flatnonzero(source[1:] != source[:-1]) + 1).tolist(), len(source)]
    for head, end in pairwise(bounds if len(source) else []):
        key = int(source[head])
        tail = tails.get(key)
        first = head + int(np.searchsorted(start[head:end], tail[0], side="right")) if tail else head
        if first == end:
            continue
        values = milli[first:end]
        breaks = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
        here = np.arange(end - first) - np.repeat(breaks, np.diff(np.append(breaks, end - first))) + 1
        if tail and values[0] == tail[1]:
            stop = breaks[1] if len(breaks) > 1 else end - first
            here[:stop] += tail[2]
        length[first:end] = here
        moved[key] = (int(start[end - 1]), int(values[-1]), int(here[-1]))
    result = np.empty_like(length)
    result[order] = length
    return result, moved


def stuck(rows: Rows, lengths: Ints, limits: Ints) -> Mask:
    """Rows whose run reached its limit; a limit of 0 means the rule does not apply."""
    found: Mask = (limits > 0) & (lengths >= limits) & (rows.milli != 0)
    return found
