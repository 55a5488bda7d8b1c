"""``/api/v1/assets/quality``, and changing an asset: ``PATCH`` with ``If-Match``, kept with who and when."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Request, Response
from pydantic import BaseModel

from asset_service.api.catalog_routes import SiteFilter, etag_of
from asset_service.api.paging import Cursor, Limit, page
from asset_service.api.performance_routes import LONGEST, SHORTEST, Window
from asset_service.edits import AssetChange, EditedBy, with_edits
from asset_service.ports import CatalogStore, QualitySource
from asset_service.quality import QualityPage
from gridseal.access.people import require_role
from gridseal.access.principal import Principal
from gridseal.runtime.clock import Clock
from gridseal.runtime.problems import not_found
from gridseal.wire.catalog import Asset, Series, Site

AssetId = Annotated[str, Path(max_length=63)]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="`ETag` of the asset that was read")]


class AssetHistory(BaseModel):
    """Answer of ``GET /api/v1/assets/{asset_id}/history``, oldest first."""

    revision: int
    items: list[EditedBy]


def quality_routes(store: CatalogStore, source: QualitySource, clock: Clock) -> APIRouter:
    """Before the places: ``/assets/quality`` would else be taken for an asset id."""
    routes = APIRouter(prefix="/api/v1", tags=["performance"])

    @routes.get("/assets/quality", operation_id="list_asset_quality")
    async def quality(
        request: Request,
        response: Response,
        window: Window = timedelta(1),
        site_id: SiteFilter = None,
        limit: Limit = 500,
        cursor: Cursor = None,
    ) -> QualityPage:
        """What each device sent over the last ``window`` of domain time, what of it is believed, and energy today."""
        if not SHORTEST <= window <= LONGEST:
            raise HTTPException(422, "window must be between PT1H and P7D")
        now, only = clock.now(), {} if site_id is None else {"site_id": site_id}
        found = [one for one in await store.records(Asset, **only) if isinstance(one, Asset)]
        shown, following = page(
            found, lambda one: one.asset_id, limit=limit, cursor=cursor, request=request, response=response
        )
        series = [one for one in await store.records(Series, **only) if isinstance(one, Series)]
        zones = {one.site_id: one.timezone for one in await store.records(Site) if isinstance(one, Site)}
        items = await source.quality(shown, series, zones, now - window, now) if shown else ()
        return QualityPage(as_at=now, items=list(items), next_cursor=following)

    return routes


def editing_routes(store: CatalogStore, published: Callable[[], None]) -> APIRouter:
    """Routes that change an asset, and tell who did. ``published`` is called after a change, to publish it soon."""
    routes = APIRouter(prefix="/api/v1", tags=["catalog"])

    @routes.patch("/assets/{asset_id}", operation_id="change_asset", responses={412: {}, 428: {}})
    async def change(
        asset_id: AssetId,
        wanted: AssetChange,
        response: Response,
        person: Annotated[Principal, Depends(require_role("operator"))],
        if_match: IfMatch = None,
    ) -> Asset:
        """Change name or ratings of an asset that is still as it was read."""
        asset, revision = await _read(store, asset_id)
        if if_match is None:
            raise HTTPException(428, "If-Match is missing: send the ETag of the asset that you read")
        if if_match != etag_of(revision):
            raise HTTPException(412, "the asset was changed since it was read: read it again and decide anew")
        changed = with_edits(asset, wanted.given())
        if not await store.edit(changed, revision, wanted.given(), person.name, datetime.now(UTC)):
            raise HTTPException(412, "the asset was changed just now: read it again and decide anew")
        published()
        response.headers["ETag"] = etag_of(revision + 1)
        assert isinstance(changed, Asset)
        return changed

    @routes.get("/assets/{asset_id}/history", operation_id="get_asset_history")
    async def history(asset_id: AssetId, response: Response) -> AssetHistory:
        """Who changed what of an asset, and when."""
        revision, lines = await store.history(f"asset/{asset_id}")
        if not revision:
            raise not_found(f"asset {asset_id}")
        response.headers["ETag"] = etag_of(revision)
        return AssetHistory(revision=revision, items=list(lines))

    return routes


async def _read(store: CatalogStore, asset_id: str) -> tuple[Asset, int]:
    revision, _ = await store.history(f"asset/{asset_id}")
    for one in await store.records(Asset, asset_id=asset_id):
        if isinstance(one, Asset) and revision:
            return one, revision
    raise not_found(f"asset {asset_id}")
