"""The stores on a real PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import psycopg
import pytest

from forecast_service.catalog import Catalog
from forecast_service.jobs.flows import RETRAIN
from forecast_service.jobs.leader import Lock
from forecast_service.monitoring.score_loop import ScoreLoop
from forecast_service.store.database import Pool, open_async_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.history import WindowHistory
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.runs import RunStore
from forecast_service.store.scores import ScoreStore
from forecast_service.store.seals import SealStore
from forecast_service.store.telemetry import TelemetryReader
from forecast_service.store.views import ForecastViews
from gridseal.runtime.clock import SystemClock
from gridseal.runtime.metrics import new_registry

from .builders import SLOT, a_product, a_record, a_run, a_seal, a_series, a_site, put_window

pytestmark = pytest.mark.servers
HOUR = timedelta(hours=1)


def test_history_holds_complete_windows_up_to_the_slot_and_no_other(pool: Pool) -> None:
    series = a_series()
    put_window(pool, series, SLOT - 3 * HOUR, 3_000)
    put_window(pool, series, SLOT - 2 * HOUR, 2_000, complete=False)
    put_window(pool, series, SLOT - HOUR, 1_500)
    put_window(pool, series, SLOT, 9_000)

    (history,) = WindowHistory(pool).load([series], SLOT - 4 * HOUR, SLOT)

    assert history.end_s == int(SLOT.timestamp())
    assert np.nan_to_num(history.values, nan=-1).tolist() == [-1, 3.0, -1, 1.5]


def test_history_takes_new_late_and_corrected_windows(pool: Pool) -> None:
    series, other = a_series(), a_series("home-02/net")
    put_window(pool, series, SLOT - 100 * HOUR, 1_000)
    put_window(pool, series, SLOT - HOUR, 1_000)
    store = WindowHistory(pool)
    store.load([series, other], SLOT - 100 * HOUR, SLOT)

    put_window(pool, other, SLOT - 2 * HOUR, 7_000)
    put_window(pool, series, SLOT - 100 * HOUR, 5_000, version=2)
    before = store.load([series, other], SLOT - 100 * HOUR, SLOT)
    store.sweep()
    after = store.load([series, other], SLOT - 100 * HOUR, SLOT)

    assert before[1].values[-2] == 7.0
    assert before[0].values[0] == 1.0
    assert after[0].values[0] == 5.0


def test_an_earlier_start_reads_what_lies_before(pool: Pool) -> None:
    series = a_series()
    put_window(pool, series, SLOT - 50 * HOUR, 1_000)
    store = WindowHistory(pool)
    store.load([series], SLOT - 2 * HOUR, SLOT)

    (history,) = store.load([series], SLOT - 50 * HOUR, SLOT)

    assert history.values[0] == 1.0


def test_the_same_slot_twice_is_one_run(pool: Pool) -> None:
    runs = RunStore(pool)

    assert runs.write(a_run(), a_run().series, "")
    assert not runs.write(a_run(run_id="f" * 32, model_version="2"), (), "")

    assert runs.has("site-6h", SLOT, 1)
    assert [item.run for item in runs.pending()] == [a_run()]


def test_a_run_waits_in_the_outbox_until_it_is_flagged(pool: Pool) -> None:
    runs = RunStore(pool)
    runs.write(a_run(), (), "00-trace")

    (pending,) = runs.pending()
    runs.mark_published(pending.run_id)

    assert pending.traceparent == "00-trace"
    assert runs.pending() == []


@pytest.mark.parametrize("table", ["runs", "values", "baseline_values"])
@pytest.mark.parametrize(
    "change", ["UPDATE forecast.{} SET run_id = ''", "DELETE FROM forecast.{}", "TRUNCATE forecast.{} CASCADE"]
)
def test_what_was_issued_cannot_be_changed(pool: Pool, table: str, change: str) -> None:
    RunStore(pool).write(a_run(), a_run().series, "")

    with pool.connection() as connection, pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        connection.execute(change.format(table).encode())


async def test_latest_shows_the_newest_run_with_actuals_and_seal_and_as_at_an_earlier_one(dsn: str, pool: Pool) -> None:
    series, site = a_series(), a_site()
    first, second = a_run(SLOT), a_run(SLOT + HOUR, values=(5, 6, 7))
    RunStore(pool).write(first, (), "")
    RunStore(pool).write(second, (), "")
    SealStore(pool).upsert([a_seal(second, "sent"), a_seal(second)])
    put_window(pool, series, SLOT - HOUR, 1_234)
    put_window(pool, series, SLOT, 99, complete=False)
    async_pool = await open_async_pool(dsn, 2)
    views, sites = ForecastViews(async_pool), {site.site_id: site}

    (now,) = await views.latest([series, a_series("home-09/net")], sites, SLOT - 24 * HOUR, SLOT + HOUR)
    (then,) = await views.latest([series], sites, SLOT - HOUR, SLOT, as_at=first.issued_at)
    sealed = await views.seals(10)
    await async_pool.close()

    assert now.run_id == second.run_id
    assert [p.values_milli for p in now.points] == [(5, 6, 7)] * 2
    assert [(a.mean_milli, a.complete) for a in now.actuals] == [(1_234, True), (99, False)]
    assert now.seal == a_seal(second)
    assert now.attribution == "test data"
    assert then.run_id == first.run_id
    assert then.seal is None
    assert sealed == [(a_seal(second), frozenset({"home-01/net"}))]


async def test_matured_targets_are_scored_once_and_again_when_corrected(dsn: str, pool: Pool) -> None:
    series, catalog, clock = a_series(), Catalog(), SystemClock()
    for item in (series, a_product()):
        catalog.apply(*a_record(item))
    slot = clock.now().replace(minute=0, second=0, microsecond=0) - 5 * HOUR
    run = a_run(slot, values=(1_000, 2_000, 3_000), model="lstm")
    loop = ScoreLoop(ScoreStore(pool), catalog, clock, new_registry(), every_s=1, window=48 * HOUR)
    assert await loop.step() == 0  # before there is any history, which must not be the last look at ranges
    RunStore(pool).write(run, a_run(slot, values=(0, 0, 0)).series, "")
    for h in range(1, 40):
        put_window(pool, series, slot - h * HOUR, 100 * h)
    put_window(pool, series, slot + HOUR, 2_000)

    scored = [await loop.step(), await loop.step()]
    put_window(pool, series, slot + HOUR, 2_500, version=2)
    scored.append(await loop.step())

    async_pool = await open_async_pool(dsn, 1)
    counts = await ForecastViews(async_pool).counts()
    await async_pool.close()
    assert scored == [1, 0, 1]
    served, baseline = sorted(counts.accuracy, key=lambda a: a.model, reverse=True)
    assert (served.model, baseline.model) == ("lstm", "analogue")
    assert served.forecasts == baseline.forecasts == 1
    assert served.pinball_ratio < baseline.pinball_ratio
    assert served.coverage_90_ratio == 1.0
    assert baseline.coverage_90_ratio == 0.0


async def test_only_one_scheduler_leads_until_its_connection_ends(dsn: str) -> None:
    async with Lock(dsn, "test") as first, Lock(dsn, "test") as second:
        assert await first.take()
        assert not await second.take()

        await first.__aexit__(None, None, None)
        await second.wait(0.01)
        await second.check()


def test_failed_trainings_are_counted_since_the_last_good_one(pool: Pool) -> None:
    jobs, runs = JobRuns(pool), FlowRuns(pool)
    for state in ("failed", "done", "skipped", "failed", "failed"):
        name, _ = runs.enqueue(RETRAIN, "schedule", "", SLOT)
        runs.ended(name, state, "")
    runs.enqueue(RETRAIN, "schedule", "", SLOT + HOUR)

    assert jobs.training().failures == 2
    assert jobs.training().done_domain == SLOT


def test_a_product_can_be_switched_off(pool: Pool) -> None:
    jobs, runs = JobRuns(pool), FlowRuns(pool)
    assert jobs.enabled("site-6h")
    jobs.follow("site-6h")
    jobs.follow("site-6h")

    (flow,) = runs.flows()
    runs.change(replace(flow, enabled=False))

    assert flow.name == "forecast-site-6h"
    assert not jobs.enabled("site-6h")


def test_slots_remember_the_last_one_and_what_was_missed(pool: Pool) -> None:
    jobs = JobRuns(pool)
    jobs.sent("a", "site-6h", SLOT, 0, SLOT)
    jobs.sent("b", "site-6h", SLOT + HOUR, 3, SLOT)
    jobs.sent("b", "site-6h", SLOT + HOUR, 3, SLOT)

    assert jobs.last_slot("site-6h") == SLOT + HOUR
    assert jobs.last_slot("other") is None
    assert jobs.missed() == 3


def test_extents_say_from_when_to_when_windows_reach(pool: Pool) -> None:
    series, empty = a_series(), a_series("home-02/net")
    put_window(pool, series, SLOT - 9 * HOUR, 1)
    put_window(pool, series, SLOT - 2 * HOUR, 1)
    put_window(pool, series, SLOT - HOUR, 1, complete=False)

    found, nothing = TelemetryReader(pool).extents([series, empty])

    assert (found.oldest, found.newest) == (SLOT - 9 * HOUR, SLOT - 2 * HOUR)
    assert (nothing.oldest, nothing.newest) == (None, None)
