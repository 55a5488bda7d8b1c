"""From sums over blocks to figures with intervals. Pure."""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from pydantic import BaseModel

from forecast_service.insight.intervals import Estimate, Method, crps, draws_of, ratio, share, skill
from forecast_service.store.accuracy import BlockSums, CellSums, LevelSums
from gridseal.wire.fields import UtcTime

CELL_DRAWS = 300
NOMINAL = (50, 80, 90)


class Figure(BaseModel):
    """A figure and the interval that would hold it in 19 of 20 repetitions; how it was found."""

    value: float
    low: float | None
    high: float | None
    method: Method


class BandFigures(BaseModel):
    """What should hold ``nominal_ratio`` of the outcomes."""

    nominal_ratio: float
    coverage: Figure
    width_ratio: float
    """Sharpness: mean width over the range (P99 - P1) of the series."""
    forecasts: int


class LevelFigures(BaseModel):
    """One point of the reliability diagram."""

    level_bps: int
    observed: Figure
    """Share of outcomes at or below the forecast of this level."""
    pinball_ratio: float
    forecasts: int


class PitBin(BaseModel):
    """One bar of the PIT histogram: outcomes between two neighboring levels."""

    from_bps: int
    to_bps: int
    share: float
    expected_ratio: float


class AccuracyRow(BaseModel):
    """One product, kind and model, beside the baseline on the very same targets."""

    product_id: str
    kind: str
    model: str
    forecasts: int
    series: int
    blocks: int
    pinball: Figure
    baseline_pinball: Figure
    skill: Figure | None
    """1 - pinball / pinball of the baseline: above 0 is better than it."""
    crps_ratio: float | None
    coverage: list[BandFigures]
    baseline_coverage_90: Figure | None
    reliability: list[LevelFigures]
    pit: list[PitBin]


class AccuracyReport(BaseModel):
    """Answer of ``GET /api/v1/accuracy``. Losses are over the range (P99 - P1) of each series."""

    as_at: UtcTime
    period_start: UtcTime
    period_end: UtcTime
    block_s: int
    """Length of the blocks of time that the intervals draw anew."""
    items: list[AccuracyRow]


class SkillCell(BaseModel):
    """One field of a table of skill."""

    row: str
    column: str
    forecasts: int
    blocks: int
    pinball_ratio: float
    baseline_ratio: float
    skill: Figure | None


class SkillTable(BaseModel):
    """Answer of ``GET /api/v1/accuracy/skill``."""

    as_at: UtcTime
    period_start: UtcTime
    period_end: UtcTime
    block_s: int
    rows: str
    columns: str
    items: list[SkillCell]


def report_rows(blocks: Sequence[BlockSums], levels: Sequence[LevelSums]) -> list[AccuracyRow]:
    """One row per product, kind and model, in the order of the sums."""
    by_key: dict[tuple[str, str, str], list[LevelSums]] = {}
    for one in levels:
        by_key.setdefault(_key(one), []).append(one)
    return [_row(list(group), by_key.get(key, [])) for key, group in groupby(blocks, _key)]


def skill_cells(sums: Iterable[CellSums]) -> list[SkillCell]:
    """Cells in the order of the sums."""
    cells = []
    for (row, column), group in groupby(sums, lambda c: (c.row, c.column)):
        parts = list(group)
        n = sum(p.forecasts for p in parts)
        own, other = [p.pinball for p in parts], [p.baseline for p in parts]
        found = skill(own, other, draws_of(len(parts), CELL_DRAWS))
        cells.append(
            SkillCell(
                row=row, column=column, forecasts=n, blocks=len(parts), pinball_ratio=sum(own) / n,
                baseline_ratio=sum(other) / n, skill=_figure(found) if found else None,
            )
        )  # fmt: skip
    return cells


def _key(one: BlockSums | LevelSums) -> tuple[str, str, str]:
    return one.product_id, one.kind, one.model


def _row(blocks: list[BlockSums], levels: list[LevelSums]) -> AccuracyRow:
    drawn = draws_of(len(blocks))
    counts = [float(b.forecasts) for b in blocks]
    own, other = [b.pinball for b in blocks], [b.baseline for b in blocks]
    known = [float(b.baseline_known_90) for b in blocks]
    by_level = [list(group) for _, group in groupby(levels, lambda one: one.level_bps)]
    points = [_level(group) for group in by_level]
    base_coverage = share([b.baseline_inside_90 for b in blocks], known, drawn)
    pinball, baseline = ratio(own, counts, drawn), ratio(other, counts, drawn)
    assert pinball is not None
    assert baseline is not None
    better = skill(own, other, drawn)
    first = blocks[0]
    return AccuracyRow(
        product_id=first.product_id, kind=first.kind, model=first.model, forecasts=int(sum(counts)),
        series=max(b.series for b in blocks), blocks=len(blocks), pinball=_figure(pinball),
        baseline_pinball=_figure(baseline), skill=_figure(better) if better else None,
        crps_ratio=crps([p.level_bps for p in points], [p.pinball_ratio for p in points]) if points else None,
        coverage=[c for nominal in NOMINAL if (c := _band(blocks, nominal)) is not None],
        baseline_coverage_90=_figure(base_coverage) if base_coverage else None,
        reliability=points, pit=_pit(points),
    )  # fmt: skip


def _band(blocks: list[BlockSums], nominal: int) -> BandFigures | None:
    bands = [b.bands[nominal] for b in blocks]
    known = sum(b.known for b in bands)
    inside = share([b.inside for b in bands], [float(b.known) for b in bands], draws_of(len(blocks)))
    if inside is None:
        return None
    width = sum(b.width for b in bands) / known
    return BandFigures(nominal_ratio=nominal / 100, coverage=_figure(inside), width_ratio=width, forecasts=known)


def _level(parts: list[LevelSums]) -> LevelFigures:
    counts = [float(p.forecasts) for p in parts]
    observed = share([p.below for p in parts], counts, draws_of(len(parts)))
    assert observed is not None
    n = int(sum(counts))
    return LevelFigures(
        level_bps=parts[0].level_bps, observed=_figure(observed), pinball_ratio=sum(p.loss for p in parts) / n,
        forecasts=n,
    )  # fmt: skip


def _pit(points: list[LevelFigures]) -> list[PitBin]:
    if not points:
        return []
    edges = [0, *(p.level_bps for p in points), 10_000]
    below = [0.0, *(p.observed.value for p in points), 1.0]
    # At one value for two levels the outcome is below both: a bar is then empty, never negative.
    return [
        PitBin(
            from_bps=a, to_bps=b, share=max(0.0, below[i + 1] - below[i]), expected_ratio=(b - a) / 10_000
        )
        for i, (a, b) in enumerate(pairwise(edges))
    ]  # fmt: skip


def _figure(found: Estimate) -> Figure:
    return Figure(value=found.value, low=found.low, high=found.high, method=found.method)
