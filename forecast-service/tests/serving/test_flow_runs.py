"""Flows on a real PostgreSQL: queue, retries, history, take-over, and what a stop leaves behind."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from forecast_service.jobs.flow_loop import STOPPED, FlowLoop, FlowRule, FlowsState, Step
from forecast_service.jobs.flows import Ended, Flow, FlowRun
from forecast_service.store.database import Pool
from forecast_service.store.flow_runs import FlowRuns
from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.clock import TimeLapseClock
from gridseal.runtime.metrics import new_registry

pytestmark = pytest.mark.servers
NOW = datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC)


class Work:
    """A step that fails as often as it is told, and remembers who called."""

    def __init__(self, fails: int = 0, error: Exception | None = None) -> None:
        self.runs: list[FlowRun] = []
        self._fails = fails
        self._error = error or UnavailableError("the source does not answer")

    async def __call__(self, run: FlowRun) -> Ended:
        self.runs.append(run)
        if len(self.runs) <= self._fails:
            raise self._error
        return Ended("done", f"tried {len(self.runs)} times")


def a_loop(
    pool: Pool, flow: Flow, step: Step, data: Callable[[], datetime | None] = lambda: None, scale: float = 60
) -> FlowLoop:
    clock = TimeLapseClock(origin=NOW, anchor=datetime.now(UTC), scale=scale)
    return FlowLoop(
        FlowRuns(pool), [flow], {flow.name: step}, {flow.name: data}, clock, new_registry(), FlowRule(3_600, 600),
        FlowsState(),
    )  # fmt: skip


async def run_until(loop: FlowLoop, met: Callable[[], bool]) -> None:
    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(110):
        while not await asyncio.to_thread(met):
            assert not task.done(), task.exception()
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def states(pool: Pool, flow: str = "nightly") -> list[tuple[str, int]]:
    return [(row.state, row.attempt) for row in FlowRuns(pool).history(flow, 10)]


async def test_cron_starts_a_flow_once_when_its_moment_has_passed(pool: Pool) -> None:
    work = Work()

    await run_until(a_loop(pool, Flow("nightly", cron="0 0 * * *"), work), lambda: states(pool) == [("done", 1)])

    (row,) = FlowRuns(pool).history("nightly", 10)
    assert len(work.runs) == 1
    assert (row.cause, row.reason, row.detail) == ("schedule", "cron 0 0 * * *", "tried 1 times")


async def test_data_that_has_moved_on_starts_a_flow_and_the_same_data_does_not(pool: Pool) -> None:
    work, runs = Work(), FlowRuns(pool)
    flow = Flow("nightly", data_step_s=3_600)

    await run_until(a_loop(pool, flow, work, lambda: NOW), lambda: states(pool) == [("done", 1)])
    again = a_loop(pool, flow, work, lambda: NOW + timedelta(seconds=3_599))
    await again.look()
    moved = a_loop(pool, flow, work, lambda: NOW + timedelta(seconds=3_600))
    await moved.look()

    assert [(row.state, row.cause) for row in runs.history("nightly", 10)] == [("queued", "data"), ("done", "data")]
    assert runs.last("nightly")[1] == NOW + timedelta(hours=1)


async def test_a_switched_off_flow_is_not_due(pool: Pool) -> None:
    loop = a_loop(pool, Flow("nightly", cron="* * * * *", data_step_s=1, enabled=False), Work(), lambda: NOW, 3_600)
    await asyncio.to_thread(FlowRuns(pool).seed, [Flow("nightly", cron="* * * * *", data_step_s=1, enabled=False)])

    await loop.look()

    assert states(pool) == []


async def test_a_failing_flow_is_tried_three_more_times_then_given_up(pool: Pool) -> None:
    runs, work = FlowRuns(pool), Work(fails=9)
    runs.enqueue("nightly", "manual", "", NOW)

    await run_until(a_loop(pool, Flow("nightly", retry_s=0), work), lambda: states(pool) == [("failed", 4)])

    assert [run.attempt for run in work.runs] == [0, 1, 2, 3]
    assert runs.history("nightly", 1)[0].detail == "the source does not answer"


async def test_a_try_that_works_ends_the_retries_and_they_wait_a_minute_by_default(pool: Pool) -> None:
    runs = FlowRuns(pool)
    runs.enqueue("nightly", "manual", "", NOW)

    await run_until(a_loop(pool, Flow("nightly"), Work(fails=1)), lambda: states(pool) == [("retrying", 1)])

    row = runs.history("nightly", 1)[0]
    assert row.next_try_at is not None
    assert 50 < (row.next_try_at - row.started_at).total_seconds() < 90
    assert runs.ready() == []
    runs.retry(row.job_id, 0, "")
    await run_until(a_loop(pool, Flow("nightly"), Work()), lambda: states(pool) == [("done", 2)])


async def test_what_cannot_succeed_is_not_tried_again(pool: Pool) -> None:
    FlowRuns(pool).enqueue("nightly", "manual", "", NOW)
    work = Work(fails=9, error=ConfigError("parameter days must be a whole number"))

    await run_until(a_loop(pool, Flow("nightly", retry_s=0), work), lambda: states(pool) == [("failed", 1)])


async def test_a_stop_puts_a_run_back_at_no_cost_of_a_try_and_the_next_scheduler_does_it(pool: Pool) -> None:
    runs = FlowRuns(pool)
    runs.enqueue("nightly", "manual", "", NOW)

    async def endless(run: FlowRun) -> Ended:
        await asyncio.Event().wait()
        raise AssertionError

    await run_until(a_loop(pool, Flow("nightly"), endless), lambda: states(pool) == [("running", 1)])

    row = runs.history("nightly", 1)[0]
    assert (row.state, row.attempt, row.detail) == ("queued", 0, STOPPED)
    await run_until(a_loop(pool, Flow("nightly"), Work()), lambda: states(pool) == [("done", 1)])


async def test_a_run_of_a_killed_scheduler_is_taken_over(pool: Pool) -> None:
    runs = FlowRuns(pool)
    name, _ = runs.enqueue("nightly", "manual", "", NOW)
    runs.started(name)

    await run_until(a_loop(pool, Flow("nightly"), Work()), lambda: states(pool) == [("done", 2)])


def test_one_open_run_a_flow_and_the_same_key_is_the_same_run(pool: Pool) -> None:
    runs = FlowRuns(pool)

    first, new = runs.enqueue("nightly", "manual", "", NOW, key="k1")
    second, again = runs.enqueue("nightly", "schedule", "", NOW)
    runs.ended(first, "done", "")
    third, replay = runs.enqueue("nightly", "manual", "", NOW, key="k1")
    fourth, fresh = runs.enqueue("nightly", "manual", "", NOW, key="k2")

    assert (new, again, replay, fresh) == (True, False, False, True)
    assert first == second == third != fourth


def test_a_schedule_that_an_operator_changed_survives_the_seed(pool: Pool) -> None:
    runs = FlowRuns(pool)
    runs.seed([Flow("nightly", cron="0 0 * * *")])
    runs.change(Flow("nightly", cron="30 1 * * *", timezone="Europe/Berlin"))

    runs.seed([Flow("nightly", cron="0 0 * * *")])

    assert runs.flows() == [Flow("nightly", cron="30 1 * * *", timezone="Europe/Berlin")]
    assert not runs.change(Flow("unknown"))


async def test_a_try_that_takes_too_long_is_given_up(pool: Pool) -> None:
    async def slow(run: FlowRun) -> Ended:
        raise TimeoutError

    FlowRuns(pool).enqueue("nightly", "manual", "", NOW)
    await run_until(a_loop(pool, Flow("nightly", retries=0), slow), lambda: states(pool) == [("failed", 1)])

    assert FlowRuns(pool).history("nightly", 1)[0].detail == "it took too long"
