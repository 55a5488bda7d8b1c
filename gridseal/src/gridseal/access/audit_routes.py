"""``GET /api/v1/audit``: the log of a window, for admins, as JSON, NDJSON, CSV or Parquet."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from gridseal.access.audit import AuditLog, AuditPage
from gridseal.access.people import require_role
from gridseal.access.principal import Principal
from gridseal.http.cursors import bad_cursor, decode_cursor, encode_cursor, link_next
from gridseal.http.moments import Moment

Begin = Annotated[Moment, Query(alias="from", description="Wall time from which")]
End = Annotated[Moment, Query(alias="to", description="Wall time up to which, without it")]


def audit_routes(log: AuditLog) -> APIRouter:
    """One route. The whole window is had by following ``Link: rel="next"``."""
    router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

    @router.get("", operation_id="listAuditLog")
    async def lines(
        request: Request,
        response: Response,
        begin: Begin,
        end: End,
        person: Annotated[Principal, Depends(require_role("admin"))],
        limit: Annotated[int, Query(ge=1, le=5_000)] = 1_000,
        cursor: str | None = None,
    ) -> AuditPage:
        """Who changed, asked for or was refused what, when and from where: lines of the own tenant, oldest first."""
        _check(begin, end)
        found = await log.read(person.tenant, begin, end, _place(cursor), limit)
        following = None
        if len(found) == limit:
            following = encode_cursor([str(found[-1].entry_id)])
            link_next(request, response, following)
        response.headers["Cache-Control"] = "no-store"
        return AuditPage(items=found, next_cursor=following)

    return router


def _check(begin: datetime, end: datetime) -> None:
    if begin >= end:
        raise HTTPException(422, "the window is empty: from must be before to")


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    place = decode_cursor(cursor, 1)[0]
    if not place.isascii() or not place.isdigit() or len(place) > 18:
        raise bad_cursor()
    return int(place)
