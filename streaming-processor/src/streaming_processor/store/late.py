"""Which readings come late: into a window that a newer one of the same device and quantity has followed.

Decided in the order of arrival, from the newest reading that the store had, so the count does not
depend on how the readings were cut into batches.
"""

from typing import Any, Final

import numpy as np
import psycopg

from streaming_processor.arrays import Ints
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.store.numbers import Numbers
from streaming_processor.transforms.windows import Rows

_UNKNOWN: Final = -2
_NONE: Final = -1
_TIME_BITS: Final = 34
_WITHOUT_SERIES_S: Final = 900
"""Width of the windows by which a source is judged that flows into no series."""
_NEWEST: Final = """
SELECT k.n, extract(epoch FROM r.period_start)::bigint
FROM unnest(%s::int[], %s::int[], %s::smallint[]) k (n, device_no, quantity_no),
     LATERAL (SELECT period_start FROM reading_rows r
              WHERE r.device_no = k.device_no AND r.quantity_no = k.quantity_no
              ORDER BY period_start DESC LIMIT 1) r"""


class NewestReadings:
    """The start of the newest window that each source has filled, asked for once and then followed."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._width_s = _finest_widths(reference)
        self._newest = np.full(len(self._width_s), _UNKNOWN, np.int64)

    def before(self, connection: psycopg.Connection[Any], rows: Rows, numbers: Numbers) -> Ints:
        """Per source the newest window; call it before ``rows`` are stored."""
        newest = self._newest.copy()
        sources = np.unique(rows.source)
        unknown = sources[newest[sources] == _UNKNOWN]
        if len(unknown):
            newest[unknown] = _NONE
            device_no = numbers.device_no[unknown // len(STORED)]
            keys = (unknown.tolist(), device_no.tolist(), (unknown % len(STORED) + 1).tolist())
            for n, start in connection.execute(_NEWEST, keys):
                newest[n] = start // self._width_s[n] * self._width_s[n]
        return newest

    def count(self, rows: Rows, newest: Ints) -> int:
        """How many of ``rows``, in their order, are late; moves ``newest`` on."""
        if not len(rows):
            return 0
        order = np.argsort(rows.source, kind="stable")
        source = rows.source[order]
        width = self._width_s[source]
        start = rows.start_s[order] // width * width
        # The running maximum within each source: sources ascend, so a number of both never looks back.
        so_far = np.maximum.accumulate((source << _TIME_BITS) | start) & ((1 << _TIME_BITS) - 1)
        heads = np.append(True, source[1:] != source[:-1])
        ahead = np.maximum(np.where(heads, _NONE, np.append(_NONE, so_far[:-1])), newest[source])
        ends = np.append(np.flatnonzero(heads)[1:], len(source)) - 1
        newest[source[ends]] = np.maximum(newest[source[ends]], so_far[ends])
        return int((start < ahead).sum())

    def keep(self, newest: Ints | None) -> None:
        """The transaction is through: what ``before`` returned and ``count`` moved on holds now."""
        if newest is not None:
            self._newest = newest


def _finest_widths(reference: Reference) -> Ints:
    """Per source the narrowest of its windows."""
    lanes = reference.lanes
    finest = np.full(len(lanes.start) - 1, np.iinfo(np.int64).max, np.int64)
    source = np.repeat(np.arange(len(lanes.start) - 1), np.diff(lanes.start))
    np.minimum.at(finest, source, lanes.width_s[lanes.lane])
    return np.where(finest == np.iinfo(np.int64).max, _WITHOUT_SERIES_S, finest)
