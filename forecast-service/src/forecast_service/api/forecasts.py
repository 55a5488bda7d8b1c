"""``/api/v1/forecasts``."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from forecast_service.api.choice import Asked, AskedLatest, Chosen, choose, choose_profile, within
from forecast_service.catalog import Catalog
from forecast_service.store.views import Counts, ForecastViews
from gridseal.http.cursors import decode_cursor, encode_cursor, link_next
from gridseal.runtime.problems import not_found
from gridseal.wire.codec import encode
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.views import ForecastSummary, LatestForecasts

SUMMARY_KEEPS_S = 3.0


class SummaryReader:
    """Counts, read at most every few seconds: their query goes over all scores."""

    def __init__(self, views: ForecastViews, catalog: Catalog, now: Callable[[], datetime], time_scale: float) -> None:
        self._views = views
        self._catalog = catalog
        self._now = now
        self._scale = time_scale
        self._lock = asyncio.Lock()
        self._counts: Counts | None = None
        self._read_at = 0.0

    async def read(self) -> ForecastSummary:
        """The summary as of now."""
        async with self._lock:
            if self._counts is None or monotonic() - self._read_at > SUMMARY_KEEPS_S:
                self._counts, self._read_at = await self._views.counts(), monotonic()
            counts = self._counts
        products = self._catalog.products
        series = {s.series_id: s for p in products for s in self._catalog.series_of(p)}
        return ForecastSummary(
            as_at=self._now(),
            time_scale=self._scale,
            products=len(products),
            sites=len({s.site_id for s in series.values()}),
            series=len(series),
            horizon_s=max((p.horizon_s for p in products), default=0),
            runs_issued=counts.issued,
            runs_sealed=counts.sealed,
            runs_late=counts.late,
            champion=counts.champion,
            accuracy=counts.accuracy,
        )


def forecast_routes(
    views: ForecastViews, catalog: Catalog, summary: SummaryReader, now: Callable[[], datetime]
) -> APIRouter:
    """The routes on these stores."""
    router = APIRouter(prefix="/api/v1/forecasts", tags=["forecasts"])

    _add_lists(router, views, catalog, now)

    @router.get("/summary", operation_id="forecastSummary")
    async def read_summary() -> ForecastSummary:
        """How many runs there are, which model serves, and how its matured forecasts scored."""
        return await summary.read()

    @router.get("/{run_id}", operation_id="forecastRun", response_model=ForecastRun)
    async def run(run_id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")], request: Request) -> Response:
        """One run as it was issued and sealed. It never changes."""
        found = await views.run(run_id)
        if found is None:
            raise not_found(f"run {run_id}")
        body = encode(found)
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        headers = {"ETag": tag, "Cache-Control": "public, max-age=31536000, immutable"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    return router


def _add_lists(router: APIRouter, views: ForecastViews, catalog: Catalog, now: Callable[[], datetime]) -> None:
    async def page_of(request: Request, response: Response, asked: Asked, chosen: Chosen) -> LatestForecasts:
        at = min(asked.as_at, now()) if asked.as_at else now()
        if asked.cursor is not None:
            after = decode_cursor(asked.cursor, 1)[0]
            chosen = [(s, p) for s, p in chosen if s.series_id > after]
        page = chosen[: asked.limit]
        since = at - timedelta(hours=asked.hours)
        products = {s.series_id: p for s, p in page}
        found = await views.latest([s for s, _ in page], catalog.sites, since, at, asked.as_at, products)
        more = encode_cursor([page[-1][0].series_id]) if len(chosen) > asked.limit else None
        if more:
            link_next(request, response, more)
        items = (within(view, asked.horizon) for view in found)
        return LatestForecasts(as_at=at, items=tuple(v for v in items if v.points), next_cursor=more)

    @router.get("/latest", operation_id="latestForecasts")
    async def latest(response: Response, request: Request, asked: Annotated[AskedLatest, Query()]) -> LatestForecasts:
        """The newest run of each series, with what was measured; as known at ``as_at`` where given."""
        return await page_of(request, response, asked, choose(catalog, asked, asked.product_id))

    @router.get("/day-ahead", operation_id="dayAheadForecasts")
    async def day_ahead(response: Response, request: Request, asked: Annotated[Asked, Query()]) -> LatestForecasts:
        """The next local day of each series that has a day-ahead product, hour by hour."""
        return await page_of(request, response, asked, choose_profile(catalog, asked, "da"))

    @router.get("/intraday", operation_id="intradayForecasts")
    async def intraday(response: Response, request: Request, asked: Annotated[Asked, Query()]) -> LatestForecasts:
        """The next hours of each series that has an intraday product."""
        return await page_of(request, response, asked, choose_profile(catalog, asked, "id"))
