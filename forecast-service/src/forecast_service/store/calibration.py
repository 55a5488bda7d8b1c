"""Tables ``forecast.calibration``, ``forecast.calibration_progress`` and ``forecast.run_calibrations``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from psycopg.types.json import Jsonb

from forecast_service.calibration.live import Learned, Matured, group_of
from forecast_service.calibration.rolling import Track
from forecast_service.ports import Pinned
from forecast_service.products.plan import delivery_of
from forecast_service.store.database import Pool, answering
from gridseal.wire.catalog import Product

_STATE = """
SELECT kind, rung, offsets, days, extract(epoch FROM until)::bigint, model FROM forecast.calibration
WHERE product_id = %s AND levels_bps = %s::int[] ORDER BY kind, rung, bucket
"""
_KEEP = """
INSERT INTO forecast.calibration (product_id, kind, rung, bucket, levels_bps, offsets, days, until, model)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (product_id, kind, rung, bucket) DO UPDATE SET levels_bps = excluded.levels_bps,
  offsets = excluded.offsets, days = excluded.days, until = excluded.until, model = excluded.model,
  updated_at = clock_timestamp()
"""
_PROGRESS = """
INSERT INTO forecast.calibration_progress (product_id, until) VALUES (%s, %s)
ON CONFLICT (product_id) DO UPDATE SET until = excluded.until
"""
# Periods are at most a day wide; the index is on their start.
_MATURED = """
SELECT s.kind, v.rung, r.model_name || '/' || r.model_version, r.slot, v.resolution_s, v.target_start,
       v.values_milli, s.actual_milli
FROM forecast.values v
JOIN forecast.runs r USING (run_id)
JOIN forecast.scores s USING (series_id, target_start, run_id)
WHERE v.target_start >= %(since)s - interval '1 day' AND v.target_start < %(until)s
  AND v.target_start + v.resolution_s * interval '1 second' > %(since)s
  AND v.target_start + v.resolution_s * interval '1 second' <= %(until)s
  AND r.product_id = %(product)s AND r.levels_bps = %(levels)s::int[]
ORDER BY v.target_start, r.slot, v.series_id
"""


class CalibrationStore:
    """Reads and keeps what was learned; implements ``ports.CalibrationPins``. Call its methods from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def state(self, product: Product) -> dict[str, Learned]:
        """What each group of a product knows about the product's levels."""
        rows: dict[tuple[str, int], list[tuple[list[float], float, int, str]]] = {}
        with answering(), self._pool.connection() as connection:
            found = connection.execute(_STATE, (product.product_id, list(product.levels_bps)))
            for kind, rung, offsets, days, until_s, model in found:
                rows.setdefault((kind, rung), []).append((offsets, days, until_s, model))
        return {
            group_of(*key): Learned(
                Track(np.array([b[0] for b in buckets]), buckets[0][1], buckets[0][2]), buckets[0][3]
            )
            for key, buckets in rows.items()
        }

    def pin(self, product: Product, slot: datetime) -> Pinned:
        """Fix the offsets of a slot's run, or give back those that were fixed before."""
        state = self.state(product)
        offsets = {group: one.track.offsets.tolist() for group, one in state.items()}
        row = (product.product_id, slot, list(product.levels_bps), Jsonb(offsets))
        with answering(), self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO forecast.run_calibrations (product_id, slot, levels_bps, offsets) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                row,
            )
        return self.pinned(product.product_id, [slot])[slot]

    def pinned(self, product_id: str, slots: Sequence[datetime]) -> dict[datetime, Pinned]:
        """Offsets of the runs of some slots; a run from before calibration has none."""
        with answering(), self._pool.connection() as connection:
            found = connection.execute(
                "SELECT slot, levels_bps, offsets FROM forecast.run_calibrations"
                " WHERE product_id = %s AND slot = ANY(%s)",
                (product_id, list(slots)),
            )
            return {
                slot: Pinned(tuple(levels), {group: np.array(rows) for group, rows in offsets.items()})
                for slot, levels, offsets in found
            }

    def progress(self, product_id: str) -> datetime | None:
        """Up to which target end outcomes were looked at."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute(
                "SELECT until FROM forecast.calibration_progress WHERE product_id = %s", (product_id,)
            ).fetchone()
        return None if row is None else row[0]

    def matured(self, product: Product, since: datetime, until: datetime) -> list[Matured]:
        """Scored targets of a product whose period ended after ``since`` and by ``until``."""
        arguments = {
            "since": since, "until": until, "product": product.product_id, "levels": list(product.levels_bps),
        }  # fmt: skip
        with answering(), self._pool.connection() as connection:
            return [_matured(product, *row) for row in connection.execute(_MATURED, arguments)]

    def keep(self, product: Product, known: Mapping[str, Learned], until: datetime) -> None:
        """Store what was learned and how far, together."""
        rows = []
        for group, one in known.items():
            kind, rung = group.rsplit("/", 1)
            learned_until = datetime.fromtimestamp(one.track.until_s, UTC)
            rows += [
                (product.product_id, kind, int(rung), bucket, list(product.levels_bps), offsets.tolist(),
                 one.track.days, learned_until, one.model)
                for bucket, offsets in enumerate(one.track.offsets)
            ]  # fmt: skip
        with answering(), self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_KEEP, rows)
            cursor.execute(_PROGRESS, (product.product_id, until))


class PinnedRuns:
    """Implements ``ports.CalibrationPins`` for a replay: what was fixed for a run, and nothing where nothing was."""

    def __init__(self, store: CalibrationStore) -> None:
        self._store = store

    def pin(self, product: Product, slot: datetime) -> Pinned:
        """The offsets that the slot's run was made with."""
        return self._store.pinned(product.product_id, [slot]).get(slot, Pinned())


def _matured(
    product: Product, kind: str, rung: int, model: str, slot: datetime, resolution_s: int, target: datetime,
    values_milli: list[int], actual_milli: int,
) -> Matured:  # fmt: skip
    delivery, start_s = delivery_of(product, resolution_s, slot), int(target.timestamp())
    place = ((start_s - delivery.first_s) / resolution_s + 0.5) / max(delivery.periods, 1)
    return Matured(
        kind, rung, model, int(slot.timestamp()), min(max(place, 0.0), 1.0), start_s + resolution_s,
        resolution_s, values_milli, actual_milli,
    )  # fmt: skip
