"""Schema ``energy_mlops``: the rows that a demand model learns from, and the log of its predictions.

streaming-processor owns the tables and writes ``features``; forecast-service writes ``prediction_log``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from psycopg.types.json import Jsonb

from forecast_service.store.database import AsyncPool, Pool, answering
from forecast_service.tabular.table import FEATURES, DemandTable, table_of

_RESPONDENT = """
SELECT respondent FROM energy_mlops.features WHERE demand_mwh IS NOT NULL
GROUP BY respondent ORDER BY count(*) DESC, respondent LIMIT 1
"""
_ROWS = f"""
SELECT "timestamp", demand_mwh, {", ".join(FEATURES)} FROM energy_mlops.features
WHERE respondent = %s AND demand_mwh IS NOT NULL ORDER BY "timestamp"
"""
_LOG = """
INSERT INTO energy_mlops.prediction_log
  ("timestamp", predicted_demand, model_version, prediction_made_at, features_json)
VALUES (%s, %s, %s, %s, %s)
"""


class DemandRows:
    """Reads ``energy_mlops.features``. Methods block."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def read(self, respondent: str = "") -> DemandTable:
        """Complete hours of one respondent; of the one with most hours where none is named.

        Raises:
            UnavailableError: PostgreSQL does not answer, or the tables are not there yet.
        """
        with answering(), self._pool.connection() as connection:
            if not respondent:
                found = connection.execute(_RESPONDENT).fetchone()
                respondent = str(found[0]) if found else ""
            rows = connection.execute(_ROWS.encode(), (respondent,)).fetchall()
        numbers = np.array([row[1:] for row in rows], dtype=np.float64).reshape(len(rows), 1 + len(FEATURES))
        return table_of(respondent, [row[0] for row in rows], numbers[:, 1:], numbers[:, 0])


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer of ``/predict``."""

    target: datetime
    """Start of the hour that it speaks about."""
    respondent: str
    predicted_mwh: float
    model_version: str
    made_at: datetime
    features: dict[str, float | int]


class PredictionTable:
    """Writes ``energy_mlops.prediction_log``; the respondent stands with the features."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def write(self, predictions: Sequence[Prediction]) -> None:
        """Append.

        Raises:
            UnavailableError: PostgreSQL does not answer, or the table is not there yet.
        """
        rows = [
            (p.target, p.predicted_mwh, p.model_version, p.made_at, Jsonb({**p.features, "respondent": p.respondent}))
            for p in predictions
        ]
        with answering():
            async with self._pool.connection() as connection:
                await connection.cursor().executemany(_LOG.encode(), rows)
