"""SQL behind "what was believed at a moment": newest run per target as of an issue time, and the runs themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forecast_service.store.database import AsyncPool, answering
from gridseal.wire.beliefs import BeliefPoint, Revision, RunMark
from gridseal.wire.forecasts import Seal
from gridseal.wire.views import ActualPoint

_POINTS = """
SELECT m.no - 1, p.target_start, p.run_id, p.values_milli
FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS m(moment, no)
CROSS JOIN LATERAL (
  SELECT DISTINCT ON (v.target_start) v.target_start, v.run_id, v.values_milli
  FROM forecast.values v JOIN forecast.runs r USING (run_id)
  WHERE v.series_id = %(series)s AND v.target_start >= %(begin)s AND v.target_start < %(end)s
    AND r.product_id = %(product)s AND v.issued_at <= m.moment
  ORDER BY v.target_start, v.issued_at DESC, r.version DESC) p
ORDER BY m.no, p.target_start
"""
# A run speaks about the days after its slot; the bound keeps a run without the series from being searched to the end.
_MARKS = """
SELECT r.run_id, r.product_id, r.slot, r.version, r.issued_at, r.recorded_at, r.delivery_start, r.gate_closure,
       r.levels_bps, f.model, r.model_version, f.rung, f.data_age_s, coalesce(f.weather, 'none'), l.document
FROM forecast.runs r
CROSS JOIN LATERAL (
  SELECT v.model, v.rung, v.data_age_s, v.weather FROM forecast.values v
  WHERE v.series_id = %(series)s AND v.run_id = r.run_id
    AND v.target_start >= r.slot AND v.target_start < r.slot + interval '10 days'
  ORDER BY v.target_start LIMIT 1) f
LEFT JOIN forecast.seals l USING (run_id)
"""
_NAMED = _MARKS + "WHERE r.run_id = ANY(%(runs)s) ORDER BY r.issued_at, r.run_id"
_HISTORY = (
    _MARKS + "WHERE r.product_id = %(product)s AND r.issued_at <= %(as_at)s"
    " AND (%(slot)s::timestamptz IS NULL OR (r.slot, r.version) < (%(slot)s, %(version)s))"
    " ORDER BY r.slot DESC, r.version DESC LIMIT %(limit)s"
)
_REVISIONS = """
SELECT v.run_id, v.issued_at, extract(epoch FROM v.target_start - v.issued_at)::bigint, r.levels_bps, v.values_milli,
       v.rung
FROM forecast.values v JOIN forecast.runs r USING (run_id)
WHERE v.series_id = %(series)s AND v.target_start = %(target)s AND r.product_id = %(product)s
  AND v.issued_at <= %(as_at)s
ORDER BY v.issued_at, r.version
"""
_ACTUALS = """
SELECT window_start, mean_milli, covered_s >= expected_s, version FROM telemetry.own_windows
WHERE series_id = %(series)s AND width_s = %(width)s AND window_start >= %(begin)s AND window_start < %(end)s
  AND count > 0
ORDER BY window_start
"""


class BeliefReader:
    """Reads schema ``forecast`` along both time axes. Every call may raise ``UnavailableError``."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def points(
        self, series_id: str, product_id: str, moments: Sequence[datetime], begin: datetime, end: datetime
    ) -> list[list[BeliefPoint]]:
        """For each moment, the newest word on each target in ``[begin, end)``."""
        found: list[list[BeliefPoint]] = [[] for _ in moments]
        query = {"series": series_id, "product": product_id, "moments": list(moments), "begin": begin, "end": end}
        for no, target, run, values in await self._all(_POINTS, query):
            found[no].append(BeliefPoint(target_start=target, run_id=run, values_milli=tuple(values)))
        return found

    async def marks(self, series_id: str, runs: Sequence[str]) -> list[RunMark]:
        """Named runs, oldest first."""
        return [_mark(row) for row in await self._all(_NAMED, {"series": series_id, "runs": list(runs)})]

    async def history(
        self, series_id: str, product_id: str, as_at: datetime, limit: int, after: tuple[datetime, int] | None
    ) -> list[RunMark]:
        """Runs of a series that were issued by ``as_at``, newest first, below the slot and version of ``after``."""
        slot, version = after or (None, None)
        query = {
            "series": series_id, "product": product_id, "as_at": as_at, "limit": limit, "slot": slot,
            "version": version,
        }  # fmt: skip
        return [_mark(row) for row in await self._all(_HISTORY, query)]

    async def revisions(self, series_id: str, product_id: str, target: datetime, as_at: datetime) -> list[Revision]:
        """Everything that had been said about one target by ``as_at``, oldest first."""
        query = {"series": series_id, "product": product_id, "target": target, "as_at": as_at}
        return [
            Revision(run_id=r[0], issued_at=r[1], lead_s=r[2], levels_bps=tuple(r[3]), values_milli=tuple(r[4]),
                     rung=r[5])
            for r in await self._all(_REVISIONS, query)
        ]  # fmt: skip

    async def actuals(self, series_id: str, width_s: int, begin: datetime, end: datetime) -> list[ActualPoint]:
        """What was measured in ``[begin, end)``, as it is known now."""
        query = {"series": series_id, "width": width_s, "begin": begin, "end": end}
        return [
            ActualPoint(period_start=r[0], mean_milli=r[1], complete=r[2], version=r[3])
            for r in await self._all(_ACTUALS, query)
        ]

    async def _all(self, query: str, arguments: dict[str, object]) -> list[tuple[Any, ...]]:
        with answering():
            async with self._pool.connection() as connection:
                return await (await connection.execute(query.encode(), arguments)).fetchall()


def _mark(row: tuple[Any, ...]) -> RunMark:
    return RunMark(
        run_id=row[0], product_id=row[1], slot=row[2], version=row[3], issued_at=row[4], recorded_at=row[5],
        delivery_start=row[6], gate_closure=row[7], levels_bps=tuple(row[8]), model=row[9], model_version=row[10],
        rung=row[11], data_age_s=row[12], weather=row[13], seal=Seal.model_validate(row[14]) if row[14] else None,
    )  # fmt: skip
