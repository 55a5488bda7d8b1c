"""Forecast against actual, from the tables that forecast-service and streaming-processor document.

The served median of a period is level 5000 of the newest run issued before the period began, the
only number a user could have acted on. A period counts when it is over, fully measured and was
forecast; energy and availability come from all measured periods.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from asset_service.own_database import OwnDatabase
from gridseal.access.tenant_rows import FIRST
from gridseal.wire.catalog import Series
from gridseal.wire.views import AssetPerformance

_QUERY: Final = """
WITH asked (series_id, width_s) AS (
    SELECT * FROM unnest(%(series)s::text[], %(widths)s::int[])
), actual AS (
    SELECT a.series_id, a.width_s, w.window_start, w.mean_milli, w.covered_s,
           w.covered_s >= w.expected_s AS complete, w.expected_s
    FROM asked a JOIN telemetry.own_windows w ON w.series_id = a.series_id AND w.width_s = a.width_s
    WHERE w.window_start >= %(start)s AND w.window_start + make_interval(secs => a.width_s) <= %(end)s
), served AS (
    SELECT DISTINCT ON (v.series_id, v.target_start) v.series_id, v.target_start,
           v.values_milli[array_position(r.levels_bps, 5000)] AS median_milli
    FROM asked a
    JOIN forecast.values v ON v.series_id = a.series_id AND v.resolution_s = a.width_s
    JOIN forecast.runs r ON r.run_id = v.run_id
    WHERE r.product_id = %(product)s AND v.issued_at < v.target_start AND v.target_start >= %(start)s
      AND v.target_start + make_interval(secs => a.width_s) <= %(end)s
    ORDER BY v.series_id, v.target_start, v.issued_at DESC, r.version DESC
)
SELECT a.series_id,
       count(*) FILTER (WHERE pair) AS periods,
       (avg(x.mean_milli) FILTER (WHERE pair) / 1e3)::float8 AS mean_actual_w,
       (avg(s.median_milli) FILTER (WHERE pair) / 1e3)::float8 AS mean_forecast_w,
       (avg(abs(s.median_milli - x.mean_milli)) FILTER (WHERE pair) / 1e3)::float8 AS mae_w,
       (avg(s.median_milli - x.mean_milli) FILTER (WHERE pair) / 1e3)::float8 AS bias_w,
       (sum(x.mean_milli::numeric * a.width_s * x.covered_s / x.expected_s) / 3.6e6)::float8 AS energy_wh,
       count(*) FILTER (WHERE x.complete) AS complete,
       EXISTS (SELECT FROM telemetry.own_windows w
               WHERE w.series_id = a.series_id AND w.width_s = a.width_s) AS measured
FROM asked a
LEFT JOIN actual x ON x.series_id = a.series_id
LEFT JOIN served s ON s.series_id = a.series_id AND s.target_start = x.window_start
CROSS JOIN LATERAL (SELECT coalesce(x.complete, false) AND s.median_milli IS NOT NULL AS pair) p
GROUP BY a.series_id, a.width_s
"""


class PostgresPerformance:
    """``PerformanceSource`` on PostgreSQL."""

    def __init__(self, dsn: str, product_id: str, timeout_s: float, tenant: str = FIRST) -> None:
        self._database = OwnDatabase(dsn, timeout_s, tenant)
        self._product_id = product_id

    async def performance(self, series: Sequence[Series], start: datetime, end: datetime) -> Sequence[AssetPerformance]:
        """One entry per series, in the order given."""
        asked = {
            "series": [one.series_id for one in series],
            "widths": [one.resolution_s for one in series],
            "product": self._product_id,
            "start": start,
            "end": end,
        }
        answer = await self._database.rows(_QUERY, asked, "telemetry and forecast")
        rows = {row["series_id"]: row for row in answer}
        return [_entry(one, rows[one.series_id], start, end) for one in series]

    async def ping(self) -> None:
        """Return when the database answers."""
        await self._database.ping()


def _entry(series: Series, row: dict[str, Any], start: datetime, end: datetime) -> AssetPerformance:
    width_s = series.resolution_s
    expected = int(end.timestamp()) // width_s - -(-int(start.timestamp()) // width_s)
    deviation = row["mae_w"] / series.capacity_w if series.capacity_w and row["mae_w"] is not None else None
    return AssetPerformance(
        series_id=series.series_id,
        site_id=series.site_id,
        asset_id=series.asset_id,
        name=series.name,
        window_start=start,
        window_end=end,
        periods=row["periods"],
        mean_actual_w=row["mean_actual_w"],
        mean_forecast_w=row["mean_forecast_w"],
        mae_w=row["mae_w"],
        bias_w=row["bias_w"],
        deviation_ratio=deviation,
        energy_wh=row["energy_wh"],
        availability_ratio=min(1.0, row["complete"] / expected) if row["measured"] and expected > 0 else None,
    )
