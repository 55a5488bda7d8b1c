"""Published forecasts of the weather, every issue of them, as arrays."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from streaming_processor.features.store.session import Session
from streaming_processor.features.sync import Outlook
from streaming_processor.feeds.records import QUANTITIES

WIDTH_S: Final = 3_600
_READ: Final = """
SELECT variable, extract(epoch FROM period_start)::bigint, ceil(extract(epoch FROM known_at))::bigint, value
FROM feed_weather
WHERE location_id = %s AND kind = 'forecast' AND period_s = %s AND variable = ANY(%s)
  AND period_start >= to_timestamp(%s) AND period_start < to_timestamp(%s)"""


class PostgresOutlooks:
    """Reads ``feed_weather``. A forecast counts from when the gateway had it, never from when it was made."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, region_id: str, begin_s: int, end_s: int) -> Mapping[str, Outlook]:
        """Forecasts of each quantity for the hours that start in a half-open span of seconds."""
        asked = (region_id, WIDTH_S, list(QUANTITIES), begin_s - WIDTH_S, end_s)
        with self._session.transaction() as connection:
            rows = connection.execute(_READ, asked).fetchall()
        found: dict[str, list[tuple[int, int, int]]] = {}
        for variable, start_s, known_at_s, value in rows:
            quantity, factor = QUANTITIES[variable]
            found.setdefault(quantity, []).append((start_s, known_at_s, round(value * factor)))
        return {
            quantity: Outlook(WIDTH_S, *np.array(sorted(values), np.int64).reshape(-1, 3).T)
            for quantity, values in found.items()
        }
