"""``/api/v1/alerts``."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from forecast_service.store.alerts import AlertReader
from gridseal.http.cursors import bad_cursor, decode_cursor, encode_cursor, link_next
from gridseal.wire.alerts import Severity
from gridseal.wire.fields import format_utc
from gridseal.wire.views import AlertList


def alert_routes(alerts: AlertReader, now: Callable[[], datetime]) -> APIRouter:
    """The routes on this store."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

    @router.get("/recent", operation_id="recentAlerts")
    async def recent(
        response: Response, request: Request, site_id: str | None = None, severity: Severity | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None,
    ) -> AlertList:  # fmt: skip
        """Findings about devices and series, newest first."""
        found = await alerts.recent(limit + 1, site_id, severity, place_of(cursor))
        items, more = found[:limit], None
        if len(found) > limit:
            more = encode_cursor([format_utc(items[-1].raised_at), items[-1].alert_id])
            link_next(request, response, more)
        return AlertList(as_at=now(), items=tuple(items), next_cursor=more)

    return router


def place_of(cursor: str | None) -> tuple[datetime, str] | None:
    """When and which alert a cursor of ours stands for.

    Raises:
        WireError: It is none of ours.
    """
    if cursor is None:
        return None
    at, alert_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(at), alert_id
    except ValueError as error:
        raise bad_cursor() from error
