"""``PUT …/disputes/{id}/evidence``: the text whose keccak256 a challenger put on the chain."""

from collections.abc import Collection, Mapping
from typing import Annotated, Protocol

from eth_utils.crypto import keccak
from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

from gridseal.runtime.problems import not_found
from settlement_service.outbox import database
from settlement_service.rounds.views import DisputeView
from settlement_service.runs import Pool

DisputeId = Annotated[str, Path(pattern=r"^[0-9]{1,78}$", description="As the arbiter numbers it")]


class Evidence(BaseModel):
    """The text behind the hash."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"text": "the meter was read twice"}})

    text: Annotated[str, Field(min_length=1, max_length=2_000)]


class EvidenceStore:
    """Table ``settlement.evidence``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put(self, evidence_hash: str, text: str) -> None:
        """Keep a text; again it changes nothing."""
        async with database(), self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO settlement.evidence (evidence_hash, evidence) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (evidence_hash, text),
            )

    async def texts(self, hashes: Collection[str]) -> Mapping[str, str]:
        """The texts that are known of these, by hash."""
        if not hashes:
            return {}
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT evidence_hash, evidence FROM settlement.evidence WHERE evidence_hash = ANY(%s)", (list(hashes),)
            )
            return {str(row["evidence_hash"]): str(row["evidence"]) for row in await cursor.fetchall()}


class DisputeBook(Protocol):
    """What the route asks of ``RoundReader``."""

    async def dispute(self, dispute_id: str) -> DisputeView | None:
        """One dispute."""
        ...


def evidence_routes(disputes: DisputeBook, store: EvidenceStore) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1/settlements", tags=["rounds"])

    @router.put("/disputes/{dispute_id}/evidence", operation_id="tellEvidence")
    async def tell(dispute_id: DisputeId, told: Evidence) -> DisputeView:
        """Give the text behind the hash. Whoever has it may: the hash decides, not the sender."""
        found = await disputes.dispute(dispute_id)
        if found is None:
            raise not_found("a dispute of this number")
        if "0x" + keccak(told.text.encode()).hex() != found.evidence_hash:
            raise HTTPException(422, "this text is not the one whose hash is on the chain")
        await store.put(found.evidence_hash, told.text)
        return found.model_copy(update={"evidence": told.text})

    return router
