"""What has matured and how it scored: tables ``forecast.scores`` and ``forecast.series_ranges``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forecast_service.monitoring.pinball import Score
from forecast_service.store.database import Pool, answering
from gridseal.wire.catalog import Series

# A window that was corrected after it was scored has a newer version and is scored again.
_MATURED = """
SELECT v.run_id, v.series_id, v.target_start, v.model, v.values_milli, b.values_milli, r.levels_bps,
       w.mean_milli, w.version, g.p99_milli - g.p01_milli
FROM forecast.values v
JOIN forecast.runs r USING (run_id)
JOIN forecast.baseline_values b USING (series_id, target_start, run_id)
JOIN telemetry.windows w
  ON w.series_id = v.series_id AND w.width_s = v.resolution_s AND w.window_start = v.target_start
JOIN forecast.series_ranges g ON g.series_id = v.series_id
LEFT JOIN forecast.scores s
  ON s.series_id = v.series_id AND s.target_start = v.target_start AND s.run_id = v.run_id
WHERE v.target_start >= %(since)s AND v.target_start < %(until)s
  AND w.covered_s >= w.expected_s AND g.p99_milli > g.p01_milli
  AND (s.run_id IS NULL OR s.window_version < w.version)
LIMIT %(limit)s
"""

_WRITE = """
INSERT INTO forecast.scores (run_id, series_id, target_start, kind, model, actual_milli, window_version, range_milli,
  level_ratios, pinball_ratio, covered_90, baseline_ratio, baseline_covered_90)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (series_id, target_start, run_id) DO UPDATE SET actual_milli = excluded.actual_milli,
  window_version = excluded.window_version, level_ratios = excluded.level_ratios,
  pinball_ratio = excluded.pinball_ratio, covered_90 = excluded.covered_90,
  baseline_ratio = excluded.baseline_ratio, baseline_covered_90 = excluded.baseline_covered_90,
  scored_at = clock_timestamp()
"""

_RANGES = """
INSERT INTO forecast.series_ranges (series_id, p01_milli, p99_milli, windows)
SELECT w.series_id, percentile_disc(0.01) WITHIN GROUP (ORDER BY w.mean_milli),
       percentile_disc(0.99) WITHIN GROUP (ORDER BY w.mean_milli), count(*)
FROM unnest(%s::text[], %s::int[]) AS s(series_id, width_s)
JOIN telemetry.windows w USING (series_id, width_s)
WHERE w.covered_s >= w.expected_s
GROUP BY w.series_id
ON CONFLICT (series_id) DO UPDATE SET p01_milli = excluded.p01_milli, p99_milli = excluded.p99_milli,
  windows = excluded.windows, computed_at = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Matured:
    """One served target, its baseline and what came."""

    run_id: str
    series_id: str
    target_start: datetime
    model: str
    values_milli: list[int]
    baseline_milli: list[int]
    levels_bps: list[int]
    actual_milli: int
    window_version: int
    range_milli: int


class ScoreStore:
    """Reads the matured, writes the scores. Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def matured(self, since: datetime, until: datetime, limit: int) -> list[Matured]:
        """Targets in ``[since, until)`` with a complete window and no score for its version."""
        arguments = {"since": since, "until": until, "limit": limit}
        with answering(), self._pool.connection() as connection:
            return [Matured(*row) for row in connection.execute(_MATURED, arguments)]

    def write(self, scored: Sequence[tuple[Matured, str, Score, Score]]) -> None:
        """Keep scores: what matured, the kind of its series, the served and the baseline's score."""
        rows = [
            (m.run_id, m.series_id, m.target_start, kind, m.model, m.actual_milli, m.window_version, m.range_milli,
             list(own.level_ratios), own.pinball_ratio, own.covered_90, base.pinball_ratio, base.covered_90)
            for m, kind, own, base in scored
        ]  # fmt: skip
        with answering(), self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_WRITE, rows)

    def without_range(self, series_ids: Sequence[str]) -> set[str]:
        """Series that were forecast and have no range yet."""
        query = (
            "SELECT s FROM unnest(%s::text[]) s"
            " WHERE NOT EXISTS (SELECT 1 FROM forecast.series_ranges WHERE series_id = s)"
            " AND EXISTS (SELECT 1 FROM forecast.values WHERE series_id = s)"
        )
        with answering(), self._pool.connection() as connection:
            return {row[0] for row in connection.execute(query, (list(series_ids),))}

    def with_range(self) -> set[str]:
        """Series that have one."""
        with answering(), self._pool.connection() as connection:
            return {row[0] for row in connection.execute("SELECT series_id FROM forecast.series_ranges")}

    def update_ranges(self, series: Sequence[Series]) -> None:
        """Compute P1 and P99 of each series anew."""
        arguments = ([s.series_id for s in series], [s.resolution_s for s in series])
        with answering(), self._pool.connection() as connection:
            connection.execute(_RANGES, arguments)
