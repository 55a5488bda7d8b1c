"""Forecasts on request, from the POST to the answer of a worker."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest

from forecast_service.app import ApiParts, create_app
from forecast_service.catalog import Catalog
from forecast_service.live.hub import Hub
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import SeriesHistory
from forecast_service.requests.compute import RequestAnswerer
from forecast_service.requests.loop import RequestLoop
from forecast_service.store.alerts import AlertReader
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.database import Pool, open_async_pool
from forecast_service.store.requests import RequestQueue, RequestTable
from forecast_service.store.runs import RunStore
from forecast_service.store.views import ForecastViews
from gridseal.runtime.metrics import new_registry
from gridseal.wire.catalog import Series
from gridseal.wire.codec import decode
from gridseal.wire.requests import ForecastJob, ForecastRequest
from gridseal.wire.views import LatestForecasts

from .builders import SLOT, a_history, a_product, a_record, a_run, a_series, a_site

pytestmark = pytest.mark.servers
NOW = SLOT + timedelta(minutes=5)
JOBS = "/api/v1/forecasts/jobs"


class History:
    """Sixty days of a daily pattern that ends where it is asked to; ``home-02`` has none."""

    def load(self, series: list[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
        hours = [float(h % 24) for h in range(24 * 60)]
        return [a_history(s, hours if s.site_id == "home-01" else [float("nan")] * 5, until) for s in series]


class Still:
    def now(self) -> datetime:
        return NOW

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class Complete(CatalogReader):
    def __init__(self) -> None:
        pass

    async def complete(self) -> None:
        pass


@dataclass
class Bench:
    client: httpx.AsyncClient
    loop: RequestLoop
    queue: RequestQueue
    table: RequestTable


@pytest.fixture
async def bench(dsn: str, pool: Pool) -> AsyncIterator[Bench]:
    catalog, metrics = Catalog(), new_registry()
    products = (
        a_product(),
        a_product(product_id="day-ahead", profile="da", horizon_s=86_400, slot_s=86_400),
        a_product(product_id="intraday", profile="id", horizon_s=14_400, kinds=("pv",)),
    )
    for item in (*products, a_site(), a_series(), a_series("home-02/net")):
        catalog.apply(*a_record(item))
    async_pool = await open_async_pool(dsn, 3)
    table, queue = RequestTable(async_pool), RequestQueue(pool, dsn)
    app = create_app(
        ApiParts(
            ForecastViews(async_pool), AlertReader.__new__(AlertReader), catalog, Hub({}, metrics), metrics, {},
            lambda: NOW, 60, frozenset(), requests=table,
        )
    )  # fmt: skip
    answerer = RequestAnswerer(catalog, History(), {}, AnalogueForecaster(), Still(), timedelta(days=60))  # type: ignore[arg-type]
    loop = RequestLoop(queue, answerer, Complete(), metrics)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield Bench(client, loop, queue, table)
    await async_pool.close()


async def read(bench: Bench, job: ForecastJob) -> ForecastJob:
    return decode(ForecastJob, (await bench.client.get(f"{JOBS}/{job.job_id}")).content)


async def test_a_request_is_answered_by_a_worker(bench: Bench) -> None:
    body = {
        "product_id": "site-6h", "series_ids": ["home-01/net"], "slot": "2026-05-20T12:10:00Z", "horizon_s": 7_200,
        "levels_bps": [1_000, 5_000, 9_000],
    }  # fmt: skip
    answer = await bench.client.post(JOBS, json=body)
    job = decode(ForecastJob, answer.content)
    waiting = await read(bench, job)

    assert await bench.loop.step()
    done = await read(bench, job)

    assert (answer.status_code, answer.headers["Location"]) == (202, f"{JOBS}/{job.job_id}")
    assert (waiting.state, waiting.requested_at) == ("queued", NOW)
    assert done.answer is not None
    assert done.answer.slot == datetime.fromisoformat("2026-05-20T12:00:00Z")
    assert (done.answer.levels_bps, done.answer.model_name) == ((1_000, 5_000, 9_000), "analogue")
    (series,) = done.answer.series
    assert [p.target_start.hour for p in series.points] == [13, 14]
    assert len(series.points[0].values_milli) == 3


async def test_a_worker_hears_of_a_request_at_once(bench: Bench) -> None:
    news = bench.queue.news(3_600)
    await anext(news)
    await bench.table.add(ForecastRequest(product_id="site-6h"), NOW, None)

    await asyncio.wait_for(anext(news), 60)
    await news.aclose()


async def test_the_same_key_twice_is_one_job(bench: Bench) -> None:
    headers, body = {"Idempotency-Key": "k1"}, {"product_id": "site-6h"}
    first, again = [decode(ForecastJob, (await bench.client.post(JOBS, json=body, headers=headers)).content)
                    for _ in range(2)]  # fmt: skip
    other = await bench.client.post(JOBS, json={"product_id": "day-ahead"}, headers=headers)

    assert first.job_id == again.job_id
    assert other.status_code == 422
    assert await bench.table.open() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"product_id": "none"}, 404),
        ({"product_id": "site-6h", "series_ids": ["farm/wind"]}, 404),
        ({"product_id": "site-6h", "slot": "2026-06-01T13:00:00Z"}, 422),
        ({"product_id": "site-6h", "levels_bps": [9_000, 1_000]}, 422),
        ({"product_id": "site-6h", "horizon_s": 10**9}, 422),
    ],
)
async def test_what_cannot_be_asked_is_refused(bench: Bench, body: dict[str, object], status: int) -> None:
    answer = await bench.client.post(JOBS, json=body)

    assert answer.status_code == answer.json()["status"] == status
    assert await bench.table.open() == 0


async def test_a_request_without_data_fails_with_a_sentence(bench: Bench) -> None:
    job = await bench.table.add(ForecastRequest(product_id="site-6h", series_ids=("home-02/net",)), NOW, None)

    assert await bench.loop.step()
    failed = await read(bench, job)

    assert failed.state == "failed"
    assert "no series of the request has any complete window" in failed.detail
    assert not await bench.loop.step()


async def test_a_request_of_a_dead_worker_is_taken_again_and_given_up_in_the_end(bench: Bench, pool: Pool) -> None:
    job = await bench.table.add(ForecastRequest(product_id="site-6h"), NOW, None)
    for attempt in (1, 2, 3):
        taken = bench.queue.take(0)
        assert taken is not None
        assert taken.attempt == attempt
    assert bench.queue.take(60) is None
    with pool.connection() as connection:
        connection.execute("UPDATE forecast.requests SET started_at = started_at - interval '1 hour'")

    await bench.loop.step()

    assert "given up after 3 workers" in (await read(bench, job)).detail


async def test_each_product_of_a_series_has_its_own_newest_run(bench: Bench, pool: Pool) -> None:
    store = RunStore(pool)
    store.write(a_run(), (), "")
    store.write(a_run(run_id="d" * 32, product_id="day-ahead", values=(5, 6, 7)), (), "")

    async def values(path: str) -> list[tuple[str, int]]:
        found = decode(LatestForecasts, (await bench.client.get(f"/api/v1/forecasts/{path}")).content)
        return [(item.product_id, p.values_milli[0]) for item in found.items for p in item.points]

    assert await values("latest") == [("site-6h", 1_000)] * 2
    assert await values("latest?horizon=PT1H") == [("site-6h", 1_000)]
    assert await values("latest?product_id=day-ahead") == [("day-ahead", 5)] * 2
    assert await values("day-ahead") == [("day-ahead", 5)] * 2
    assert await values("intraday") == []
