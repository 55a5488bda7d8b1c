"""Weather beside demand: for each target period the best that was known of it when the vector was issued."""

from dataclasses import dataclass

import numpy as np

from streaming_processor.arrays import Floats, Ints, Mask
from streaming_processor.features.tracks import Track


@dataclass(frozen=True, slots=True)
class Outlook:
    """Published forecasts of one quantity, in any order: what period, from when it could be used, thousandths."""

    width_s: int
    start_s: Ints
    known_at_s: Ints
    milli: Ints


@dataclass(frozen=True, slots=True)
class Aligned:
    """A value for each target; NaN and no age where nothing was known that is fresh enough."""

    value: Floats
    """In the base unit."""
    age_s: Ints
    """From the end of the measurement, or from the publication of the forecast, to issue; -1 without a value."""


def align(observed: Track | None, outlook: Outlook | None, target_s: Ints, issue_s: Ints, freshness_s: int) -> Aligned:
    """What was known of the weather of each target period at issue.

    The newest forecast of the period that was published by ``issue_s``, else the newest measurement
    that had ended by then; each only if no older than ``freshness_s``.
    """
    value = np.full(issue_s.shape, np.nan)
    age = np.full(issue_s.shape, -1, np.int64)
    if observed is not None:
        index, known, old = observed.last_before(issue_s, freshness_s)
        value = np.where(known, observed.take(observed.milli, index) / 1_000, value)
        age = np.where(known, old, age)
    if outlook is not None and len(outlook.start_s):
        index, known, old = _covering(outlook, target_s, issue_s, freshness_s)
        value = np.where(known, outlook.milli[index] / 1_000, value)
        age = np.where(known, old, age)
    return Aligned(value, age)


def _covering(outlook: Outlook, target_s: Ints, issue_s: Ints, freshness_s: int) -> tuple[Ints, Mask, Ints]:
    order = np.lexsort((outlook.known_at_s, outlook.start_s))
    start, known_at = outlook.start_s[order], outlook.known_at_s[order]
    wanted = target_s - target_s % outlook.width_s
    end = np.searchsorted(start, wanted, side="right")
    begin = np.searchsorted(start, wanted, side="left")
    index = np.array(
        [b + np.searchsorted(known_at[b:e], t, side="right") - 1 for b, e, t in zip(begin, end, issue_s, strict=True)],
        np.int64,
    )
    safe = np.maximum(index, 0)
    old = issue_s - known_at[safe]
    return order[safe], (index >= begin) & (old <= freshness_s), old.astype(np.int64)
