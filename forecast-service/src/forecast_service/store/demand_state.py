"""How the demand model does and how fresh its data is: read from ``energy_mlops`` and the job runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from forecast_service.store.database import AsyncPool, answering

ROLLING = timedelta(hours=168)
HOUR_S = 3_600
_ERRORS = """
SELECT avg(abs(predicted_demand - actual_demand)),
       100 * avg(abs(predicted_demand - actual_demand) / abs(actual_demand)) FILTER (WHERE actual_demand <> 0)
FROM energy_mlops.prediction_log
WHERE actual_demand IS NOT NULL AND "timestamp" >= %(since)s AND "timestamp" <= %(now)s
"""
_DRIFT = """
SELECT drift_share, dataset_drift_detected FROM energy_mlops.drift_log ORDER BY check_timestamp DESC, id DESC LIMIT 1
"""
_NEWEST = "SELECT max(period) FROM energy_mlops.raw_demand WHERE value IS NOT NULL"
_RETRAINS = "SELECT count(*) FROM forecast.job_runs WHERE kind = 'train' AND state <> 'skipped'"


@dataclass(frozen=True, slots=True)
class DemandState:
    """``None``: nobody knows yet."""

    mae_mwh: float | None
    mape_percent: float | None
    drift_share: float | None
    drift_detected: bool | None
    freshness_h: float | None
    retrains: int


class DemandStateReader:
    """Reads it all in one connection."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def read(self, now: datetime) -> DemandState:
        """As of ``now``, in domain time.

        Raises:
            UnavailableError: PostgreSQL does not answer, or the tables are not there yet.
        """
        with answering():
            async with self._pool.connection() as connection:
                span = {"since": now - ROLLING, "now": now}
                errors = await (await connection.execute(_ERRORS, span)).fetchone()
                drift = await (await connection.execute(_DRIFT)).fetchone()
                newest = await (await connection.execute(_NEWEST)).fetchone()
                retrains = await (await connection.execute(_RETRAINS)).fetchone()
        mae, mape = errors or (None, None)
        share, detected = drift or (None, None)
        ended = newest[0] + timedelta(seconds=HOUR_S) if newest and newest[0] else None
        freshness = max((now - ended).total_seconds(), 0.0) / HOUR_S if ended else None
        return DemandState(mae, mape, share, detected, freshness, int(retrains[0]) if retrains else 0)
