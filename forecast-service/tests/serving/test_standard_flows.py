"""The scheduler's flows put together, from the queue to what they leave behind."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from forecast_service.catalog import Catalog
from forecast_service.jobs.flow_loop import FlowRule
from forecast_service.jobs.flows import DATA_INGESTION, DRIFT_CHECK, PERFORMANCE_CHECK, RETRAIN, Flow
from forecast_service.jobs.queue import JobQueue
from forecast_service.jobs.scheduler import SchedulerState
from forecast_service.jobs.standard_flows import FlowLimits, standard_flows
from forecast_service.monitoring.performance_check import PerformanceRule
from forecast_service.store.database import Pool
from forecast_service.store.flow_runs import FlowRuns
from gridseal.runtime.clock import TimeLapseClock
from gridseal.runtime.metrics import new_registry

from .builders import SLOT, a_product, a_record, a_series

pytestmark = pytest.mark.servers
FORECAST = "forecast-site-6h"
OVER = ("done", "skipped", "failed")


def state_of(runs: FlowRuns, job_id: str) -> str:
    row = runs.run(job_id)
    return row.state if row else "never"


async def test_every_flow_runs_on_request_and_says_what_came_of_it(pool: Pool, redis_url: str, tmp_path: Path) -> None:
    redis, runs, state, catalog = Redis.from_url(redis_url), FlowRuns(pool), SchedulerState(), Catalog()
    for item in (a_product(), a_series()):
        catalog.apply(*a_record(item))
    queue = JobQueue(redis)
    await queue.open()
    clock = TimeLapseClock(origin=SLOT + timedelta(minutes=1), anchor=datetime.now(UTC), scale=1e-9)
    limits = FlowLimits(
        0.3, PerformanceRule(1_500, "PJM"), 1_000, timedelta(days=1), timedelta(days=30), tmp_path, "",
        FlowRule(3_600, 600),
    )  # fmt: skip
    loop = standard_flows(pool, pool, queue, catalog, clock, new_registry(), state, limits, trains=True)
    runs.seed([Flow(FORECAST)])
    wanted = [DATA_INGESTION, DRIFT_CHECK, PERFORMANCE_CHECK, RETRAIN, FORECAST]
    asked = {flow: runs.enqueue(flow, "manual", "asked for", clock.now())[0] for flow in wanted}

    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(110):
        while sum(told.split(":")[0] in OVER for told in state.flows.values()) < len(wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    (job,) = await queue.take("w", idle_s=60, block_s=0.1)
    await redis.aclose()
    assert (job.product_id, job.slot) == ("site-6h", SLOT)
    assert {flow: state_of(runs, asked[flow]) for flow in wanted[:4]} == dict.fromkeys(wanted[:4], "skipped")
    assert state.flows[RETRAIN] == "skipped: 0 rows are there, 1000 are needed"
    assert state.flows[FORECAST] == "done: slot 2026-06-01T12:00:00Z went to the workers"
    assert [row.state for row in runs.history(FORECAST, 5)] == ["sent", "done"]
