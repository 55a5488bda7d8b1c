"""``/api/v1/overrides``: recalibrations that operators asked for on the chain."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from eth_utils.crypto import keccak
from fastapi import APIRouter, HTTPException, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gridseal.runtime.problems import not_found
from settlement_service.overrides.values import Override, OverrideState


class OverrideView(BaseModel):
    """One request, the job it became, and the new version it led to. ``asked_at`` is domain time."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"example": {"request_id": 1, "product_id": "site-6h", "state": "linked"}},
    )

    request_id: int
    product_id: str | None
    product_hash: str
    operator: str
    reason_hash: str
    reason: str | None
    asked_at: AwareDatetime
    tx_hash: str
    state: OverrideState
    flow: str | None
    job_id: str | None
    detail: str
    done_at: AwareDatetime | None
    model_name: str | None
    model_version: str | None
    first_run_id: str | None


class OverrideList(BaseModel):
    """Newest first."""

    items: tuple[OverrideView, ...]


class Reason(BaseModel):
    """The text whose keccak256 the operator put on the chain."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "the inverter was replaced"}})

    reason: Annotated[str, Field(min_length=1, max_length=2_000)]


class OverrideBook(Protocol):
    """What the routes ask of the store."""

    async def newest(self, deployment_id: str, limit: int) -> list[Override]:
        """Requests, newest first."""
        ...

    async def find(self, deployment_id: str, request_id: int) -> Override | None:
        """One request."""
        ...

    async def set_reason(self, override: Override, reason: str) -> None:
        """Keep the text whose hash is on the chain."""
        ...


def override_routes(book: OverrideBook, deployment: Callable[[], Awaitable[str]]) -> APIRouter:
    """The routes. ``deployment`` says which deployment is followed."""
    router = APIRouter(prefix="/api/v1/overrides", tags=["overrides"])

    async def known(request_id: int) -> Override:
        found = await book.find(await deployment(), request_id)
        if found is None:
            raise not_found("a request of this number")
        return found

    @router.get("", operation_id="listOverrides")
    async def listed(limit: Annotated[int, Query(ge=1, le=500)] = 100) -> OverrideList:
        """Requests for recalibration."""
        found = await book.newest(await deployment(), limit)
        return OverrideList(items=tuple(OverrideView.model_validate(o) for o in found))

    @router.get("/{request_id}", operation_id="getOverride")
    async def one(request_id: int) -> OverrideView:
        """One request."""
        return OverrideView.model_validate(await known(request_id))

    @router.put("/{request_id}/reason", operation_id="tellReason")
    async def reason(request_id: int, told: Reason) -> OverrideView:
        """Give the text behind the hash. Whoever has it may: the hash decides, not the sender."""
        found = await known(request_id)
        if "0x" + keccak(told.reason.encode()).hex() != found.reason_hash:
            raise HTTPException(422, "this text is not the one whose hash is on the chain")
        await book.set_reason(found, told.reason)
        return OverrideView.model_validate(await known(request_id))

    return router
