"""The windows of one series in arrays: what every feature is computed from."""

from dataclasses import dataclass

import numpy as np

from streaming_processor.arrays import Ints, Mask


@dataclass(frozen=True, slots=True)
class Track:
    """Windows of one width, oldest first. A window with less than half of its data is as good as absent.

    Values are thousandths of the base unit. The rows need not be without gaps: whoever reads only
    what a few vectors need gets the same features as whoever reads a year.
    """

    width_s: int
    start_s: Ints
    milli: Ints
    low: Ints
    high: Ints
    count: Ints
    """Readings in the window."""

    def __len__(self) -> int:
        return len(self.start_s)

    def find(self, start_s: Ints) -> tuple[Ints, Mask]:
        """Position of each window, and whether it is there (the position means nothing if not)."""
        if not len(self.start_s):
            return np.zeros(start_s.shape, np.int64), np.zeros(start_s.shape, bool)
        index = np.minimum(np.searchsorted(self.start_s, start_s), len(self.start_s) - 1).astype(np.int64)
        return index, self.start_s[index] == start_s

    def take(self, column: Ints, index: Ints) -> Ints:
        """``column[index]``, zeros where there is nothing at all."""
        return column[index] if len(column) else np.zeros(index.shape, np.int64)

    def last_before(self, moment_s: Ints, freshness_s: int) -> tuple[Ints, Mask, Ints]:
        """Newest window that ended at or before each moment, if it is fresh enough.

        Returns:
            Position, whether there is one, and its age: seconds from its end to the moment.
        """
        if not len(self.start_s):
            none = np.zeros(moment_s.shape, np.int64)
            return none, np.zeros(moment_s.shape, bool), none
        index = np.searchsorted(self.start_s, moment_s - self.width_s, side="right").astype(np.int64) - 1
        age = moment_s - (self.start_s[index] + self.width_s)
        known = (index >= 0) & (age <= freshness_s)
        return np.maximum(index, 0), known, age


def track_from(
    width_s: int,
    start_s: Ints,
    milli: Ints,
    covered_s: Ints,
    expected_s: Ints,
    *,
    low: Ints | None = None,
    high: Ints | None = None,
    count: Ints | None = None,
) -> Track:
    """Sort, and leave out windows that are less than half covered."""
    usable = 2 * covered_s >= expected_s
    order = np.flatnonzero(usable)[np.argsort(start_s[usable], kind="stable")]
    return Track(
        width_s=width_s,
        start_s=start_s[order],
        milli=milli[order],
        low=(milli if low is None else low)[order],
        high=(milli if high is None else high)[order],
        count=(np.ones_like(milli) if count is None else count)[order],
    )


def empty_track(width_s: int) -> Track:
    """No windows."""
    none = np.empty(0, np.int64)
    return Track(width_s, none, none, none, none, none)
