"""``/api/v1/sites``, ``/assets``, ``/series``, ``/products``: the catalog as it stands in the store."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from asset_service.api.paging import Cursor, Limit, page
from asset_service.api.views import AssetPage, ProductPage, SeriesPage, SitePage
from asset_service.ports import CatalogStore
from gridseal.runtime.problems import not_found
from gridseal.wire.catalog import Asset, Product, Series, Site

AssetType = Literal["wind_turbine", "pv", "meter", "battery", "weather_station"]
SiteFilter = Annotated[str | None, Query(max_length=63, description="Only this site")]


def etag_of(revision: int) -> str:
    """Strong: a revision is one content."""
    return f'"{revision}"'


def place_routes(store: CatalogStore) -> APIRouter:
    """Routes that list where power is made and used."""
    routes = APIRouter(prefix="/api/v1", tags=["catalog"])

    @routes.get("/sites", operation_id="list_sites")
    async def sites(request: Request, response: Response, limit: Limit = 100, cursor: Cursor = None) -> SitePage:
        """Places behind one grid connection each."""
        found = [one for one in await store.records(Site) if isinstance(one, Site)]
        items, following = page(
            found, lambda one: one.site_id, limit=limit, cursor=cursor, request=request, response=response
        )
        return SitePage(items=items, next_cursor=following)

    @routes.get("/assets", operation_id="list_assets")
    async def assets(
        request: Request,
        response: Response,
        site_id: SiteFilter = None,
        asset_type: Annotated[AssetType | None, Query(description="Only this type")] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> AssetPage:
        """Devices and plants."""
        wanted = {"site_id": site_id, "asset_type": asset_type}
        records = await store.records(Asset, **{name: value for name, value in wanted.items() if value is not None})
        found = [one for one in records if isinstance(one, Asset)]
        items, following = page(
            found, lambda one: one.asset_id, limit=limit, cursor=cursor, request=request, response=response
        )
        return AssetPage(items=items, next_cursor=following)

    @routes.get("/assets/{asset_id}", operation_id="get_asset")
    async def asset(asset_id: Annotated[str, Path(max_length=63)], response: Response) -> Asset:
        """One device or plant. Its ``ETag`` is what a ``PATCH`` sends back as ``If-Match``."""
        revision, _ = await store.history(f"asset/{asset_id}")
        for one in await store.records(Asset, asset_id=asset_id):
            if isinstance(one, Asset):
                response.headers["ETag"] = etag_of(revision)
                return one
        raise not_found(f"asset {asset_id}")

    return routes


def series_routes(store: CatalogStore) -> APIRouter:
    """Routes that list what is measured and forecast."""
    routes = APIRouter(prefix="/api/v1", tags=["catalog"])

    @routes.get("/series", operation_id="list_series")
    async def series(
        request: Request, response: Response, site_id: SiteFilter = None, limit: Limit = 100, cursor: Cursor = None
    ) -> SeriesPage:
        """Time series: what is measured, and what is forecast."""
        records = await store.records(Series, **({} if site_id is None else {"site_id": site_id}))
        found = [one for one in records if isinstance(one, Series)]
        items, following = page(
            found, lambda one: one.series_id, limit=limit, cursor=cursor, request=request, response=response
        )
        return SeriesPage(items=items, next_cursor=following)

    @routes.get("/products", operation_id="list_products")
    async def products(request: Request, response: Response, limit: Limit = 100, cursor: Cursor = None) -> ProductPage:
        """Forecast products."""
        found = [one for one in await store.records(Product) if isinstance(one, Product)]
        items, following = page(
            found, lambda one: one.product_id, limit=limit, cursor=cursor, request=request, response=response
        )
        return ProductPage(items=items, next_cursor=following)

    return routes
