"""What models said and what came: served medians of one series, logged predictions of demand, drift checks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forecast_service.store.database import AsyncPool, answering

LIMIT_S = 20
# Of every period the newest run that was issued before it began: the only numbers a user could have acted on.
_SERVED = """
SELECT DISTINCT ON (s.target_start) s.target_start, s.actual_milli::float8 / %(scale)s,
       v.values_milli[array_position(r.levels_bps, 5000)]::float8 / %(scale)s, s.model
FROM forecast.scores s
JOIN forecast.values v USING (series_id, target_start, run_id)
JOIN forecast.runs r USING (run_id)
WHERE r.product_id = %(product_id)s AND s.series_id = %(series_id)s AND s.target_start >= %(since)s
  AND s.target_start < %(until)s AND v.issued_at < s.target_start AND array_position(r.levels_bps, 5000) IS NOT NULL
ORDER BY s.target_start, v.issued_at DESC, r.version DESC
"""
_SERIES = """
SELECT s.series_id, s.kind, count(*) FROM forecast.scores s JOIN forecast.runs r USING (run_id)
WHERE r.product_id = %(product_id)s AND s.target_start >= %(since)s AND s.target_start < %(until)s
GROUP BY 1, 2 ORDER BY 1
"""
_DEMAND = """
SELECT DISTINCT ON (p."timestamp") p."timestamp", p.actual_demand, p.predicted_demand, p.model_version
FROM energy_mlops.prediction_log p
WHERE coalesce(p.features_json ->> 'respondent', '') = %(series_id)s AND p."timestamp" >= %(since)s
  AND p."timestamp" < %(until)s AND p.actual_demand IS NOT NULL
ORDER BY p."timestamp", p.prediction_made_at DESC, p.id DESC
"""
_RESPONDENTS = """
SELECT coalesce(features_json ->> 'respondent', ''), 'demand', count(*) FROM energy_mlops.prediction_log
WHERE actual_demand IS NOT NULL AND "timestamp" >= %(since)s AND "timestamp" < %(until)s GROUP BY 1 ORDER BY 1
"""
_CHECKS = """
SELECT check_timestamp, dataset_drift_detected, drift_share, n_drifted_features, n_total_features, drift_details,
       triggered_retrain
FROM energy_mlops.drift_log ORDER BY id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One period: what came, what was said, by which model."""

    target_start: datetime
    actual: float
    predicted: float
    model: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A series with matured forecasts."""

    series_id: str
    kind: str
    forecasts: int


@dataclass(frozen=True, slots=True)
class Check:
    """One drift check."""

    checked_at: datetime
    detected: bool
    share: float
    drifted: int
    judged: int
    details: dict[str, dict[str, Any]]
    triggered_retrain: bool


class ModelViews:
    """Every call may raise ``UnavailableError``. Without ``product_id`` it is about the demand model, in MWh."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def outcomes(
        self, product_id: str | None, series_id: str, since: datetime, until: datetime, scale: float
    ) -> list[Outcome]:
        """Periods that start in ``[since, until)``, oldest first; values in thousandths divided by ``scale``."""
        arguments = {
            "product_id": product_id, "series_id": series_id, "since": since, "until": until, "scale": scale
        }  # fmt: skip
        return [Outcome(*row) for row in await self._read(_SERVED if product_id else _DEMAND, arguments)]

    async def series(self, product_id: str | None, since: datetime, until: datetime) -> list[Seen]:
        """What has matured in a span."""
        arguments = {"product_id": product_id, "since": since, "until": until}
        return [Seen(*row) for row in await self._read(_SERIES if product_id else _RESPONDENTS, arguments)]

    async def checks(self, limit: int) -> list[Check]:
        """Drift checks, newest first."""
        rows = await self._read(_CHECKS, {"limit": limit})
        return [
            Check(at, detected, share, drifted, judged, details or {}, retrain)
            for at, detected, share, drifted, judged, details, retrain in rows
        ]

    async def _read(self, query: str, arguments: dict[str, Any]) -> list[tuple[Any, ...]]:
        with answering():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(f"SET LOCAL statement_timeout = '{LIMIT_S}s'".encode())
                return await (await connection.execute(query.encode(), arguments)).fetchall()
