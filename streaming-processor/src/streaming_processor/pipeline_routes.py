"""``/api/v1/stream``: what the stream does, what it refused, and the way of one reading through it."""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from gridseal.runtime.problems import not_found
from gridseal.wire.fields import format_utc
from streaming_processor.pipeline import PipelineTables, RatePoint, ReadingTrail, Refusal

MOST_BUCKETS = 1_000


class RatePage(BaseModel):
    """Answer of ``GET /api/v1/stream/rates``, oldest first. Buckets without a batch are left out."""

    bucket_s: int
    items: list[RatePoint]


class RefusalPage(BaseModel):
    """Answer of ``GET /api/v1/stream/refused``, newest first."""

    items: list[Refusal]
    next_cursor: str | None = None


def pipeline_routes(tables: PipelineTables, status: Callable[[], dict[str, Any]]) -> APIRouter:
    """The routes; nothing can be changed here."""
    router = APIRouter(prefix="/api/v1/stream", tags=["pipeline"])

    @router.get("/status", operation_id="readStreamStatus")
    async def state() -> dict[str, Any]:
        """Totals, lag and latency of the running process; the same as ``/status``."""
        return status()

    @router.get("/rates", operation_id="listStreamRates")
    async def rates(
        bucket: Annotated[timedelta, Query(description="Width, ISO 8601")] = timedelta(minutes=1),
        span: Annotated[timedelta, Query(description="How far back, wall clock")] = timedelta(hours=1),
    ) -> RatePage:
        """What was stored, refused and repeated, from the ledger of batches."""
        width_s, span_s = int(bucket.total_seconds()), int(span.total_seconds())
        if width_s < 1 or not 0 < span_s / width_s <= MOST_BUCKETS:
            raise HTTPException(422, f"ask for at most {MOST_BUCKETS} buckets of a second or more")
        return RatePage(bucket_s=width_s, items=await tables.rates(width_s, span_s))

    @router.get("/refused", operation_id="listRefusedReadings")
    async def refused(
        request: Request, response: Response, reason: Annotated[str | None, Query(max_length=63)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
    ) -> RefusalPage:  # fmt: skip
        """Readings that were not stored, with the reason and the first 2 KiB of what came."""
        found = await tables.refused(limit + 1, reason, _place(cursor))
        items, more = found[:limit], None
        if len(found) > limit:
            place = json.dumps([format_utc(items[-1].refused_at), items[-1].refusal_id])
            more = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
            response.headers["Link"] = f'<{request.url.include_query_params(cursor=more)}>; rel="next"'
        return RefusalPage(items=items, next_cursor=more)

    @router.get("/trail", operation_id="readReadingTrail")
    async def trail(
        device_id: Annotated[str, Query(max_length=63)], quantity: Annotated[str, Query(max_length=63)],
        period_start: AwareDatetime | None = None, series_id: Annotated[str | None, Query(max_length=127)] = None,
    ) -> ReadingTrail:  # fmt: skip
        """The newest reading of a device, or that of a period: when it was sent and stored, by which batch."""
        found = await tables.trail(device_id, quantity, period_start, series_id)
        if found is None:
            raise not_found(f"a stored {quantity} of {device_id}")
        return found

    return router


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    try:
        at, name = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
    except (ValueError, TypeError, binascii.Error) as error:
        raise HTTPException(422, "cursor is not one of this list: start again without it") from error
    if moment.tzinfo is None or not isinstance(name, str):
        raise HTTPException(422, "cursor is not one of this list: start again without it")
    return moment, name
