"""``/api/v1/jobs``: flows, their history, runs on request, schedules; and the drift report."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from forecast_service.jobs.flows import (
    DATA_INGESTION,
    DRIFT_CHECK,
    FINE_TUNE,
    FORECAST_PREFIX,
    Flow,
    check_cron,
    cron_after,
)
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.pages import LATEST, Pages
from gridseal.http.moments import Moment
from gridseal.runtime.clock import Clock
from gridseal.runtime.problems import not_found
from gridseal.wire.flows import FlowList, FlowRunList, FlowRunView, FlowView


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
    FINE_TUNE: frozenset({"options", "kinds", "series"}),
    FORECAST_PREFIX: frozenset({"slot"}),
}
"""Parameters by flow; those of ``retrain`` are the training's own, and checked there."""
Limit = Annotated[int, Query(ge=1, le=200)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, description="The same key: the same run")]


@dataclass(frozen=True, slots=True)
class Jobs:
    """What the routes work with."""

    runs: FlowRuns
    pages: Pages
    clock: Clock


def job_routes(jobs: Jobs) -> APIRouter:
    """Everything about jobs; any process may answer, the leading scheduler does the work."""
    router, runs, clock = reading_routes(jobs), jobs.runs, jobs.clock

    @router.post("/api/v1/jobs/{flow}/runs", operation_id="startFlow", status_code=202)
    async def start(flow: str, asked: RunRequest, response: Response, key: Key = None) -> FlowRunView:
        """Queue a run. A flow that has one queued or under way answers with that one (200)."""
        await asyncio.to_thread(_named, runs, flow)
        _check_parameters(flow, asked)
        row, new = await asyncio.to_thread(_enqueue, runs, flow, asked, clock.now(), key)
        response.status_code = 202 if new else 200
        response.headers["Location"] = f"/api/v1/jobs/{flow}/runs/{row.job_id}"
        return row

    @router.patch("/api/v1/jobs/{flow}", operation_id="changeFlow")
    async def change(flow: str, wanted: ScheduleChange) -> FlowView:
        """Another schedule, kept over restarts."""
        return await asyncio.to_thread(_change, runs, flow, wanted, clock.now())

    return router


def reading_routes(jobs: Jobs) -> APIRouter:
    """What there is to see about jobs, and the drift report; nothing can be asked for here."""
    router, runs, clock = APIRouter(tags=["jobs"]), jobs.runs, jobs.clock

    @router.get("/api/v1/jobs", operation_id="listFlows")
    async def flows() -> FlowList:
        """Every flow: the three of S3, the checks, fine-tuning, one per product."""
        return await asyncio.to_thread(_list, runs, clock.now())

    @router.get("/api/v1/jobs/{flow}/runs", operation_id="listFlowRuns")
    async def history(flow: str, limit: Limit = 50, before: Moment | None = None) -> FlowRunList:
        """What ran, why, how often it was tried, and what came of it."""
        await asyncio.to_thread(_named, runs, flow)
        rows = await asyncio.to_thread(runs.history, flow, limit, before)
        return FlowRunList(items=tuple(rows), next_before=rows[-1].started_at if len(rows) == limit else None)

    @router.get("/api/v1/jobs/{flow}/runs/{job_id}", operation_id="readFlowRun")
    async def one(flow: str, job_id: str) -> FlowRunView:
        """One run."""
        row = await asyncio.to_thread(runs.run, job_id)
        if row is None or row.flow != flow:
            raise not_found(f"run {job_id} of {flow}")
        return row

    @router.get("/reports/{name}", operation_id="driftReport", response_class=HTMLResponse)
    async def report(name: Literal["latest_drift.html", "drift_report.html"]) -> HTMLResponse:
        """The page of the newest drift check."""
        page = await asyncio.to_thread(jobs.pages.read, LATEST)
        if page is None:
            raise not_found(f"report {LATEST}: it comes with the first drift check, which")
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    return router


def _list(runs: FlowRuns, now: datetime) -> FlowList:
    return FlowList(items=tuple(_view(runs, flow, now) for flow in runs.flows()))


def _view(runs: FlowRuns, flow: Flow, now: datetime) -> FlowView:
    newest = runs.history(flow.name, 1)
    return FlowView(
        flow=flow.name, cron=flow.cron, timezone=flow.timezone, data_step_s=flow.data_step_s, enabled=flow.enabled,
        retries=flow.retries, retry_s=flow.retry_s,
        next_due=cron_after(flow.cron, flow.timezone, now) if flow.cron and flow.enabled else None,
        newest=newest[0] if newest else None,
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


def _enqueue(runs: FlowRuns, flow: str, asked: RunRequest, now: datetime, key: str | None) -> tuple[FlowRunView, bool]:
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
