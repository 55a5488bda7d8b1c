"""What the past of a series says at the moment of issue: lags, rolling and sliding figures, ramps.

Sums are of integers, and what has to be a float is added up in a fixed order, so the result for a
moment does not depend on which other moments are computed with it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from streaming_processor.arrays import Floats, Ints, Mask
from streaming_processor.features.tracks import Track

DAY_S: Final = 86_400
IMPUTED: Final = ("", "previous_day", "previous_week")
"""How a missing lag is filled, by code: with the same time of day a day, else a week, earlier."""
_SHIFTS_S: Final = (0, DAY_S, 7 * DAY_S)


@dataclass(frozen=True, slots=True)
class Lagged:
    """A lag in thousandths, and which of the rules in ``IMPUTED`` gave it."""

    milli: Ints
    known: Mask
    rule: Ints


def lag_offset_s(lag_s: int, horizon_s: int, width_s: int) -> int:
    """From issue to the start of the window that a lag names.

    Counted back from the target, and by whole days more until that window had ended at issue (D-03).
    """
    offset = horizon_s - width_s - lag_s
    while offset + width_s > 0:
        offset -= DAY_S
    return offset


def lag(track: Track, issue_s: Ints, lag_s: int, horizon_s: int) -> Lagged:
    """The value ``lag_s`` before the target, as far as it was known at issue."""
    start = issue_s + lag_offset_s(lag_s, horizon_s, track.width_s)
    milli = np.zeros(issue_s.shape, np.int64)
    rule = np.zeros(issue_s.shape, np.int64)
    known = np.zeros(issue_s.shape, bool)
    for code, shift in enumerate(_SHIFTS_S):
        index, found = track.find(start - shift)
        new = found & ~known
        milli = np.where(new, track.take(track.milli, index), milli)
        rule = np.where(new, code, rule)
        known |= found
    return Lagged(milli, known, rule)


def lag_reach_s(lags_s: tuple[int, ...], horizons_s: tuple[int, ...], width_s: int) -> tuple[int, ...]:
    """Offsets from issue to the start of every window that a lag may read."""
    return tuple(
        sorted(
            {
                lag_offset_s(each, horizon, width_s) - shift
                for each in lags_s
                for horizon in horizons_s
                for shift in _SHIFTS_S
            }
        )
    )


@dataclass(frozen=True, slots=True)
class Sliding:
    """Figures of the windows of the last ``span`` before issue. NaN where fewer than three quarters are there."""

    mean: Floats
    std: Floats
    """Of a sample (n - 1), as pandas computes it."""
    low: Floats
    high: Floats
    count: Ints


def sliding(track: Track, issue_s: Ints, span_s: int) -> Sliding:
    """Windows in ``[issue - span, issue)``: shifted by one, so the target is never among them (D-04)."""
    n = max(span_s // track.width_s, 1)
    index, known = track.find(issue_s[:, None] - track.width_s * np.arange(1, n + 1))
    milli = np.where(known, track.take(track.milli, index), 0)
    count = known.sum(axis=1).astype(np.int64)
    enough = 4 * count >= 3 * n
    divisor = np.where(enough, count, 1)
    mean = milli.sum(axis=1) / divisor
    apart = np.where(known, milli - mean[:, None], 0.0)
    squares = np.zeros(issue_s.shape)
    for k in range(n):
        squares += apart[:, k] * apart[:, k]
    several = enough & (count > 1)
    largest = np.iinfo(np.int64).max
    low = np.where(known, track.take(track.low, index), largest).min(axis=1)
    high = np.where(known, track.take(track.high, index), -largest).max(axis=1)
    return Sliding(
        mean=np.where(enough, mean, np.nan),
        std=np.where(several, np.sqrt(squares / np.where(several, count - 1, 1)), np.nan),
        low=np.where(enough, low, np.nan),
        high=np.where(enough, high, np.nan),
        count=count,
    )


def ramp_milli_per_s(track: Track, issue_s: Ints) -> Floats:
    """Change from the window before last to the last, in thousandths per second; NaN unless both are there."""
    last, has_last = track.find(issue_s - track.width_s)
    before, has_before = track.find(issue_s - 2 * track.width_s)
    change = track.take(track.milli, last) - track.take(track.milli, before)
    return np.where(has_last & has_before, change / track.width_s, np.nan)
