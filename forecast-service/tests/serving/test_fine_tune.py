"""Learning on from the champion by cron: off until switched on, skipped where it is not worth it, alone."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from forecast_service.catalog import Catalog
from forecast_service.jobs import training
from forecast_service.jobs.flow_loop import FlowLoop, FlowRule, FlowsState
from forecast_service.jobs.flows import FINE_TUNE, RETRAIN, Flow, FlowRun, standard_with
from forecast_service.jobs.scheduler import SchedulerState
from forecast_service.jobs.training import FineTuneFlow, RetrainFlow
from forecast_service.store.database import Pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.training.request import parse_request
from gridseal.runtime.clock import TimeLapseClock
from gridseal.runtime.metrics import new_registry

from .builders import SLOT

DAY = timedelta(days=1)
BY_CRON = FlowRun("fine-tune-1", FINE_TUNE, "schedule", "cron 0 3 * * 0", 0)
SAY = "import os; print(os.environ['FORECAST_TRAIN_CAUSE'], os.environ['FORECAST_TRAIN_PARAMETERS'])"


def a_clock(now: datetime = SLOT) -> TimeLapseClock:
    return TimeLapseClock(origin=now, anchor=datetime.now(UTC), scale=1e-12)


def a_retrain() -> RetrainFlow:
    return RetrainFlow(lambda series, most: 12, Catalog(), new_registry(), SchedulerState(), 12, lambda run: "renewed")


def a_fine_tune(learned: datetime | None, retrain: RetrainFlow | None = None) -> FineTuneFlow:
    return FineTuneFlow((retrain or a_retrain()).train, lambda: learned, a_clock(), 8 * DAY)


@pytest.fixture(autouse=True)
def child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "COMMAND", ("-c", SAY))


async def test_the_child_is_asked_to_learn_on_and_the_reference_of_drift_stays() -> None:
    ended = await a_fine_tune(SLOT - 9 * DAY)(BY_CRON)

    assert (ended.state, ended.detail) == ("done", 'schedule {"mode": "finetune"}')
    assert parse_request('{"mode": "finetune"}', "").mode == "finetune"


async def test_without_a_champion_or_with_few_new_days_nothing_is_learned() -> None:
    none = await a_fine_tune(None)(BY_CRON)
    few = await a_fine_tune(SLOT - 7 * DAY)(BY_CRON)

    assert (none.state, none.detail) == ("skipped", "there is no champion to learn on from yet")
    assert (few.state, few.detail) == ("skipped", "7.0 days are new to the champion, 8.0 are needed")


async def test_a_person_may_ask_sooner_and_for_less() -> None:
    asked = FlowRun("fine-tune-1", FINE_TUNE, "manual", "", 0, {"kinds": ["wind"], "mode": "full"})

    ended = await a_fine_tune(SLOT - DAY)(asked)

    assert ended.detail == 'manual {"kinds": ["wind"], "mode": "finetune"}'


async def test_it_waits_for_the_training_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, asked, go = list[str](), threading.Event(), asyncio.Event()

    async def a_child(run: FlowRun) -> tuple[int, str]:
        begun.append(run.flow)
        await go.wait()
        return 0, "trained"

    def learned() -> datetime:
        asked.set()
        return SLOT - 9 * DAY

    monkeypatch.setattr(training, "_child", a_child)
    retrain = a_retrain()
    fine_tune = FineTuneFlow(retrain.train, learned, a_clock(), 8 * DAY)
    both = [asyncio.create_task(retrain(FlowRun("retrain-1", RETRAIN, "drift", "", 0)))]
    async with asyncio.timeout(60):
        while not begun:  # noqa: ASYNC110
            await asyncio.sleep(0)
    both.append(asyncio.create_task(fine_tune(BY_CRON)))
    await asyncio.to_thread(asked.wait, 60)
    for _ in range(9):  # as many turns as a child without a lock would need, and more
        await asyncio.to_thread(asked.is_set)
    alone = list(begun)
    go.set()

    assert [(await one).detail for one in both] == ["trained; renewed", "trained"]
    assert alone == [RETRAIN]


def test_it_is_off_until_a_cron_is_given() -> None:
    def fine_tune(cron: str) -> Flow:
        return next(flow for flow in standard_with(cron) if flow.name == FINE_TUNE)

    assert not fine_tune("").enabled
    assert fine_tune("30 2 * * *") == Flow(FINE_TUNE, cron="30 2 * * *")
    assert len(standard_with("30 2 * * *")) == len(standard_with(""))


@pytest.mark.servers
async def test_its_cron_starts_it_once_it_is_switched_on(pool: Pool) -> None:
    runs, sunday = FlowRuns(pool), datetime(2026, 6, 7, 2, 59, 30, tzinfo=UTC)
    clock = TimeLapseClock(origin=sunday, anchor=datetime.now(UTC), scale=60)
    step = FineTuneFlow(a_retrain().train, lambda: sunday - 9 * DAY, clock, 8 * DAY)
    steps = {FINE_TUNE: step}
    loop = FlowLoop(runs, standard_with(""), steps, {}, clock, new_registry(), FlowRule(3_600, 600), FlowsState())
    runs.seed(standard_with(""))
    (off,) = [flow for flow in runs.flows() if flow.name == FINE_TUNE]
    runs.change(Flow(FINE_TUNE, cron=off.cron))

    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(100):
        while "done" not in [row.state for row in await asyncio.to_thread(runs.history, FINE_TUNE, 5)]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    (row,) = runs.history(FINE_TUNE, 5)
    assert (row.cause, row.reason) == ("schedule", "cron 0 3 * * 0")
    assert row.detail == 'schedule {"mode": "finetune"}'
