"""SQL behind the REST answers and the WebSocket snapshots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from forecast_service.settings import SITE_PRODUCT
from forecast_service.store.database import AsyncPool, answering
from gridseal.wire.catalog import Series, Site
from gridseal.wire.forecasts import ForecastRun, Point, Seal
from gridseal.wire.views import ActualPoint, KindAccuracy, SeriesForecastView

# The newest run of a series and product is the one that reaches furthest: every run of a product has its horizon. Whose
# run it is, is asked row by row from the newest on, so that no plan reads all rows of a series first.
_HEADS = """
SELECT s.series_id, r.run_id, r.product_id, r.slot, r.issued_at, r.delivery_start, r.gate_closure, r.levels_bps,
       r.model_version, l.document
FROM unnest(%(ids)s::text[], %(products)s::text[]) AS s(series_id, product_id)
CROSS JOIN LATERAL (
  SELECT v.run_id FROM forecast.values v
  WHERE v.series_id = s.series_id AND (%(as_at)s::timestamptz IS NULL OR v.issued_at <= %(as_at)s)
    AND (s.product_id IS NULL
         OR (SELECT p.product_id FROM forecast.runs p WHERE p.run_id = v.run_id) = s.product_id)
  ORDER BY v.target_start DESC, v.issued_at DESC LIMIT 1) v
JOIN forecast.runs r USING (run_id)
LEFT JOIN forecast.seals l USING (run_id)
"""
_POINTS = """
SELECT v.series_id, v.target_start, v.values_milli, v.model, v.rung, v.data_age_s, v.weather, v.drift_milli
FROM unnest(%(ids)s::text[], %(runs)s::text[], %(slots)s::timestamptz[]) AS k(series_id, run_id, slot)
JOIN forecast.values v ON v.series_id = k.series_id AND v.run_id = k.run_id AND v.target_start >= k.slot
ORDER BY v.series_id, v.target_start
"""
_ACTUALS = """
SELECT w.series_id, w.window_start, w.mean_milli, w.covered_s >= w.expected_s, w.version
FROM unnest(%(ids)s::text[], %(widths)s::int[]) AS s(series_id, width_s)
JOIN telemetry.own_windows w USING (series_id, width_s)
WHERE w.window_start >= %(since)s AND w.window_start <= %(until)s AND w.count > 0
ORDER BY w.series_id, w.window_start
"""
_COUNTS = """
SELECT (SELECT count(*) FROM forecast.runs), count(*) FILTER (WHERE state IN ('mined', 'final')),
       count(*) FILTER (WHERE state = 'late') FROM forecast.seals
"""
# Where a trained model has served, it and the baseline are compared on the very same targets; a kind
# that only the baseline has served shows the baseline alone.
_ACCURACY = """
WITH served AS (
  SELECT kind, model, count(*) AS n, avg(pinball_ratio) AS ratio, avg(covered_90::int) AS covered,
         sum(baseline_ratio) AS base, sum(baseline_covered_90::int) AS base_covered
  FROM forecast.scores GROUP BY kind, model)
SELECT kind, model, n, ratio, covered::float8 FROM served WHERE model <> 'analogue'
UNION ALL
SELECT kind, 'analogue', sum(n)::bigint, sum(base) / sum(n), sum(base_covered)::float8 / sum(n)
FROM served WHERE model <> 'analogue' GROUP BY kind
UNION ALL
SELECT kind, model, n, ratio, covered::float8 FROM served a WHERE model = 'analogue'
  AND NOT EXISTS (SELECT 1 FROM served b WHERE b.kind = a.kind AND b.model <> 'analogue')
ORDER BY 1, 2
"""


@dataclass(slots=True)
class _Parts:
    head: tuple[Any, ...]
    points: list[tuple[Any, ...]] = field(default_factory=list)
    actuals: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of runs."""

    issued: int
    sealed: int
    late: int
    accuracy: tuple[KindAccuracy, ...]
    champion: str | None


class ForecastViews:
    """Reads schema ``forecast`` and the windows of schema ``telemetry``."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def probe(self) -> None:
        """Whether PostgreSQL answers."""
        with answering():
            async with self._pool.connection() as connection:
                await connection.execute("SELECT 1")

    async def latest(
        self, series: Sequence[Series], sites: dict[str, Site], since: datetime, until: datetime,
        as_at: datetime | None = None, products: Mapping[str, str] | None = None,
    ) -> list[SeriesForecastView]:  # fmt: skip
        """The newest run of each series that has one, with what was measured in ``[since, until]``.

        Args:
            series: Each once, at the resolution of its forecast.
            sites: By id.
            since: First actual.
            until: Last actual.
            as_at: Nothing that was issued later.
            products: Whose run, by series id; of a series that is not in it, that of any product.
        """
        wanted = {s.series_id: s for s in series}
        with answering():
            async with self._pool.connection() as connection:
                asked = [(products or {}).get(series_id) for series_id in wanted]
                cursor = await connection.execute(_HEADS, {"ids": list(wanted), "products": asked, "as_at": as_at})
                found = {row[0]: _Parts(row) for row in await cursor.fetchall()}
                ids = list(found)
                keys = {"ids": ids, "runs": [found[i].head[1] for i in ids], "slots": [found[i].head[3] for i in ids]}
                cursor = await connection.execute(_POINTS, keys)
                for row in await cursor.fetchall():
                    found[row[0]].points.append(row)
                widths = [wanted[i].resolution_s for i in ids]
                span = {"ids": ids, "widths": widths, "since": since, "until": until}
                cursor = await connection.execute(_ACTUALS, span)
                for row in await cursor.fetchall():
                    found[row[0]].actuals.append(row)
        return [_view(s, sites.get(s.site_id), found[s.series_id]) for s in series if s.series_id in found]

    async def run(self, run_id: str) -> ForecastRun | None:
        """One run as it was issued."""
        row = await self._one("SELECT document FROM forecast.runs WHERE run_id = %s", (run_id,))
        return ForecastRun.model_validate(row[0]) if row else None

    async def seals(self, limit: int) -> list[tuple[Seal, frozenset[str]]]:
        """The seals that changed last, oldest first, each with the series it covers."""
        query = (
            "SELECT l.document, jsonb_path_query_array(r.document, '$.series[*].series_id')"
            " FROM (SELECT * FROM forecast.seals ORDER BY updated_at DESC LIMIT %s) l"
            " JOIN forecast.runs r USING (run_id)"
            " ORDER BY l.updated_at"
        )
        with answering():
            async with self._pool.connection() as connection:
                rows = await (await connection.execute(query, (limit,))).fetchall()
        return [(Seal.model_validate(row[0]), frozenset(row[1])) for row in rows]

    async def counts(self) -> Counts:
        """How many runs there are, how many are sealed, and how they scored."""
        newest = (
            "SELECT model_name, model_version FROM forecast.runs WHERE product_id = coalesce(%s::text, product_id)"
            " ORDER BY slot DESC, model_name = 'analogue', recorded_at DESC LIMIT 1"
        )
        numbers = await self._one(_COUNTS, ()) or (0, 0, 0)
        # Where no sites are forecast, what serves is what serves the other products.
        serving = await self._one(newest, (SITE_PRODUCT,)) or await self._one(newest, (None,))
        with answering():
            async with self._pool.connection() as connection:
                rows = await (await connection.execute(_ACCURACY)).fetchall()
        accuracy = tuple(
            KindAccuracy(kind=k, model=m, forecasts=n, pinball_ratio=r, coverage_90_ratio=c) for k, m, n, r, c in rows
        )
        champion = f"{serving[0]}/{serving[1]}" if serving and serving[0] != "analogue" else None
        return Counts(int(numbers[0]), int(numbers[1]), int(numbers[2]), accuracy, champion)

    async def _one(self, query: str, arguments: tuple[object, ...]) -> tuple[Any, ...] | None:
        with answering():
            async with self._pool.connection() as connection:
                return await (await connection.execute(query.encode(), arguments)).fetchone()


def _view(series: Series, site: Site | None, parts: _Parts) -> SeriesForecastView:
    _, run_id, product_id, slot, issued_at, delivery, gate, levels, version, seal = parts.head
    first = parts.points[0]
    return SeriesForecastView(
        series_id=series.series_id, site_id=series.site_id, name=series.name, kind=series.kind, unit=series.unit,
        direction=series.direction, capacity_w=series.capacity_w, resolution_s=series.resolution_s,
        product_id=product_id, run_id=run_id, slot=slot, issued_at=issued_at, delivery_start=delivery,
        gate_closure=gate, levels_bps=tuple(levels), model=first[3], model_version=version, rung=first[4],
        data_age_s=first[5], weather=first[6] or "none", drift_milli=first[7],
        points=tuple(Point(target_start=p[1], values_milli=tuple(p[2])) for p in parts.points),
        actuals=tuple(
            ActualPoint(period_start=a[1], mean_milli=a[2], complete=a[3], version=a[4]) for a in parts.actuals
        ),
        seal=Seal.model_validate(seal) if seal else None,
        attribution=site.attribution if site else "",
    )  # fmt: skip
