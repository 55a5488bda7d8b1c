"""The products of the source designs as the catalog has them: Germany's two pipelines apart, Spain's T+1 to T+6."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from asset_service.presets import load_presets
from forecast_service.api.forecasts import SummaryReader, forecast_routes
from forecast_service.catalog import Catalog
from forecast_service.jobs.flows import Flow
from forecast_service.jobs.queue import Job
from forecast_service.jobs.scheduler import SchedulerState, SlotLoop, SlotRule
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import SeriesHistory
from forecast_service.store.database import Pool, migrate, open_async_pool, open_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.last_forecasts import StoredForecasts
from forecast_service.store.runs import RunStore
from forecast_service.store.telemetry import Extent
from forecast_service.store.views import ForecastViews
from forecast_service.worker.issue import Issuer
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import TimeLapseClock
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.catalog import CatalogMessage, Series, Site
from gridseal.wire.codec import encode
from local_stack.layout import Layout
from local_stack.scratch import scratch_database, scratch_postgres

pytestmark = pytest.mark.servers
CUTOFF = datetime(2026, 6, 8, 8, tzinfo=UTC)
"""10:00 in Berlin."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with scratch_postgres() as address, scratch_database(address) as own:
        source = Layout.here().root / "streaming-processor/src/streaming_processor/migrations"
        apply_migrations(own, "telemetry", source)
        migrate(own)
        yield own


@pytest.fixture
def pool(dsn: str) -> Iterator[Pool]:
    opened = open_pool(dsn, 4)
    yield opened
    opened.close()


def catalog_of(*names: str) -> Catalog:
    catalog = Catalog()
    for record in load_presets("demo", optional=names):
        if getattr(record, "site_id", None) in names or set(getattr(record, "region_ids", None) or ()) & set(names):
            catalog.apply(record.key, encode(CatalogMessage(revision=1, item=record)))
    return catalog


class Months:
    """Sixty days of a daily pattern of every series; nothing where telemetry cannot be read."""

    def __init__(self, readable: bool = True) -> None:
        self.readable = readable

    def load(self, series: Sequence[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
        if not self.readable:
            raise UnavailableError("telemetry is locked")
        out = []
        for one in series:
            steps = 60 * 86_400 // one.resolution_s
            first_s = int(until.timestamp()) - steps * one.resolution_s
            hours = (first_s + np.arange(steps) * one.resolution_s) // 3_600 % 24
            out.append(SeriesHistory(one, first_s, 50e9 + 1e9 * hours.astype(float)))
        return out


class At:
    """A clock that stands where it is put."""

    def __init__(self, now: datetime) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


def an_issuer(pool: Pool, catalog: Catalog, clock: At, history: Months) -> Issuer:
    return Issuer(
        catalog, history, RunStore(pool), AnalogueForecaster(), clock, WorkerMetrics(new_registry()), "demo",
        reach=timedelta(days=60), last=StoredForecasts(pool),
    )  # fmt: skip


@pytest.fixture
async def api(dsn: str) -> AsyncIterator[Callable[[Catalog, At], httpx.AsyncClient]]:
    pool = await open_async_pool(dsn, 2)
    clients: list[httpx.AsyncClient] = []

    def opened(catalog: Catalog, clock: At) -> httpx.AsyncClient:
        app, views = FastAPI(), ForecastViews(pool)
        app.include_router(forecast_routes(views, catalog, SummaryReader(views, catalog, clock.now, 1), clock.now))
        clients.append(httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test"))
        return clients[-1]

    yield opened
    for client in clients:
        await client.aclose()
    await pool.close()


Open = Callable[[Catalog, At], httpx.AsyncClient]


async def test_day_ahead_is_made_at_the_cut_off_and_served_at_once_whatever_intraday_does(
    pool: Pool, api: Open
) -> None:
    catalog, clock, history = catalog_of("de"), At(CUTOFF + MINUTE), Months()
    issuer, client = an_issuer(pool, catalog, clock, history), api(catalog, clock)
    made = await issuer.issue(Job("1-0", "de-day-ahead", CUTOFF, ""))

    # From here on there are no inputs: day-ahead was computed before, intraday falls back or stays away.
    history.readable = False
    clock.moment = CUTOFF + timedelta(hours=9)
    assert (await issuer.issue(Job("2-0", "de-intraday", clock.moment, ""))).label == "no_data"
    [day] = (await client.get("/api/v1/forecasts/day-ahead")).json()["items"]
    assert made.label == "issued"
    assert (day["series_id"], day["slot"], len(day["points"])) == ("de/load", "2026-06-08T08:00:00Z", 24)
    assert [day["points"][n]["target_start"] for n in (0, -1)] == ["2026-06-08T22:00:00Z", "2026-06-09T21:00:00Z"]
    assert (await client.get("/api/v1/forecasts/intraday")).json()["items"] == []

    # The inputs are back: intraday goes on in quarters of an hour, day-ahead stays the run of the cut-off.
    history.readable = True
    for quarter in range(3):
        slot = CUTOFF + timedelta(hours=9, minutes=15 * quarter)
        clock.moment = slot + MINUTE
        assert (await issuer.issue(Job(f"3-{quarter}", "de-intraday", slot, ""))).label == "issued"
    [now] = (await client.get("/api/v1/forecasts/intraday")).json()["items"]
    assert (now["slot"], now["resolution_s"], len(now["points"])) == ("2026-06-08T17:30:00Z", 900, 16)
    assert (await client.get("/api/v1/forecasts/day-ahead")).json()["items"][0]["run_id"] == day["run_id"]


async def test_t6_goes_on_from_the_last_stored_forecast_and_says_how_old_it_is(pool: Pool, api: Open) -> None:
    catalog, clock, history = catalog_of("es"), At(CUTOFF + MINUTE), Months()
    issuer, client = an_issuer(pool, catalog, clock, history), api(catalog, clock)
    asked = {"product_id": "es-t6", "horizon": "PT6H"}
    assert (await issuer.issue(Job("1-0", "es-t6", CUTOFF, ""))).label == "issued"
    [fresh] = (await client.get("/api/v1/forecasts/latest", params=asked)).json()["items"]

    history.readable, clock.moment = False, CUTOFF + 2 * HOUR + MINUTE
    assert (await issuer.issue(Job("2-0", "es-t6", CUTOFF + 2 * HOUR, ""))).label == "issued"
    [old] = (await client.get("/api/v1/forecasts/latest", params=asked)).json()["items"]

    assert (fresh["rung"], fresh["data_age_s"], len(fresh["points"])) == (3, 0, 6)
    assert (old["rung"], old["data_age_s"], len(old["points"])) == (4, 7_200, 6)
    assert old["slot"] == "2026-06-08T10:00:00Z"


class Sent:
    """Takes the jobs of the scheduler; every series has its data."""

    def __init__(self) -> None:
        self.slots: dict[str, list[datetime]] = {}

    async def send(self, job_id: str, product_id: str, slot: datetime, traceparent: str) -> bool:
        self.slots.setdefault(product_id, []).append(slot)
        return True

    def extents(self, series: Sequence[Series]) -> list[Extent]:
        far = CUTOFF + timedelta(days=9)
        return [Extent(s, CUTOFF - timedelta(days=60), far) for s in series]


@pytest.mark.parametrize(("stopped", "goes_on"), [("de-intraday", "de-day-ahead"), ("de-day-ahead", "de-intraday")])
async def test_stopping_one_pipeline_leaves_the_other_untouched(pool: Pool, stopped: str, goes_on: str) -> None:
    flows = FlowRuns(pool)
    with pool.connection() as connection:
        connection.execute("TRUNCATE forecast.job_runs")
    flows.seed([Flow(f"forecast-{name}", enabled=name != stopped) for name in (stopped, goes_on)])
    for name in (stopped, goes_on):
        flows.change(Flow(f"forecast-{name}", enabled=name != stopped))
    sent: Any = Sent()
    # Two hours a second, from half an hour before the cut-off.
    clock = TimeLapseClock(origin=CUTOFF - 30 * MINUTE, anchor=datetime.now(UTC), scale=3_600)
    rule = SlotRule(0, 0.5, 10**9)
    loop = SlotLoop(catalog_of("de"), sent, sent, JobRuns(pool), clock, new_registry(), rule, SchedulerState())
    task = asyncio.create_task(loop.run())
    wanted = {"de-day-ahead": lambda: CUTOFF in sent.slots.get(goes_on, ()), "de-intraday": lambda: len(
        sent.slots.get(goes_on, ())
    ) >= 3}  # fmt: skip
    try:
        async with asyncio.timeout(30):
            while not wanted[goes_on]():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert stopped not in sent.slots
    assert sent.slots[goes_on] == sorted(set(sent.slots[goes_on]))


def test_the_catalogs_of_the_products_hold_one_site_each() -> None:
    sites = {name: list(catalog_of(name).sites) for name in ("de", "es")}

    assert sites == {"de": ["de"], "es": ["es"]}
    assert all(isinstance(site, Site) for site in catalog_of("de").sites.values())
