"""``/api/v1/forecasts/at``, ``/runs``, ``/revisions``: what was believed when. Two time axes, never mixed.

``as_at`` is the moment of knowledge (issue time); periods are what the values are for.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from forecast_service.catalog import Catalog
from forecast_service.products.plan import forecast_series
from forecast_service.store.beliefs import BeliefReader
from gridseal.errors import WireError
from gridseal.http.cursors import bad_cursor, decode_cursor, encode_cursor, link_next
from gridseal.http.moments import Moment
from gridseal.runtime.problems import not_found
from gridseal.wire.beliefs import Belief, BeliefsAt, RevisionList, RunHistory
from gridseal.wire.catalog import Product, Series
from gridseal.wire.fields import format_utc

PAST, AHEAD, LONGEST = timedelta(hours=12), timedelta(days=3), timedelta(days=14)
Before = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=31))]


class AskedOne(BaseModel):
    """One series and a moment of knowledge."""

    model_config = ConfigDict(frozen=True)

    series_id: Annotated[str, Field(examples=["home-01/net"])]
    product_id: Annotated[str | None, Field(description="Without: the product that speaks for the series")] = None
    as_at: Annotated[Moment | None, Field(description="Nothing issued later; without: now")] = None


class AskedAt(AskedOne):
    """The same with the periods of interest and earlier moments to compare with."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    begin: Annotated[Moment | None, Field(alias="from", description="Without: 12 h before as_at")] = None
    end: Annotated[Moment | None, Field(alias="to", description="Exclusive; without: 3 days after")] = None
    before: Annotated[
        list[Before],
        Field(max_length=8, description="ISO 8601 durations: also what was believed so long before as_at"),
    ] = []


class AskedRuns(AskedOne):
    """The same as a list."""

    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: str | None = None


class AskedTarget(AskedOne):
    """The same for one period."""

    target: Annotated[Moment, Field(description="Start of the period")]


def belief_routes(reader: BeliefReader, catalog: Catalog, now: Callable[[], datetime]) -> APIRouter:
    """The routes on this store. They stand before ``/{run_id}``."""
    router = APIRouter(prefix="/api/v1/forecasts", tags=["forecasts"])

    @router.get("/at", operation_id="forecastsAt")
    async def at(asked: Annotated[AskedAt, Query()]) -> BeliefsAt:
        """What was believed at ``as_at`` for each target period, and ``before`` that: the newest run issued by then."""
        series, product = _chosen(catalog, asked)
        moment = _moment(asked, now())
        begin, end = _span(asked, moment)
        moments = [moment, *(moment - ago for ago in asked.before)]
        found = await reader.points(series.series_id, product.product_id, moments, begin, end)
        runs = sorted({point.run_id for points in found for point in points})
        site = catalog.sites.get(series.site_id)
        return BeliefsAt(
            as_at=moment, series_id=series.series_id, site_id=series.site_id, name=series.name, kind=series.kind,
            unit=series.unit, direction=series.direction, capacity_w=series.capacity_w,
            resolution_s=series.resolution_s, product_id=product.product_id, period_from=begin, period_to=end,
            beliefs=tuple(
                Belief(as_at=then, before_s=int((moment - then).total_seconds()), points=tuple(points))
                for then, points in zip(moments, found, strict=True)
            ),
            runs=tuple(await reader.marks(series.series_id, runs)),
            actuals=tuple(await reader.actuals(series.series_id, series.resolution_s, begin, end)),
            attribution=site.attribution if site else "",
        )  # fmt: skip

    _add_lists(router, reader, catalog, now)
    return router


def _add_lists(router: APIRouter, reader: BeliefReader, catalog: Catalog, now: Callable[[], datetime]) -> None:
    @router.get("/runs", operation_id="forecastRuns")
    async def runs(asked: Annotated[AskedRuns, Query()], request: Request, response: Response) -> RunHistory:
        """Issued runs of a series, newest first, each with its rung, its model and its seal."""
        series, product = _chosen(catalog, asked)
        moment = _moment(asked, now())
        place = _place(asked.cursor)
        found = await reader.history(series.series_id, product.product_id, moment, asked.limit + 1, place)
        items, more = found[: asked.limit], None
        if len(found) > asked.limit:
            more = encode_cursor([format_utc(items[-1].slot), str(items[-1].version)])
            link_next(request, response, more)
        return RunHistory(
            as_at=moment, series_id=series.series_id, product_id=product.product_id, items=tuple(items),
            next_cursor=more,
        )  # fmt: skip

    @router.get("/revisions", operation_id="forecastRevisions")
    async def revisions(asked: Annotated[AskedTarget, Query()]) -> RevisionList:
        """How the view of one period changed from run to run, oldest first, and what was measured."""
        series, product = _chosen(catalog, asked)
        moment, target = _moment(asked, now()), asked.target
        found = await reader.revisions(series.series_id, product.product_id, target, moment)
        width = timedelta(seconds=series.resolution_s)
        actuals = await reader.actuals(series.series_id, series.resolution_s, target, target + width)
        return RevisionList(
            as_at=moment, series_id=series.series_id, product_id=product.product_id, unit=series.unit,
            target_start=target, items=tuple(found), actual=actuals[0] if actuals else None,
        )  # fmt: skip


def _chosen(catalog: Catalog, asked: AskedOne) -> tuple[Series, Product]:
    """The series at the resolution of its forecast, and the product that is meant.

    Raises:
        HTTPException: 404, one of them does not exist, or the product does not forecast the series.
    """
    series = catalog.series.get(asked.series_id)
    if series is None:
        raise not_found(f"series {asked.series_id}")
    product = catalog.product(asked.product_id) if asked.product_id else catalog.product_of(series)
    if product is None or series.series_id not in {s.series_id for s in catalog.series_of(product)}:
        raise not_found(f"a product {asked.product_id or ''} that forecasts {asked.series_id}")
    return forecast_series(product, [series])[0], product


def _moment(asked: AskedOne, now: datetime) -> datetime:
    return min(asked.as_at, now) if asked.as_at else now


def _span(asked: AskedAt, moment: datetime) -> tuple[datetime, datetime]:
    begin, end = asked.begin or moment - PAST, asked.end or moment + AHEAD
    if not timedelta(0) < end - begin <= LONGEST:
        raise WireError("from and to must span more than nothing and at most 14 days", reason="bad_range")
    return begin, end


def _place(cursor: str | None) -> tuple[datetime, int] | None:
    if cursor is None:
        return None
    slot, version = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(slot), int(version)
    except ValueError as error:
        raise bad_cursor() from error
