"""What came of the runs of one version: from ``forecast.scores``."""

from datetime import datetime

import numpy as np

from forecast_service.inference.rollback import LiveLosses
from forecast_service.store.database import Pool, answering

_LOSSES = """
SELECT avg(s.pinball_ratio), avg(s.baseline_ratio)
FROM forecast.runs r JOIN forecast.scores s USING (run_id)
WHERE r.model_name = %s AND r.model_version = %s AND r.slot >= %s AND r.slot < %s AND s.model <> 'stored'
GROUP BY date_trunc('hour', r.slot) ORDER BY date_trunc('hour', r.slot)
"""


class LiveLossStore:
    """Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def of(self, model: str, version: str, since: datetime, until: datetime) -> LiveLosses:
        """Hourly means over everything that a version served for slots in ``[since, until)``."""
        with answering(), self._pool.connection() as connection:
            rows = connection.execute(_LOSSES, (model, version, since, until)).fetchall()
        table = np.array(rows, dtype=np.float64).reshape(-1, 2)
        return LiveLosses(table[:, 0], table[:, 1])
