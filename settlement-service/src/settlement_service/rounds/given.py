"""``PUT …/rounds/{product}/{slot}/actuals``: values that another provider proposed, so that we can reveal against them.

The chain holds their root only. Whoever has the values may give them: the root decides, not the sender.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from gridseal.http.moments import Moment
from gridseal.notary.leaf import name_hash
from gridseal.notary.score import ActualLeaf
from gridseal.runtime.problems import not_found
from gridseal.wire.fields import Hex32, SeriesId
from settlement_service.actuals.leaves import committed
from settlement_service.contracts import Book
from settlement_service.events_store import StoredEvents
from settlement_service.rounds.routes import ProductId, Slot
from settlement_service.rounds.store import RoundStore
from settlement_service.rounds.values import ActualSet

EXAMPLE: Final[JsonDict] = {
    "version": 1,
    "secret": "0x" + "07" * 32,
    "items": [
        {"series_id": "home-01/net", "target_start": "2026-06-08T13:00:00Z", "resolution_s": 3600,
         "value_milli": 412000, "capacity_milli": 5000000}
    ],
}  # fmt: skip


class GivenItem(BaseModel):
    """One measured value, in thousandths of the series' unit."""

    model_config = ConfigDict(extra="forbid")

    series_id: SeriesId
    target_start: Moment
    resolution_s: Annotated[int, Field(strict=True, gt=0, lt=2**32)]
    value_milli: Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
    capacity_milli: Annotated[int, Field(strict=True, gt=0, lt=2**63)]


class GivenActuals(BaseModel):
    """A version of the values, and the secret that the salts of their leaves are derived from."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    version: Annotated[int, Field(strict=True, ge=1, lt=2**32)]
    secret: Hex32
    items: Annotated[tuple[GivenItem, ...], Field(min_length=1, max_length=10_000)]


def set_of(given: GivenActuals) -> ActualSet:
    """The set with the root that its leaves have. Pure."""
    items: Sequence[ActualLeaf] = [
        ActualLeaf(i.series_id, int(i.target_start.timestamp()), i.resolution_s, i.value_milli, i.capacity_milli)
        for i in given.items
    ]
    return committed(given.version, items, bytes.fromhex(given.secret[2:]))


def given_routes(book: Book, rounds: RoundStore, events: StoredEvents, changed: asyncio.Event) -> APIRouter:
    """The route. ``changed`` is set when a round can go on."""
    router = APIRouter(prefix="/api/v1/settlements", tags=["rounds"])

    @router.put("/rounds/{product_id}/{slot}/actuals", operation_id="giveActuals", status_code=204)
    async def give(product_id: ProductId, slot: Slot, given: GivenActuals) -> None:
        """Give the values behind a root that stands on the chain. Needed where another provider proposed them."""
        round_ = await rounds.find(product_id, slot)
        if round_ is None:
            raise not_found("a round of this slot")
        deployment = (await book.place()).deployment_id
        told = await events.of_slot(deployment, "0x" + name_hash(product_id).hex(), slot)
        roots = {int(e.arguments["version"]): str(e.arguments["root"]) for e in told if e.event == "ActualsProposed"}
        if given.version not in roots:
            raise not_found("this version of actuals on the chain")
        found = await asyncio.to_thread(set_of, given)
        if found.root != roots[given.version]:
            raise HTTPException(422, "these values and this secret do not lead to the root that is on the chain")
        await rounds.put_actuals(round_, found)
        changed.set()

    return router
