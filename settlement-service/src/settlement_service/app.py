"""REST face of settlement-service."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, HTTPException, Path, Query
from prometheus_client import CollectorRegistry
from pydantic import AwareDatetime, BaseModel, ConfigDict

from gridseal.access.audit_routes import audit_routes
from gridseal.http.install import Conventions, install_conventions
from gridseal.notary.proof_file import ProofFile
from gridseal.runtime.clock import Clock
from gridseal.runtime.health import Probe, install_health
from gridseal.runtime.problems import not_found
from gridseal.wire.fields import Hex32, SeriesId
from gridseal.wire.forecasts import Seal
from settlement_service.origin import Origins, Receipts, origin_of
from settlement_service.policies import POLICIES
from settlement_service.ports import RunBook
from settlement_service.sealing import Sealing
from settlement_service.seals import proof_of, seal_of

RunId = Annotated[str, Path(pattern=r"^[0-9a-zA-Z-]{1,64}$")]


class NotarizeRequest(BaseModel):
    """Which run to seal."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"run_id": "0" * 32}})

    run_id: str


class Summary(BaseModel):
    """Number of runs in each state; the sum is every run ever received."""

    model_config = ConfigDict(json_schema_extra={"example": {"states": {"mined": 41, "late": 1}}})

    states: dict[str, int]


@dataclass(frozen=True)
class Parts:
    """What the application is built from."""

    runs: RunBook
    clock: Clock
    registry: CollectorRegistry
    probes: Mapping[str, Probe] = field(default_factory=dict)
    routers: Sequence[APIRouter] = ()
    """Routes of rounds, requests and sign-in."""
    conventions: Conventions = field(default_factory=Conventions)
    origins: Origins | None = None
    """Without: no proof shows what its run was computed from."""
    receipts: Receipts | None = None
    """Without: no proof shows receipts."""


def create_app(parts: Parts) -> FastAPI:
    """The application; opens nothing by itself."""
    app = FastAPI(title="Gridseal settlement-service", version="1", docs_url=None, redoc_url=None)
    install_conventions(app, parts.conventions, policies=POLICIES)
    install_health(app, "settlement-service", parts.probes, parts.registry)
    access = parts.conventions.access
    if access is not None and access.audit is not None:
        app.include_router(audit_routes(access.audit))
    for router in parts.routers:  # before the seals, whose last route takes any single name
        app.include_router(router)
    _add_seals(app, parts)
    _add_proofs(app, parts)
    return app


def _add_seals(app: FastAPI, parts: Parts) -> None:
    runs = parts.runs

    @app.post("/api/v1/settlements/notarize", status_code=202, operation_id="notarizeRun")
    async def notarize(request: NotarizeRequest) -> Seal:
        """Seal a run. Asking again changes nothing; a failed one is tried again while its gate is open."""
        if await runs.find(request.run_id) is None:
            issued = await runs.issued(request.run_id)
            if issued is None:
                raise not_found("this run")
            await runs.add(issued)
        else:
            await runs.retry(request.run_id, parts.clock.now())
        return seal_of(await _known(runs, request.run_id))

    @app.get("/api/v1/settlements/summary", operation_id="summarizeSeals")
    async def summary() -> Summary:
        """How many runs are in which state."""
        return Summary(states=await runs.summary())

    @app.get("/api/v1/settlements/{tx_hash}", operation_id="getSealByTransaction")
    async def by_transaction(tx_hash: Hex32) -> Seal:
        """The seal that a transaction was sent for."""
        sealing = await runs.find_by_transaction(tx_hash)
        if sealing is None:
            raise not_found("a seal with this transaction")
        return seal_of(sealing)

    @app.get("/api/v1/settlements/runs/{run_id}", operation_id="getSealOfRun")
    async def by_run(run_id: RunId) -> Seal:
        """The seal of a run."""
        return seal_of(await _known(runs, run_id))


def _add_proofs(app: FastAPI, parts: Parts) -> None:
    conflict: dict[int | str, dict[str, Any]] = {409: {"description": "The run is not mined, or has no such origin."}}

    @app.get("/api/v1/settlements/runs/{run_id}/proof", operation_id="getProofFile", responses=conflict)
    async def proof(
        run_id: RunId,
        series_id: Annotated[SeriesId, Query()],
        target_start: Annotated[AwareDatetime | None, Query(description="Only the period that starts then.")] = None,
        origin: Annotated[bool, Query(description="What the run was computed from, too.")] = False,
        receipts: Annotated[bool, Query(description="The gateway's receipts from before it, too.")] = False,
    ) -> ProofFile:
        """Everything a stranger needs to check one series of a mined run, or one period of it."""
        sealing = await _known(parts.runs, run_id)
        try:
            made = await asyncio.to_thread(proof_of, sealing, series_id, target_start)
            if not origin and not receipts:
                return made
            if receipts and parts.receipts is None:
                raise ValueError("no gateway is asked for receipts here")
            asked = parts.receipts if receipts else None
            shown = await origin_of(run_id, sealing.received_at, parts.origins, asked, inputs=origin)
            return made.model_copy(update={"origin": shown})
        except KeyError as error:
            raise not_found("this series or period in this run") from error
        except ValueError as error:
            raise HTTPException(409, str(error)) from error


async def _known(runs: RunBook, run_id: str) -> Sealing:
    sealing = await runs.find(run_id)
    if sealing is None:
        raise not_found("a seal of this run")
    return sealing
