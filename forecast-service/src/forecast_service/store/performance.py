"""Rolling figures of matured forecasts, and actuals that arrive late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forecast_service.store.database import Pool, answering

# Percentages are of outcomes above a twentieth of the series' range: one near zero says nothing in percent.
_ROLLING = """
WITH matured AS (
  SELECT r.product_id, s.kind, s.model, s.pinball_ratio, s.baseline_ratio, s.covered_90, s.actual_milli, s.range_milli,
         s.actual_milli - v.values_milli[array_position(r.levels_bps, 5000)] AS error_milli,
         s.actual_milli BETWEEN v.values_milli[array_position(r.levels_bps, 1000)]
                            AND v.values_milli[array_position(r.levels_bps, 9000)] AS covered_80
  FROM forecast.scores s
  JOIN forecast.values v USING (series_id, target_start, run_id)
  JOIN forecast.runs r USING (run_id)
  WHERE s.target_start >= %s AND s.target_start < %s)
SELECT product_id, kind, model, count(*), avg(abs(error_milli))::float8 / 1000,
       sqrt(avg(error_milli::float8 * error_milli)) / 1000,
       100 * avg(abs(error_milli)::float8 / abs(actual_milli)) FILTER (WHERE abs(actual_milli) > range_milli / 20),
       avg(pinball_ratio), avg(baseline_ratio), avg(covered_80::int)::float8, avg(covered_90::int)::float8
FROM matured WHERE error_milli IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_KEEP = """
INSERT INTO forecast.performance (looked_at, data_from, data_until, product_id, kind, model, forecasts, mae, rmse,
  mape_percent, pinball_ratio, baseline_ratio, coverage_80, coverage_90)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
# A prediction names its region in its features; where it does not, it is of the region that was asked for.
_FILL = """
UPDATE energy_mlops.prediction_log p SET actual_demand = d.value
FROM energy_mlops.raw_demand d
WHERE d.period = p."timestamp" AND d.respondent = coalesce(p.features_json ->> 'respondent', %s)
  AND d.value IS NOT NULL AND p.actual_demand IS DISTINCT FROM d.value AND p."timestamp" >= %s
"""
_DEMAND = """
SELECT model_version, count(*), avg(abs(actual_demand - predicted_demand)),
       sqrt(avg((actual_demand - predicted_demand) ^ 2)),
       100 * avg(abs(actual_demand - predicted_demand) / abs(actual_demand)) FILTER (WHERE actual_demand <> 0)
FROM energy_mlops.prediction_log WHERE actual_demand IS NOT NULL AND "timestamp" >= %s AND "timestamp" < %s
GROUP BY 1 ORDER BY max(prediction_made_at) DESC
"""


@dataclass(frozen=True, slots=True)
class Rolling:
    """One product, kind and model over a span."""

    product_id: str
    kind: str
    model: str
    forecasts: int
    mae: float
    """Of the median, in the base unit (W)."""
    rmse: float
    mape_percent: float | None
    pinball_ratio: float
    """Mean pinball loss over the range of the series."""
    baseline_ratio: float
    """The analogues' on the same targets."""
    coverage_80: float | None
    coverage_90: float | None


@dataclass(frozen=True, slots=True)
class DemandErrors:
    """The tabular demand model over a span, MWh."""

    model_version: str
    predictions: int
    mae_mwh: float
    rmse_mwh: float
    mape_percent: float | None


class PerformanceStore:
    """Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def rolling(self, since: datetime, until: datetime) -> list[Rolling]:
        """Figures over targets that start in ``[since, until)``."""
        with answering(), self._pool.connection() as connection:
            return [Rolling(*row) for row in connection.execute(_ROLLING, (since, until))]

    def keep(self, figures: Sequence[Rolling], looked_at: datetime, since: datetime, until: datetime) -> None:
        """Add a look to the history."""
        rows = [
            (looked_at, since, until, f.product_id, f.kind, f.model, f.forecasts, f.mae, f.rmse, f.mape_percent,
             f.pinball_ratio, f.baseline_ratio, f.coverage_80, f.coverage_90)
            for f in figures
        ]  # fmt: skip
        with answering(), self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_KEEP, rows)

    def newest_target(self) -> datetime | None:
        """Start of the newest target that has been scored."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute("SELECT max(target_start) FROM forecast.scores").fetchone()
        return row[0] if row else None

    def fill_actuals(self, region: str, since: datetime) -> int:
        """Write what came beside what was predicted; a corrected actual replaces what stood there. How many changed."""
        with answering(), self._pool.connection() as connection:
            return connection.execute(_FILL, (region, since)).rowcount

    def demand(self, since: datetime, until: datetime) -> list[DemandErrors]:
        """Errors of logged predictions by model version, the newest version first."""
        with answering(), self._pool.connection() as connection:
            return [DemandErrors(*row) for row in connection.execute(_DEMAND, (since, until))]
