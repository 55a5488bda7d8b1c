"""What was forecast last, for rung 4: reads ``forecast.values``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from forecast_service.ports import StoredForecast
from forecast_service.store.database import Pool, answering
from gridseal.wire.catalog import Series

_LAST = """
SELECT v.series_id, l.slot, l.levels_bps, v.resolution_s, v.data_age_s, v.target_start, v.values_milli
FROM unnest(%(ids)s::text[]) AS s(series_id)
CROSS JOIN LATERAL (
  SELECT o.run_id, r.slot, r.levels_bps FROM forecast.values o JOIN forecast.runs r USING (run_id)
  WHERE o.series_id = s.series_id AND r.product_id = %(product)s AND r.slot < %(slot)s AND r.issued_at <= %(as_at)s
    AND o.rung < 4
  ORDER BY o.target_start DESC, r.slot DESC LIMIT 1) l
JOIN forecast.values v ON v.series_id = s.series_id AND v.run_id = l.run_id AND v.target_start >= l.slot
ORDER BY v.series_id, v.target_start
"""


class StoredForecasts:
    """Implements ``ports.LastForecasts``. Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def last(
        self, product_id: str, series: Sequence[Series], slot: datetime, as_at: datetime
    ) -> Mapping[str, StoredForecast]:
        """Per series, its newest forecast of rung 0 to 3 by a run of an earlier slot issued by ``as_at``."""
        kinds = {s.series_id: s.kind for s in series}
        arguments = {"ids": list(kinds), "product": product_id, "slot": slot, "as_at": as_at}
        rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        with answering(), self._pool.connection() as connection:
            for row in connection.execute(_LAST, arguments):
                rows[row[0]].append(row)
        return {
            name: StoredForecast(
                series_id=name,
                kind=kinds[name],
                slot_s=int(own[0][1].timestamp()),
                first_target_s=int(own[0][5].timestamp()),
                resolution_s=own[0][3],
                levels_bps=tuple(own[0][2]),
                values_milli=np.array([row[6] for row in own], dtype=np.int64),
                data_age_s=own[0][4],
            )
            for name, own in rows.items()
        }
