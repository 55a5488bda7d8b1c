"""Two questions to ``telemetry.windows``: how fresh is it, and what has matured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forecast_service.store.database import Pool, answering
from gridseal.wire.catalog import Series

_NEWEST = """
SELECT s.series_id, w.window_start, o.window_start
FROM unnest(%s::text[], %s::int[]) AS s(series_id, width_s)
LEFT JOIN LATERAL (
  SELECT window_start FROM telemetry.windows w
  WHERE w.series_id = s.series_id AND w.width_s = s.width_s AND w.covered_s >= w.expected_s
  ORDER BY window_start DESC LIMIT 1) w ON true
LEFT JOIN LATERAL (
  SELECT window_start FROM telemetry.windows w
  WHERE w.series_id = s.series_id AND w.width_s = s.width_s
  ORDER BY window_start LIMIT 1) o ON true
"""


@dataclass(frozen=True, slots=True)
class Extent:
    """From when to when a series has windows."""

    series: Series
    oldest: datetime | None
    newest: datetime | None
    """Start of the newest complete window."""


class TelemetryReader:
    """Reads what streaming-processor keeps. Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def extents(self, series: Sequence[Series]) -> list[Extent]:
        """How far the windows of each series reach."""
        arguments = ([s.series_id for s in series], [s.resolution_s for s in series])
        with answering(), self._pool.connection() as connection:
            rows = {row[0]: row for row in connection.execute(_NEWEST, arguments)}
        return [Extent(s, rows[s.series_id][2], rows[s.series_id][1]) for s in series]
