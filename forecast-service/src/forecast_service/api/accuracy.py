"""``/api/v1/accuracy``: how good what was issued has been, with sample sizes and intervals."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from forecast_service.catalog import Catalog
from forecast_service.insight.accuracy import AccuracyReport, SkillTable, report_rows, skill_cells
from forecast_service.insight.intervals import block_length_s
from forecast_service.store.accuracy import AccuracyStore, Span
from gridseal.http.moments import Moment
from gridseal.wire.fields import UtcTime

LONGEST = timedelta(days=31)
USUAL = timedelta(days=7)
Dimension = Literal["series", "kind", "lead", "hour"]


class Wanted(BaseModel):
    """Query of every route here."""

    model_config = ConfigDict(frozen=True)

    since: Annotated[Moment | None, Field(description="First target; unset: seven days before the end")] = None
    until: Annotated[Moment | None, Field(description="Targets start before this; unset: now")] = None
    as_at: Annotated[Moment | None, Field(description="Only what had been issued and had ended by then")] = None
    product_id: Annotated[str | None, Field(max_length=63)] = None
    kind: Annotated[str | None, Field(max_length=63)] = None
    series_id: Annotated[str | None, Field(max_length=127)] = None
    model: Annotated[str | None, Field(max_length=63)] = None

    def span(self, now: datetime) -> Span:
        """As the store takes it.

        Raises:
            HTTPException: 422, the span is empty or too long.
        """
        as_at = self.as_at or now
        until = min(self.until or as_at, as_at)
        since = self.since or until - USUAL
        if not timedelta(0) < until - since <= LONGEST:
            raise HTTPException(422, f"since must lie before until, at most {LONGEST.days} days")
        block_s = block_length_s((until - since).total_seconds())
        return Span(since, until, as_at, block_s, self.product_id, self.kind, self.series_id, self.model)


class TimelinePoint(BaseModel):
    """Means of one bucket of target time."""

    period_start: UtcTime
    kind: str
    model: str
    forecasts: int
    pinball_ratio: float
    baseline_ratio: float
    coverage_90_ratio: float | None


class Timeline(BaseModel):
    """Answer of ``GET /api/v1/accuracy/timeline``."""

    as_at: UtcTime
    period_start: UtcTime
    period_end: UtcTime
    bucket_s: int
    items: list[TimelinePoint]


def accuracy_routes(store: AccuracyStore, catalog: Catalog, now: Callable[[], datetime]) -> APIRouter:
    """The routes on this store."""
    router = APIRouter(prefix="/api/v1/accuracy", tags=["accuracy"])

    @router.get("", operation_id="accuracyReport")
    async def report(wanted: Annotated[Wanted, Query()]) -> AccuracyReport:
        """Loss, skill, coverage, sharpness, reliability and PIT per product, kind and model, each with its sample."""
        span = wanted.span(now())
        items = report_rows(await store.blocks(span), await store.levels(span))
        return AccuracyReport(
            as_at=span.as_at, period_start=span.since, period_end=span.until, block_s=span.block_s, items=items
        )

    @router.get("/skill", operation_id="accuracySkill")
    async def table(
        wanted: Annotated[Wanted, Query()], rows: Dimension = "series", columns: Dimension = "lead"
    ) -> SkillTable:
        """Skill of trained models against the analogue baseline on the same targets, by two dimensions."""
        if rows == columns:
            raise HTTPException(422, "rows and columns must be two dimensions")
        span, sites = wanted.span(now()), catalog.sites
        zones = {name: sites[one.site_id].timezone for name, one in catalog.series.items() if one.site_id in sites}
        items = skill_cells(await store.cells(span, rows, columns, zones))
        return SkillTable(
            as_at=span.as_at, period_start=span.since, period_end=span.until, block_s=span.block_s, rows=rows,
            columns=columns, items=items,
        )  # fmt: skip

    @router.get("/timeline", operation_id="accuracyTimeline")
    async def timeline(
        wanted: Annotated[Wanted, Query()],
        bucket: Annotated[timedelta, Query(description="Width, ISO 8601")] = timedelta(hours=1),
    ) -> Timeline:
        """What served and the baseline on the same targets, over time."""
        if not timedelta(minutes=15) <= bucket <= timedelta(days=7):
            raise HTTPException(422, "bucket must be between PT15M and P7D")
        span, width = wanted.span(now()), int(bucket.total_seconds())
        items = [
            TimelinePoint(
                period_start=p.at, kind=p.kind, model=p.model, forecasts=p.forecasts, pinball_ratio=p.pinball_ratio,
                baseline_ratio=p.baseline_ratio, coverage_90_ratio=p.coverage_90,
            )
            for p in await store.timeline(span, width)
        ]  # fmt: skip
        return Timeline(as_at=span.as_at, period_start=span.since, period_end=span.until, bucket_s=width, items=items)

    return router
