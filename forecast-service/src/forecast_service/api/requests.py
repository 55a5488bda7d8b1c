"""``/api/v1/forecasts/jobs``: forecasts on request."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Header, HTTPException, Response

from forecast_service.catalog import Catalog
from gridseal.errors import WireError
from gridseal.runtime.problems import not_found
from gridseal.wire.requests import ForecastJob, ForecastRequest

MOST_OPEN = 1_000
RETRY_AFTER_S = "10"
Key = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=200, description="The same key twice is one job")
]


class RequestBook(Protocol):
    """``store.requests.RequestTable`` is one. Every call may raise ``UnavailableError``."""

    async def add(self, request: ForecastRequest, at: datetime, key: str | None) -> ForecastJob:
        """Queue a request, once per key."""
        ...

    async def read(self, request_id: uuid.UUID) -> ForecastJob | None:
        """One request."""
        ...

    async def open(self) -> int:
        """How many are not answered yet."""
        ...


def request_routes(book: RequestBook, catalog: Catalog, now: Callable[[], datetime]) -> APIRouter:
    """The routes on this table."""
    router = APIRouter(prefix="/api/v1/forecasts/jobs", tags=["forecasts"])

    @router.post("", operation_id="requestForecast", status_code=202)
    async def submit(request: ForecastRequest, response: Response, key: Key = None) -> ForecastJob:
        """Ask for a forecast: any series of a product, any past slot, any levels. A worker computes it."""
        _check(request, catalog, now())
        if await book.open() >= MOST_OPEN:
            raise HTTPException(
                429, f"{MOST_OPEN} requests wait already: ask again later", {"Retry-After": RETRY_AFTER_S}
            )
        job = await book.add(request, now(), key)
        if key is not None and job.request != request:
            raise HTTPException(422, "this Idempotency-Key was used for another request")
        response.headers["Location"] = f"{router.prefix}/{job.job_id}"
        return job

    @router.get("/{job_id}", operation_id="requestedForecast")
    async def read(job_id: uuid.UUID) -> ForecastJob:
        """Where a request stands, with its forecast once it is done."""
        job = await book.read(job_id)
        if job is None:
            raise not_found(f"job {job_id}")
        return job

    return router


def _check(request: ForecastRequest, catalog: Catalog, now: datetime) -> None:
    product = catalog.product(request.product_id)
    if product is None:
        raise not_found(f"product {request.product_id}")
    known = {series.series_id for series in catalog.series_of(product)}
    strangers = sorted(set(request.series_ids or ()) - known)
    if strangers:
        raise not_found(f"series {strangers[0]} of product {request.product_id}")
    if request.slot is not None and request.slot > now:
        raise WireError("slot lies in the future: leave it out for the newest one", reason="future_slot")
