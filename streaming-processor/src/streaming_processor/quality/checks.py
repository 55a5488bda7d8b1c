"""What the kinds of rules find: pure functions over ordered readings, for the stream and the batch check.

Each takes the limits of its rule, one for each row, NaN where the rule does not apply.
"""

from typing import Final

import numpy as np

from streaming_processor.arrays import Floats, Ints, Mask
from streaming_processor.quality.sequence import CONTEXT, UNKNOWN, Sequence

Limits = dict[str, Floats]

_NONE: Final = np.empty(0, np.int64)


def above_rating(milli: Ints, rating_milli: Ints, limits: Limits) -> Mask:
    """More than the rating allows."""
    with np.errstate(invalid="ignore"):
        found: Mask = (rating_milli > 0) & (np.abs(milli) > rating_milli * limits["above_share"])
    return found


def out_of_range(milli: Ints, limits: Limits) -> Mask:
    """Outside what the quantity can be."""
    with np.errstate(invalid="ignore"):
        found: Mask = (milli < limits["low"]) | (milli > limits["high"])
    return found


def stuck(rows: Sequence, limits: Limits) -> Mask:
    """The same value too often in a row; zero is a value that many things rest at."""
    with np.errstate(invalid="ignore"):
        found: Mask = (rows.run >= limits["after"]) & (rows.milli != 0)
    return found


def ramp(rows: Sequence, rating_milli: Ints, limits: Limits) -> Mask:
    """From one period to the next more than a share of the rating."""
    with np.errstate(invalid="ignore"):
        step = np.abs(rows.milli - rows.before[:, 0])
        found: Mask = rows.follows & (rating_milli > 0) & (step > rating_milli * limits["share"])
    return found


def spike(rows: Sequence, rating_milli: Ints, limits: Limits) -> Mask:
    """The reading BEFORE each row stands out: the row comes back to where things were.

    Both steps, there and back, exceed ``times`` the median of the steps before them, and the floors:
    a share of the rating, and an amount.
    """
    out = rows.before[:, 0] - rows.before[:, 1]
    back = rows.milli - rows.before[:, 0]
    usual = np.median(np.abs(np.diff(rows.before[:, 1:], axis=1)), axis=1)
    size = np.minimum(np.abs(out), np.abs(back))
    known = rows.follows & (rows.before_s[:, CONTEXT - 1] != UNKNOWN)
    near = rows.before_s[:, 0] - rows.before_s[:, 1] == rows.period_s
    with np.errstate(invalid="ignore"):
        floor = np.maximum(rating_milli * limits["share"], limits["at_least"])
        found: Mask = (
            known & near & (np.sign(out) == -np.sign(back)) & (floor > 0) & (size > floor)
            & (size > limits["times"] * usual)
        )  # fmt: skip
    return found


def register_back(rows: Sequence, limits: Limits) -> Mask:
    """A running total that is less than before."""
    with np.errstate(invalid="ignore"):
        fallen = rows.before[:, 0] - rows.milli
        found: Mask = (rows.before_s[:, 0] != UNKNOWN) & (fallen > limits["tolerance"])
    return found


def gap(rows: Sequence, limits: Limits) -> Mask:
    """At least so many periods are missing before this reading."""
    with np.errstate(invalid="ignore"):
        hole = rows.start_s - rows.before_s[:, 0] - rows.period_s
        found: Mask = (rows.before_s[:, 0] != UNKNOWN) & (hole >= limits["periods"] * rows.period_s)
    return found


def time_back(group: Ints, seq: Ints, start_s: Ints) -> Ints:
    """Positions of readings that lie before what an earlier message of the same boot said.

    Args:
        group: Source and boot of each reading, as one number from 0.
        seq: Of its message.
        start_s: Of its period.
    """
    if not len(group):
        return _NONE
    order = np.lexsort((seq, group))
    g, s, t = group[order], seq[order], start_s[order]
    heads = np.flatnonzero(np.append(True, (g[1:] != g[:-1]) | (s[1:] != s[:-1])))
    of = np.repeat(np.arange(len(heads)), np.diff(np.append(heads, len(g))))
    # Groups ascend, so a span per group keeps their maxima apart.
    span = int(t.max()) + 1
    reached = np.maximum.accumulate(np.maximum.reduceat(t, heads) + g[heads] * span)
    before = np.append(-1, reached[:-1])
    same = np.append(False, g[heads][1:] == g[heads][:-1])
    found: Ints = order[same[of] & (t + g * span < before[of])]
    return np.sort(found)
