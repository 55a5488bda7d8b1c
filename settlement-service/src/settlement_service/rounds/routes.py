"""``/api/v1/settlements/…``: rounds of a day, scores, disputes, stakes, what was sealed for a slot, measured values."""

from datetime import UTC, datetime, time
from typing import Annotated

from fastapi import APIRouter, Path, Query

from gridseal.http.moments import Day, Moment
from gridseal.runtime.clock import Clock
from gridseal.runtime.problems import not_found
from gridseal.wire.fields import Address
from settlement_service.rounds.reader import EVER, RoundReader
from settlement_service.rounds.views import (
    ActualsDocument,
    DisputeList,
    RoundDetail,
    RoundList,
    ScoreList,
    SlotHistory,
    StakeList,
    summary_of,
)

ProductId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
Slot = Annotated[Moment, Path(description="RFC 3339, for example 2026-06-08T12:00:00Z")]
Since = Annotated[Moment | None, Query(description="Block time from which, domain time")]
Until = Annotated[Moment | None, Query(description="Block time up to which, without it")]


def round_routes(reader: RoundReader, clock: Clock) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/settlements", tags=["rounds"])
    _add_rounds(router, reader, clock)
    _add_lists(router, reader)
    return router


def _add_rounds(router: APIRouter, reader: RoundReader, clock: Clock) -> None:
    @router.get("/rounds", operation_id="listRounds")
    async def rounds(
        day: Day | None = None,
        product_id: Annotated[str | None, Query(max_length=63)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> RoundList:
        """Rounds of the slots of one UTC day (domain time), today's if none is named."""
        wanted = day or clock.now().date()
        found = await reader.rounds(datetime.combine(wanted, time(), UTC), product_id, limit)
        return RoundList(items=tuple(summary_of(r) for r in found))

    @router.get("/rounds/{product_id}/{slot}", operation_id="getRound")
    async def one(product_id: ProductId, slot: Slot) -> RoundDetail:
        """One round: actuals, reveals, scores, disputes, what was taken and given, every transaction."""
        found = await reader.detail(product_id, slot)
        if found is None:
            raise not_found("a round of this slot")
        return found

    @router.get("/rounds/{product_id}/{slot}/actuals", operation_id="getActuals")
    async def actuals(
        product_id: ProductId, slot: Slot, version: Annotated[int | None, Query(ge=1)] = None
    ) -> ActualsDocument:
        """The measured values of a slot with the salts of their leaves."""
        found = await reader.actuals(product_id, slot, version)
        if found is None:
            raise not_found("this version of actuals of this slot")
        return found


def _add_lists(router: APIRouter, reader: RoundReader) -> None:
    @router.get("/scores", operation_id="listScores")
    async def scores(since: Since = None, until: Until = None, authority: Address | None = None) -> ScoreList:
        """Scores as the chain computed them."""
        return ScoreList(items=tuple(await reader.scores(since or EVER[0], until or EVER[1], authority)))

    @router.get("/disputes", operation_id="listDisputes")
    async def disputes(since: Since = None, until: Until = None) -> DisputeList:
        """Disputes over measured values, and what became of them."""
        return DisputeList(items=tuple(await reader.disputes(since or EVER[0], until or EVER[1])))

    @router.get("/stakes", operation_id="listStakes")
    async def stakes() -> StakeList:
        """What stands behind each authority now."""
        return await reader.stakes()

    @router.get("/slots/{product_id}/{slot}", operation_id="getSlotHistory")
    async def slot_history(product_id: ProductId, slot: Slot) -> SlotHistory:
        """Every batch that was recorded for a slot, and which one counts."""
        return await reader.slot(product_id, slot)
