"""``/api/v1/jobs``: flows, their history, runs on request, schedules; and the drift report."""

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from forecast_service.jobs.flows import DATA_INGESTION, DRIFT_CHECK, FORECAST_PREFIX, Flow, check_cron, cron_after
from forecast_service.monitoring.drift_check import LATEST
from forecast_service.store.flow_runs import FlowRuns, RunRow
from gridseal.runtime.clock import Clock
from gridseal.runtime.problems import not_found


class RunView(BaseModel):
    """One run of a flow. ``domain_at``, ``slot`` and ``data_until`` are domain time, the others wall time."""

    model_config = ConfigDict(from_attributes=True)

    job_id: str
    flow: str
    state: str
    cause: str
    reason: str
    attempt: int
    missed: int
    detail: str
    parameters: dict[str, object]
    slot: datetime | None
    domain_at: datetime
    started_at: datetime
    finished_at: datetime | None
    next_try_at: datetime | None
    data_until: datetime | None


class FlowView(BaseModel):
    """One flow, when it is due next by its cron (domain time), and its newest run."""

    flow: str
    cron: str | None
    timezone: str
    data_step_s: int | None
    enabled: bool
    retries: int
    retry_s: int
    next_due: datetime | None
    newest: RunView | None


class FlowList(BaseModel):
    """Every flow."""

    items: tuple[FlowView, ...]


class RunList(BaseModel):
    """Runs, newest first. ``next_before`` is the ``before`` of the next page."""

    items: tuple[RunView, ...]
    next_before: datetime | None


class RunRequest(BaseModel):
    """Ask for a run now.

    ``parameters``: ``from``, ``to`` of ``data-ingestion``; ``days`` of ``drift-check``; ``slot`` of a product; of
    ``retrain`` what a training takes.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "after the storm"}]})

    reason: Annotated[str, Field(max_length=500)] = ""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


class ScheduleChange(BaseModel):
    """Only what is given changes; an empty ``cron`` takes the schedule away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"cron": "30 0 * * *"}]})

    cron: str | None = None
    timezone: str | None = None
    enabled: bool | None = None
    retries: Annotated[int, Field(ge=0, le=20)] | None = None
    retry_s: Annotated[int, Field(ge=0, le=86_400)] | None = None


TAKES: dict[str, frozenset[str]] = {
    DATA_INGESTION: frozenset({"from", "to"}),
    DRIFT_CHECK: frozenset({"days"}),
    FORECAST_PREFIX: frozenset({"slot"}),
}
"""Parameters by flow; those of ``retrain`` are the training's own, and checked there."""
Limit = Annotated[int, Query(ge=1, le=200)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, description="The same key: the same run")]


def job_routes(runs: FlowRuns, clock: Clock, reports: Path) -> APIRouter:
    """The routes on this store; any process may answer them, the leading scheduler does the work."""
    router = APIRouter(tags=["jobs"])

    @router.get("/api/v1/jobs", operation_id="listFlows")
    async def flows() -> FlowList:
        """Every flow: the three of S3, the performance check, one per product."""
        return await asyncio.to_thread(_list, runs, clock.now())

    @router.get("/api/v1/jobs/{flow}/runs", operation_id="listFlowRuns")
    async def history(flow: str, limit: Limit = 50, before: AwareDatetime | None = None) -> RunList:
        """What ran, why, how often it was tried, and what came of it."""
        await asyncio.to_thread(_named, runs, flow)
        rows = await asyncio.to_thread(runs.history, flow, limit, before)
        following = rows[-1].started_at if len(rows) == limit else None
        return RunList(items=tuple(RunView.model_validate(row) for row in rows), next_before=following)

    @router.get("/api/v1/jobs/{flow}/runs/{job_id}", operation_id="readFlowRun")
    async def one(flow: str, job_id: str) -> RunView:
        """One run."""
        row = await asyncio.to_thread(runs.run, job_id)
        if row is None or row.flow != flow:
            raise not_found(f"run {job_id} of {flow}")
        return RunView.model_validate(row)

    @router.post("/api/v1/jobs/{flow}/runs", operation_id="startFlow", status_code=202)
    async def start(flow: str, asked: RunRequest, response: Response, key: Key = None) -> RunView:
        """Queue a run. A flow that has one queued or under way answers with that one (200)."""
        await asyncio.to_thread(_named, runs, flow)
        _check_parameters(flow, asked)
        row, new = await asyncio.to_thread(_enqueue, runs, flow, asked, clock.now(), key)
        response.status_code = 202 if new else 200
        response.headers["Location"] = f"/api/v1/jobs/{flow}/runs/{row.job_id}"
        return RunView.model_validate(row)

    @router.patch("/api/v1/jobs/{flow}", operation_id="changeFlow")
    async def change(flow: str, wanted: ScheduleChange) -> FlowView:
        """Another schedule, kept over restarts."""
        return await asyncio.to_thread(_change, runs, flow, wanted, clock.now())

    @router.get("/reports/{name}", operation_id="driftReport", response_class=FileResponse)
    async def report(name: Literal["latest_drift.html", "drift_report.html"]) -> FileResponse:
        """The page of the newest drift check."""
        if not await asyncio.to_thread((reports / name).is_file):
            raise not_found(f"report {LATEST}: it comes with the first drift check, which")
        return FileResponse(reports / name, media_type="text/html", headers={"Cache-Control": "no-cache"})

    return router


def _list(runs: FlowRuns, now: datetime) -> FlowList:
    return FlowList(items=tuple(_view(runs, flow, now) for flow in runs.flows()))


def _view(runs: FlowRuns, flow: Flow, now: datetime) -> FlowView:
    newest = runs.history(flow.name, 1)
    return FlowView(
        flow=flow.name, cron=flow.cron, timezone=flow.timezone, data_step_s=flow.data_step_s, enabled=flow.enabled,
        retries=flow.retries, retry_s=flow.retry_s,
        next_due=cron_after(flow.cron, flow.timezone, now) if flow.cron and flow.enabled else None,
        newest=RunView.model_validate(newest[0]) if newest else None,
    )  # fmt: skip


def _named(runs: FlowRuns, flow: str) -> Flow:
    found = next((known for known in runs.flows() if known.name == flow), None)
    if found is None:
        raise not_found(f"flow {flow}")
    return found


def _check_parameters(flow: str, asked: RunRequest) -> None:
    takes = TAKES.get(FORECAST_PREFIX if flow.startswith(FORECAST_PREFIX) else flow)
    strangers = set(asked.parameters) - (takes if takes is not None else set(asked.parameters))
    if strangers:
        known = ", ".join(sorted(takes or ())) or "none"
        raise HTTPException(422, f"{flow} takes no parameter {sorted(strangers)[0]}: it takes {known}")


def _enqueue(runs: FlowRuns, flow: str, asked: RunRequest, now: datetime, key: str | None) -> tuple[RunRow, bool]:
    reason = asked.reason or "asked for"
    name, new = runs.enqueue(flow, "manual", reason, now, parameters=asked.parameters, key=key)
    row = runs.run(name)
    if row is None:
        raise HTTPException(409, f"flow {flow} ended just now: ask again")
    return row, new


def _change(runs: FlowRuns, name: str, wanted: ScheduleChange, now: datetime) -> FlowView:
    flow = _named(runs, name)
    given = {k: v for k, v in wanted.model_dump().items() if v is not None}
    if "cron" in given:
        given["cron"] = given["cron"].strip() or None
    changed = replace(flow, **given)
    wrong = check_cron(changed.cron or "* * * * *", changed.timezone)
    if wrong:
        raise HTTPException(422, wrong)
    runs.change(changed)
    return _view(runs, changed, now)
