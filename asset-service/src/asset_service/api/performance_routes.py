"""``/api/v1/assets/performance``: forecast against actual, per power series."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query, Request, Response

from asset_service.api.catalog_routes import SiteFilter
from asset_service.api.paging import Cursor, Limit, page
from asset_service.api.views import PerformancePage
from asset_service.ports import CatalogStore, PerformanceSource
from gridseal.runtime.clock import Clock, floor_to
from gridseal.wire.catalog import Series

SETTLE: Final = timedelta(minutes=10)
"""Domain time that the newest window gets to arrive before it counts as missing."""
LONGEST: Final = timedelta(days=7)
SHORTEST: Final = timedelta(hours=1)
Window = Annotated[timedelta, Query(description="How far back, an ISO-8601 duration up to P7D")]


def performance_routes(store: CatalogStore, source: PerformanceSource, clock: Clock) -> APIRouter:
    """Routes that compare what was forecast with what was measured."""
    routes = APIRouter(prefix="/api/v1", tags=["performance"])

    @routes.get("/assets/performance", operation_id="list_asset_performance")
    async def performance(
        request: Request,
        response: Response,
        window: Window = timedelta(1),
        site_id: SiteFilter = None,
        limit: Limit = 500,
        cursor: Cursor = None,
    ) -> PerformancePage:
        """Served median against measurement over the last ``window`` of domain time; nulls where nothing matured."""
        if not SHORTEST <= window <= LONGEST:
            raise HTTPException(422, "window must be between PT1H and P7D")
        end = floor_to(clock.now() - SETTLE, 900)
        records = await store.records(Series, **({} if site_id is None else {"site_id": site_id}))
        power = [one for one in records if isinstance(one, Series) and one.unit == "W"]
        shown, following = page(
            power, lambda one: one.series_id, limit=limit, cursor=cursor, request=request, response=response
        )
        items = await source.performance(shown, end - window, end) if shown else ()
        return PerformancePage(as_at=clock.now(), items=tuple(items), next_cursor=following)

    return routes
