"""A request on the chain becomes one job, and is answered with a new version."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx
import pytest

from gridseal.errors import UnavailableError, WireError
from settlement_service.overrides.jobs import ForecastJobs
from settlement_service.overrides.loop import OverrideLoop, Settled
from settlement_service.overrides.values import FINISHED, Job, NewVersion, Override, OverrideState

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ASKED = Override("one", 1, None, "0x" + "ab" * 32, "0x" + "0e" * 20, "0x" + "cd" * 32, NOW, "0x" + "ef" * 32)


@dataclass
class MemoryOverrides:
    events: list[Override] = field(default_factory=list)
    rows: dict[int, Override] = field(default_factory=dict)
    version: NewVersion | None = None
    product: str | None = "site-6h"

    async def take(self, deployment_id: str, up_to_block: int) -> None:
        for event in self.events:
            self.rows.setdefault(event.request_id, event)

    async def unfinished(self, deployment_id: str) -> Sequence[Override]:
        return [o for o in self.rows.values() if o.state not in FINISHED]

    async def product_named(self, product_hash: str) -> str | None:
        return self.product

    async def set_product(self, override: Override, product_id: str) -> None:
        self._change(override, product_id=product_id)

    async def set_job(self, override: Override, state: OverrideState, job: Job) -> None:
        self._change(
            override, state=state, flow=job.flow, job_id=job.job_id, detail=job.detail, done_at=job.finished_at
        )

    async def set_failed(self, override: Override, detail: str) -> None:
        self._change(override, state="failed", detail=detail)

    async def set_version(self, override: Override, version: NewVersion) -> None:
        self._change(override, state="linked", model_version=version.model_version, first_run_id=version.run_id)

    async def first_run_after(self, product_id: str, moment: datetime) -> NewVersion | None:
        return self.version

    def _change(self, override: Override, **changes: object) -> None:
        self.rows[override.request_id] = replace(self.rows[override.request_id], **changes)  # type: ignore[arg-type]


@dataclass
class MemoryJobs:
    job: Job = field(default_factory=lambda: Job("retrain-1", "retrain", "queued", "", None))
    asked: list[Override] = field(default_factory=list)
    error: Exception | None = None

    async def ask(self, override: Override) -> Job:
        if self.error is not None:
            raise self.error
        self.asked.append(override)
        return self.job

    async def look(self, flow: str, job_id: str) -> Job:
        return self.job


async def where() -> Settled:
    return Settled("one", 9)


async def eventually(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while True:
            if happened():
                return
            await asyncio.sleep(0.01)


async def test_a_request_becomes_one_job_and_is_linked_to_the_version_after_it() -> None:
    store, jobs = MemoryOverrides([ASKED]), MemoryJobs()
    loop = OverrideLoop(store, jobs, where)
    await loop.look()
    await loop.look()

    assert (len(jobs.asked), jobs.asked[0].product_id, store.rows[1].state) == (1, "site-6h", "queued")
    jobs.job = replace(jobs.job, state="running")
    await loop.look()
    assert store.rows[1].state == "running"
    jobs.job = replace(jobs.job, state="done", detail="version 4", finished_at=NOW)
    await loop.look()
    await loop.look()
    assert (store.rows[1].state, store.rows[1].detail) == ("done", "version 4")
    store.version = NewVersion("run-9", "site", "4")
    await loop.look()
    assert (store.rows[1].state, store.rows[1].first_run_id) == ("linked", "run-9")


async def test_a_request_for_an_unknown_product_and_a_refused_job_end_it() -> None:
    unknown = MemoryOverrides([ASKED], product=None)
    await OverrideLoop(unknown, MemoryJobs(), where).look()
    refused = MemoryOverrides([ASKED])
    await OverrideLoop(refused, MemoryJobs(error=WireError("no such flow")), where).look()

    assert (unknown.rows[1].state, refused.rows[1].state) == ("failed", "failed")


async def test_while_forecast_service_is_away_the_request_waits() -> None:
    store, jobs = MemoryOverrides([ASKED]), MemoryJobs(error=UnavailableError("away"))
    task = asyncio.create_task(OverrideLoop(store, jobs, where, every_s=0.01).run())
    await eventually(lambda: 1 in store.rows)
    jobs.error = None
    await eventually(lambda: store.rows[1].state == "queued")
    task.cancel()


async def test_the_job_carries_who_asked_why_and_a_key_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        known = request.url.path.startswith("/api/v1/jobs/retrain/")
        body = {"job_id": "j1", "flow": "retrain", "state": "queued", "detail": "", "finished_at": None}
        return httpx.Response(202 if known else 404, json=body)

    real = httpx.AsyncClient
    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(
        "settlement_service.overrides.jobs.httpx.AsyncClient", lambda **k: real(transport=transport, **k)
    )
    override = replace(ASKED, product_id="site-6h", reason="the inverter was replaced")
    job = await ForecastJobs("http://forecasts", "retrain", {"mode": "finetune"}).ask(override)

    assert job.state == "queued"
    assert seen[0].headers["Idempotency-Key"] == "recalibration-one-1"
    assert b"inverter" in seen[0].content
    with pytest.raises(WireError):
        await ForecastJobs("http://forecasts", "other-{product}", {}).ask(override)
