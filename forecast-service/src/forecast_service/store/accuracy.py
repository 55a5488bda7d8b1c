"""Sums over matured forecasts, for the figures of accuracy. Blocks are spans of target time of equal length."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forecast_service.store.database import AsyncPool, answering

LIMIT_S = 20
# Scores are per target and run; `as_at` leaves out runs that were issued later and periods that had not ended.
_MATURED = """
WITH matured AS (
  SELECT r.product_id, s.kind, s.model, s.series_id, s.target_start, r.slot, s.pinball_ratio, s.baseline_ratio,
         s.covered_90, s.baseline_covered_90, s.actual_milli, s.range_milli, v.values_milli, r.levels_bps,
         s.level_ratios, floor(extract(epoch FROM s.target_start) / %(block_s)s)::bigint AS block
  FROM forecast.scores s
  JOIN forecast.values v USING (series_id, target_start, run_id)
  JOIN forecast.runs r USING (run_id)
  WHERE s.target_start >= %(since)s AND s.target_start < %(until)s AND s.range_milli > 0
    AND v.issued_at <= %(as_at)s AND s.target_start + make_interval(secs => v.resolution_s) <= %(as_at)s
    AND (%(product_id)s::text IS NULL OR r.product_id = %(product_id)s)
    AND (%(kind)s::text IS NULL OR s.kind = %(kind)s)
    AND (%(series_id)s::text IS NULL OR s.series_id = %(series_id)s)
    AND (%(model)s::text IS NULL OR s.model = %(model)s))
"""
_WIDTH = "(values_milli[array_position(levels_bps, {high})] - values_milli[array_position(levels_bps, {low})])"
_INSIDE = (
    "(actual_milli BETWEEN values_milli[array_position(levels_bps, {low})]"
    " AND values_milli[array_position(levels_bps, {high})])"
)
_BANDS = ((50, 2_500, 7_500), (80, 1_000, 9_000), (90, 500, 9_500))
_BLOCKS = (
    _MATURED
    + "SELECT product_id, kind, model, block, count(*), count(DISTINCT series_id), sum(pinball_ratio),"
    + " sum(baseline_ratio), sum(baseline_covered_90::int)::float8, count(baseline_covered_90)"
    + "".join(
        f", coalesce(sum({_INSIDE.format(low=low, high=high)}::int), 0)::float8"
        f", count({_WIDTH.format(low=low, high=high)})"
        f", coalesce(sum({_WIDTH.format(low=low, high=high)}::float8 / range_milli), 0)"
        for _, low, high in _BANDS
    )
    + " FROM matured GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
)
_LEVELS = (
    _MATURED
    + """
SELECT product_id, kind, model, l.level_bps, block, count(*), sum((actual_milli <= l.value_milli)::int)::float8,
       sum(l.loss)
FROM matured CROSS JOIN LATERAL unnest(levels_bps, values_milli, level_ratios) AS l(level_bps, value_milli, loss)
WHERE cardinality(levels_bps) = cardinality(level_ratios)
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""
)
_HOURLY = (
    _MATURED
    + """
SELECT date_bin(make_interval(secs => %(bucket_s)s), target_start, timestamptz '2000-01-01 00:00Z'), kind, model,
       count(*), avg(pinball_ratio), avg(baseline_ratio), avg(covered_90::int)::float8
FROM matured GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
)
DIMENSIONS: Mapping[str, str] = {
    "series": "m.series_id",
    "kind": "m.kind",
    "lead": "ceil(extract(epoch FROM m.target_start - m.slot) / 3600)::int::text",
    "hour": "extract(hour FROM m.target_start AT TIME ZONE coalesce(z.zone, 'UTC'))::int::text",
}
"""What skill can be looked at by: ``lead`` in whole hours after the slot, ``hour`` on the clock of the site."""
_CELLS = """
SELECT {rows}, {columns}, m.block, count(*), sum(m.pinball_ratio), sum(m.baseline_ratio)
FROM matured m LEFT JOIN unnest(%(series)s::text[], %(zones)s::text[]) AS z(series_id, zone) USING (series_id)
WHERE m.model <> 'analogue' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Which matured forecasts."""

    since: datetime
    until: datetime
    as_at: datetime
    block_s: int
    product_id: str | None = None
    kind: str | None = None
    series_id: str | None = None
    model: str | None = None

    def arguments(self) -> dict[str, Any]:
        """For the queries."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Band:
    """Of a nominal share of outcomes, in percent."""

    inside: float
    known: int
    width: float
    """Sum of widths over the range of the series."""


@dataclass(frozen=True, slots=True)
class BlockSums:
    """One product, kind, model and block."""

    product_id: str
    kind: str
    model: str
    block: int
    forecasts: int
    series: int
    pinball: float
    baseline: float
    baseline_inside_90: float
    baseline_known_90: int
    bands: Mapping[int, Band]


@dataclass(frozen=True, slots=True)
class LevelSums:
    """One level of the same."""

    product_id: str
    kind: str
    model: str
    level_bps: int
    block: int
    forecasts: int
    below: float
    loss: float


@dataclass(frozen=True, slots=True)
class HourSums:
    """Means of one bucket of time."""

    at: datetime
    kind: str
    model: str
    forecasts: int
    pinball_ratio: float
    baseline_ratio: float
    coverage_90: float | None


@dataclass(frozen=True, slots=True)
class CellSums:
    """One field of a table of skill, one block."""

    row: str
    column: str
    block: int
    forecasts: int
    pinball: float
    baseline: float


class AccuracyStore:
    """Every call may raise ``UnavailableError``."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def blocks(self, span: Span) -> list[BlockSums]:
        """Sums per block."""
        return [_blocks(row) for row in await self._read(_BLOCKS, span.arguments())]

    async def levels(self, span: Span) -> list[LevelSums]:
        """Sums per level and block."""
        return [LevelSums(*row) for row in await self._read(_LEVELS, span.arguments())]

    async def timeline(self, span: Span, bucket_s: int) -> list[HourSums]:
        """Means per bucket."""
        return [HourSums(*row) for row in await self._read(_HOURLY, {**span.arguments(), "bucket_s": bucket_s})]

    async def cells(self, span: Span, rows: str, columns: str, zones: Mapping[str, str]) -> list[CellSums]:
        """Sums per cell and block; ``rows`` and ``columns`` are names of ``DIMENSIONS``."""
        query = _MATURED + _CELLS.format(rows=DIMENSIONS[rows], columns=DIMENSIONS[columns])
        arguments = {**span.arguments(), "series": list(zones), "zones": list(zones.values())}
        return [CellSums(*row) for row in await self._read(query, arguments)]

    async def extent(self) -> tuple[datetime, datetime] | None:
        """Starts of the first and the last matured target."""
        row = (await self._read("SELECT min(target_start), max(target_start) FROM forecast.scores", {}))[0]
        return None if row[0] is None else (row[0], row[1])

    async def _read(self, query: str, arguments: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with answering():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(f"SET LOCAL statement_timeout = '{LIMIT_S}s'".encode())
                return await (await connection.execute(query.encode(), arguments)).fetchall()


def _blocks(row: tuple[Any, ...]) -> BlockSums:
    bands = {nominal: Band(*row[10 + 3 * place : 13 + 3 * place]) for place, (nominal, _, _) in enumerate(_BANDS)}
    product_id, kind, model, block, forecasts, series, pinball, baseline, inside, known = row[:10]
    return BlockSums(product_id, kind, model, block, forecasts, series, pinball, baseline, inside or 0.0, known, bands)
