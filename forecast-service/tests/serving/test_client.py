"""The Python client against the running API, with a worker's loop beside it: blocking and not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from forecast_service.app import ApiParts, create_app
from forecast_service.catalog import Catalog
from forecast_service.jobs.flows import STANDARD
from forecast_service.jobs.routes import Jobs
from forecast_service.live.hub import Hub
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.requests.compute import RequestAnswerer
from forecast_service.requests.loop import RequestLoop
from forecast_service.store.alerts import AlertReader
from forecast_service.store.database import Pool, open_async_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.pages import Pages
from forecast_service.store.requests import RequestQueue, RequestTable
from forecast_service.store.runs import RunStore
from forecast_service.store.views import ForecastViews
from gridseal.client import AsyncForecastClient, ForecastClient
from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part
from gridseal.wire.requests import ForecastRequest
from local_stack.scratch import free_port

from .builders import SLOT, a_product, a_record, a_run, a_series, a_site
from .test_requests import NOW, Complete, History, Still

pytestmark = pytest.mark.servers
DAY_AHEAD: dict[str, Any] = {
    "product_id": "day-ahead", "profile": "da", "horizon_s": 86_400, "slot_s": 3_600, "resolution_s": 3_600,
    "timezone": "America/Los_Angeles", "issue_cron": "0 10 * * *", "delivery": "next_local_day", "gate_local": "12:00",
}  # fmt: skip
WANTED = ForecastRequest(product_id="site-6h", series_ids=("home-01/net",), horizon_s=7_200, levels_bps=(1_000, 9_000))
LOST = ForecastRequest(product_id="site-6h", series_ids=("home-02/net",))


@pytest.fixture
async def address(dsn: str, pool: Pool) -> AsyncIterator[str]:
    """Where the API answers; a worker takes requests."""
    catalog, metrics, port = Catalog(), new_registry(), free_port()
    for item in (a_product(), a_product(**DAY_AHEAD), a_site(), a_series(), a_series("home-02/net")):
        catalog.apply(*a_record(item))
    runs, async_pool = FlowRuns(pool), await open_async_pool(dsn, 3)
    runs.seed(STANDARD)
    app = create_app(
        ApiParts(
            ForecastViews(async_pool), AlertReader.__new__(AlertReader), catalog, Hub({}, metrics), metrics, {},
            lambda: NOW, 60, frozenset(), requests=RequestTable(async_pool), jobs=Jobs(runs, Pages(pool), Still()),
        )
    )  # fmt: skip
    answerer = RequestAnswerer(catalog, History(), {}, AnalogueForecaster(), Still(), timedelta(days=60))  # type: ignore[arg-type]
    worker = RequestLoop(RequestQueue(pool, dsn), answerer, Complete(), metrics)
    tasks = [asyncio.create_task(part()) for part in (http_part(app, "127.0.0.1", port), worker.run)]
    url = f"http://127.0.0.1:{port}"
    await until_it_answers(url)
    yield url
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await async_pool.close()


async def until_it_answers(url: str) -> None:
    async with AsyncForecastClient(url) as client, asyncio.timeout(60):
        while True:
            try:
                await client.products()
                return
            except UnavailableError:
                await asyncio.sleep(0.02)


async def test_the_client_reads_products_forecasts_and_jobs(address: str, pool: Pool) -> None:
    RunStore(pool).write(a_run(), (), "")
    RunStore(pool).write(a_run(run_id="d" * 32, product_id="day-ahead", values=(5, 6, 7)), (), "")
    name, _ = FlowRuns(pool).enqueue("retrain", "drift", "drift_share 0.4", NOW)

    async with AsyncForecastClient(address) as client:
        day_ahead, site = await client.products()
        tomorrow = [view async for view in client.day_ahead(site_id="home-01")]
        latest = [view async for view in client.latest()]
        intraday = [view async for view in client.intraday()]
        flows, history = await client.flows(), await client.flow_runs("retrain", before=None)
        one = await client.flow_run("retrain", name)

    assert (site.product.product_id, site.series, site.slot) == ("site-6h", 2, SLOT)
    assert site.gate_closure == site.delivery_start == site.next_slot + timedelta(hours=1)
    assert day_ahead.next_slot.isoformat() == "2026-06-01T17:00:00+00:00"
    assert day_ahead.gate_closure - day_ahead.next_slot == timedelta(hours=2)
    assert day_ahead.delivery_end - day_ahead.delivery_start == timedelta(days=1)
    assert [(view.product_id, view.points[0].values_milli) for view in tomorrow] == [("day-ahead", (5, 6, 7))]
    assert ([view.product_id for view in latest], intraday) == (["site-6h"], [])
    assert {flow.flow for flow in flows} == {flow.name for flow in STANDARD}
    assert history.items == (one,)
    assert (one.cause, one.reason) == ("drift", "drift_share 0.4")


async def test_a_forecast_is_asked_for_and_waited_for(address: str) -> None:
    async with AsyncForecastClient(address) as client:
        answer = await client.forecast(WANTED, key="k1")
        again = await client.request(WANTED, key="k1")
        with pytest.raises(WireError, match="no series of the request has any complete window"):
            await client.forecast(LOST)
        with pytest.raises(WireError, match="product none does not exist"):
            await client.request(ForecastRequest(product_id="none"))

    assert again.answer == answer
    assert (answer.slot, answer.levels_bps) == (SLOT, (1_000, 9_000))
    assert [len(one.points) for one in answer.series] == [2]


async def test_the_blocking_client_does_the_same(address: str) -> None:
    def ask() -> tuple[int, int, int, int]:
        with ForecastClient(address) as client:
            answer = client.forecast(WANTED)
            job = client.request(WANTED, key="k2")
            assert client.job(job.job_id).request == WANTED
            with pytest.raises(WireError, match="flow none does not exist"):
                client.flow_runs("none")
            lists = (list(client.day_ahead()), list(client.intraday()), list(client.latest()))
            return len(answer.series), len(client.products()), len(client.flows()), sum(map(len, lists))

    assert await asyncio.to_thread(ask) == (1, 2, len(STANDARD), 0)


async def test_who_does_not_answer_is_unavailable() -> None:
    with (
        ForecastClient(f"http://127.0.0.1:{free_port()}") as client,
        pytest.raises(UnavailableError, match="not answer"),
    ):
        client.summary()
