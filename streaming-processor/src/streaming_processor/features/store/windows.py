"""Windows of many series in one read, as arrays."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from streaming_processor.arrays import Ints
from streaming_processor.features.entities import Lane
from streaming_processor.features.store.session import Session
from streaming_processor.features.tracks import Track, empty_track, track_from
from streaming_processor.store.copy_binary import unpack

_LAYOUT: Final = (
    ("lane", "int4"),
    ("window_start", "time"),
    ("mean_milli", "int8"),
    ("covered_s", "int4"),
    ("expected_s", "int4"),
    ("count", "int4"),
    ("min_milli", "int8"),
    ("max_milli", "int8"),
)
_COPY: Final = """
COPY (SELECT k.lane, w.window_start, w.mean_milli, w.covered_s, w.width_s * w.inputs, w.count, w.min_milli, w.max_milli
      FROM unnest('{{{lanes}}}'::int[], '{{{series}}}'::int[], '{{{widths}}}'::int[], '{{{begins}}}'::bigint[],
                  '{{{ends}}}'::bigint[]) k (lane, series_no, width_s, begin_s, end_s)
      JOIN window_rows w ON w.series_no = k.series_no AND w.width_s = k.width_s
           AND w.window_start >= to_timestamp(k.begin_s) AND w.window_start < to_timestamp(k.end_s))
TO STDOUT (FORMAT binary)"""


class PostgresWindows:
    """Reads ``window_rows`` by key ranges."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, spans: Mapping[Lane, Iterable[tuple[int, int]]]) -> dict[Lane, Track]:
        """Windows of each lane that start in one of its spans; a lane that was never filled is empty."""
        lanes = list(spans)
        with self._session.transaction() as connection:
            series = self._session.series_no(connection, {lane.series_id for lane in lanes})
            ranges = [
                (n, series[lane.series_id], lane.width_s, begin, end)
                for n, lane in enumerate(lanes)
                if lane.series_id in series
                for begin, end in merged(spans[lane])
            ]
            if not ranges:
                return {lane: empty_track(lane.width_s) for lane in lanes}
            listed = [",".join(map(str, column)) for column in zip(*ranges, strict=True)]
            # Whole numbers of our own: COPY takes no parameters.
            names = ("lanes", "series", "widths", "begins", "ends")
            with connection.cursor().copy(_COPY.format(**dict(zip(names, listed, strict=True))).encode()) as copy:
                data = b"".join(bytes(block) for block in copy)
        return _tracks(lanes, unpack(_LAYOUT, data))


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same moments in spans that do not touch."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _tracks(lanes: list[Lane], columns: list[Ints]) -> dict[Lane, Track]:
    lane_no, start, milli, covered, expected, count, low, high = columns
    order = np.argsort(lane_no, kind="stable")
    ends = np.searchsorted(lane_no[order], np.arange(len(lanes) + 1))
    tracks: dict[Lane, Track] = {}
    for n, lane in enumerate(lanes):
        of = order[ends[n] : ends[n + 1]]
        tracks[lane] = track_from(
            lane.width_s, start[of], milli[of], covered[of], expected[of], low=low[of], high=high[of], count=count[of]
        )
    return tracks
