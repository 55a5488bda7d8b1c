"""What drift checks found, ``energy_mlops.drift_log``, and the errors that concept drift is looked for in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from forecast_service.monitoring.drift import DriftReport, worst
from forecast_service.ports import Floats
from forecast_service.store.database import Pool, answering
from forecast_service.store.training_features import DEMAND

_ERRORS = """
SELECT kind, extract(epoch FROM date_trunc('hour', target_start))::bigint AS hour, avg(pinball_ratio)
FROM forecast.scores WHERE target_start >= %s AND model <> 'analogue' GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One line of ``drift_log``."""

    check_timestamp: datetime
    detected: bool
    share: float
    n_drifted: int
    n_total: int
    details: dict[str, dict[str, object]]
    triggered_retrain: bool


class DriftLog:
    """Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def write(self, reports: Mapping[str, DriftReport], checked_at: datetime, triggered: bool) -> None:
        """Add a line; ``checked_at`` is domain time, that of the data.

        Share and numbers are those of the dataset with the largest share. The details hold the features of all:
        of the demand table under their own names, of others under ``dataset/feature``.

        Raises:
            UnavailableError: PostgreSQL does not answer or has no such table yet.
        """
        counts = reports[worst(reports)]
        details = {
            name if dataset == DEMAND else f"{dataset}/{name}": found
            for dataset, report in reports.items()
            for name, found in report.details().items()
        }
        with answering(), self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO energy_mlops.drift_log (check_timestamp, dataset_drift_detected, drift_share,"
                " n_drifted_features, n_total_features, drift_details, triggered_retrain)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    checked_at,
                    counts.detected,
                    counts.share,
                    counts.n_drifted,
                    counts.n_total,
                    Jsonb(details),
                    triggered,
                ),
            )

    def newest(self, limit: int = 100) -> list[DriftRow]:
        """The last checks, newest first."""
        query = (
            "SELECT check_timestamp, dataset_drift_detected, drift_share, n_drifted_features, n_total_features,"
            " drift_details, triggered_retrain FROM energy_mlops.drift_log ORDER BY id DESC LIMIT %s"
        )
        with answering(), self._pool.connection() as connection:
            return [DriftRow(*row) for row in connection.execute(query, (limit,))]

    def errors(self, since: datetime) -> dict[str, tuple[NDArray[np.int64], Floats]]:
        """Kind → hours and mean pinball ratio of what trained models forecast for targets since then."""
        with answering(), self._pool.connection() as connection:
            rows = connection.execute(_ERRORS, (since,)).fetchall()
        kinds = sorted({row[0] for row in rows})
        return {
            kind: (
                np.array([r[1] for r in rows if r[0] == kind], dtype=np.int64),
                np.array([r[2] for r in rows if r[0] == kind], dtype=np.float64),
            )
            for kind in kinds
        }
