"""Readings in the order of their periods, each beside those before it, over batch borders.

What a source did last travels from batch to batch as a ``Tail``. A tail can be built anew from the
last ``REMEMBERED`` stored readings of the source, so nothing is lost with the process.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from streaming_processor.arrays import Ints, Mask
from streaming_processor.transforms.windows import Rows

CONTEXT: Final = 8
"""So many readings before each one are at hand."""
REMEMBERED: Final = 32
"""Runs of equal values are counted up to here."""
UNKNOWN: Final = -1
"""The start of a reading that there is none of."""

Tail = tuple[int, ...]
"""The last ``CONTEXT`` starts, newest first, their values, and how many equal values end there."""
_NOTHING: Final[Tail] = (*[UNKNOWN] * CONTEXT, *[0] * CONTEXT, 0)


@dataclass(frozen=True, slots=True)
class Sequence:
    """Rows ordered by source and start. Those not newer than the tail of their source are left out."""

    position: Ints
    """In the rows that were given."""
    source: Ints
    start_s: Ints
    period_s: Ints
    milli: Ints
    before_s: Ints
    """``[row, n]``: start of the reading n + 1 places before, or ``UNKNOWN``."""
    before: Ints
    """``[row, n]``: its value."""
    run: Ints
    """How many equal values in a row end here."""
    late: Ints
    """Positions of the rows left out: the check over stored readings sees them in their place."""
    tails: dict[int, Tail]
    """Of the sources that moved."""

    @property
    def follows(self) -> Mask:
        """The reading before ends where this one starts."""
        found: Mask = (self.before_s[:, 0] != UNKNOWN) & (self.start_s - self.before_s[:, 0] == self.period_s)
        return found


def in_order(rows: Rows, tails: dict[int, Tail]) -> Sequence:
    """Put distinct rows behind the tails of their sources."""
    order = np.lexsort((rows.start_s, rows.source))
    known, group = np.unique(rows.source[order], return_inverse=True)
    carried = np.array([tails.get(s, _NOTHING) for s in known.tolist()], np.int64).reshape(-1, len(_NOTHING))
    newer = rows.start_s[order] > carried[group, 0] if len(order) else np.empty(0, bool)
    late, order, group = order[~newer], order[newer], group[newer]
    start, milli = rows.start_s[order], rows.milli[order]
    head = np.append(True, group[1:] != group[:-1])[: len(group)]
    # One flat array per column: for each source its context, oldest first, and then its rows.
    place = np.arange(len(group)) + CONTEXT * np.cumsum(head)
    context = place[head][:, None] - 1 - np.arange(CONTEXT)
    back = place[:, None] - 1 - np.arange(CONTEXT)
    seen = carried[group[head]]
    before_s = _laid_out(start, place, seen[:, :CONTEXT], context)[back]
    before = _laid_out(milli, place, seen[:, CONTEXT:-1], context)[back]
    run = _runs((milli == before[:, 0]) & (before_s[:, 0] != UNKNOWN), head, seen[:, -1])
    last = np.append(head[1:], True)[: len(group)]
    ends = np.column_stack(
        (start[last], before_s[last, :-1], milli[last], before[last, :-1], run[last]),
    )
    moved = dict(zip(known[group[last]].tolist(), map(tuple, ends.tolist()), strict=True))
    return Sequence(
        order, rows.source[order], start, rows.period_s[order], milli, before_s, before, run, late, moved
    )  # fmt: skip


def _laid_out(values: Ints, place: Ints, seen: Ints, context: Ints) -> Ints:
    flat = np.zeros(int(place[-1]) + 1 if len(place) else 0, np.int64)
    flat[place] = values
    flat[context] = seen
    return flat


def _runs(equal: Mask, head: Mask, carried: Ints) -> Ints:
    here = np.arange(len(equal))
    begins = np.maximum.accumulate(np.where(head | ~equal, here, 0)) if len(equal) else here
    run = here - begins + 1
    # A run that reaches back to the first row of its source goes on from the tail, if that row is equal to it.
    run += np.where(head[begins] & equal[begins], carried[np.cumsum(head) - 1], 0) if len(equal) else 0
    capped: Ints = np.minimum(run, REMEMBERED)
    return capped
