"""Which readings come late: into a window that a newer one of its series has followed.

Decided in the order of arrival, from the newest window that the store had, so the count does not
depend on how the readings were cut into batches.
"""

from typing import Any, Final

import numpy as np
import psycopg

from streaming_processor.arrays import Ints
from streaming_processor.reference import Reference
from streaming_processor.store.numbers import Numbers
from streaming_processor.transforms.windows import Rows

_UNKNOWN: Final = -2
_NONE: Final = -1
_TIME_BITS: Final = 34
_NEWEST: Final = """
SELECT k.n, extract(epoch FROM w.window_start)::bigint
FROM unnest(%s::int[], %s::int[], %s::int[]) k (n, series_no, width_s),
     LATERAL (SELECT window_start FROM window_rows w WHERE w.series_no = k.series_no AND w.width_s = k.width_s
              ORDER BY window_start DESC LIMIT 1) w"""


class NewestWindows:
    """The newest window of each lane, asked for once and then followed."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._newest = np.full(len(reference.lane_plan), _UNKNOWN, np.int64)
        self._finest = _finest_lanes(reference)

    def count_late(self, connection: psycopg.Connection[Any], rows: Rows, numbers: Numbers) -> tuple[int, Ints]:
        """How many of ``rows``, in their order, are late; and the newest windows after them, for ``keep``.

        Call it before the windows of ``rows`` are stored.
        """
        lane = self._finest[rows.source]
        in_lane = np.flatnonzero(lane >= 0)
        lane = lane[in_lane]
        if not len(lane):
            return 0, self._newest
        newest = self._ask(connection, np.unique(lane), numbers)
        width = self.reference.lanes.width_s[lane]
        start = rows.start_s[in_lane] // width * width
        order = np.argsort(lane, kind="stable")
        lane, start = lane[order], start[order]
        before = np.maximum.accumulate((lane << _TIME_BITS) | start) & ((1 << _TIME_BITS) - 1)
        heads = np.append(True, lane[1:] != lane[:-1])
        ahead = np.maximum(np.where(heads, _NONE, np.append(_NONE, before[:-1])), newest[lane])
        late = int((start < ahead).sum())
        ends = np.append(np.flatnonzero(heads)[1:], len(lane)) - 1
        newest[lane[ends]] = np.maximum(newest[lane[ends]], before[ends])
        return late, newest

    def keep(self, newest: Ints | None) -> None:
        """The transaction is through: what ``count_late`` returned holds now."""
        if newest is not None:
            self._newest = newest

    def _ask(self, connection: psycopg.Connection[Any], lanes: Ints, numbers: Numbers) -> Ints:
        newest = self._newest.copy()
        unknown = lanes[newest[lanes] == _UNKNOWN]
        if len(unknown):
            newest[unknown] = _NONE
            plan = numbers.reference.lane_plan[unknown]
            width = numbers.reference.lanes.width_s[unknown]
            keys = (unknown.tolist(), numbers.series_no[plan].tolist(), width.tolist())
            for n, start in connection.execute(_NEWEST, keys):
                newest[n] = start
        return newest


def _finest_lanes(reference: Reference) -> Ints:
    """Per source the lane with the narrowest windows; -1 where it flows nowhere."""
    lanes = reference.lanes
    source = np.repeat(np.arange(len(lanes.start) - 1), np.diff(lanes.start))
    order = np.lexsort((lanes.lane, lanes.width_s[lanes.lane], source))
    first, place = np.unique(source[order], return_index=True)
    finest = np.full(len(lanes.start) - 1, -1, np.int64)
    finest[first] = lanes.lane[order][place]
    return finest
