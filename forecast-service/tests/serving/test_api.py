"""REST on a real PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from forecast_service.app import ApiParts, create_app
from forecast_service.catalog import Catalog
from forecast_service.jobs.flows import STANDARD
from forecast_service.jobs.routes import Jobs
from forecast_service.live.hub import Hub
from forecast_service.store.alerts import AlertReader
from forecast_service.store.database import Pool, open_async_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.pages import LATEST, Pages
from forecast_service.store.runs import RunStore
from forecast_service.store.views import ForecastViews
from gridseal.runtime.metrics import new_registry
from gridseal.wire.alerts import Alert
from gridseal.wire.codec import decode
from gridseal.wire.flows import FlowList, FlowRunList, FlowRunView
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.views import AlertList, ForecastSummary, LatestForecasts

from .builders import SLOT, a_product, a_record, a_run, a_series, a_site

pytestmark = pytest.mark.servers
NOW = SLOT + timedelta(minutes=5)


class Still:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class MemoryAlerts(AlertReader):
    """Three alerts, newest first."""

    def __init__(self) -> None:
        pass

    async def recent(
        self, limit: int, site_id: str | None = None, severity: str | None = None,
        before: tuple[datetime, str] | None = None,
    ) -> list[Alert]:  # fmt: skip
        known = [an_alert(n) for n in (3, 2, 1)]
        return [a for a in known if before is None or (a.raised_at, a.alert_id) < before][:limit]


def an_alert(n: int) -> Alert:
    return Alert(
        alert_id=f"{n}", tenant_id="demo", severity="info", rule="range", site_id="home-01", subject="home-01/net",
        title="t", detail="d", period_start=SLOT, period_end=SLOT, raised_at=SLOT + timedelta(minutes=n),
    )  # fmt: skip


@pytest.fixture
async def app(dsn: str, pool: Pool) -> AsyncIterator[FastAPI]:
    catalog, registry = Catalog(), new_registry()
    items: Sequence[object] = (a_product(), a_site(), a_series(), a_series("home-02/net"), a_series("home-03/net"))
    for item in items:
        catalog.apply(*a_record(item))  # type: ignore[arg-type]
    async_pool = await open_async_pool(dsn, 2)
    views, hub, jobs = ForecastViews(async_pool), Hub({}, registry), Jobs(FlowRuns(pool), Pages(pool), Still(NOW))
    yield create_app(
        ApiParts(
            views, MemoryAlerts(), catalog, hub, registry, {"postgres": views.probe}, lambda: NOW, 60, frozenset(),
            jobs=jobs,
        )
    )  # fmt: skip
    await async_pool.close()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as opened:
        yield opened


async def test_latest_pages_through_all_series(client: httpx.AsyncClient, pool: Pool) -> None:
    run = a_run()
    other = run.series[0].model_copy(update={"series_id": "home-02/net"})
    RunStore(pool).write(run.model_copy(update={"series": (run.series[0], other)}), (), "")

    seen, path = [], "/api/v1/forecasts/latest?limit=1"
    while True:
        page = decode(LatestForecasts, (await client.get(path)).content)
        seen += [item.series_id for item in page.items]
        if page.next_cursor is None:
            break
        path = f"/api/v1/forecasts/latest?limit=1&cursor={page.next_cursor}"

    only = decode(LatestForecasts, (await client.get("/api/v1/forecasts/latest?site_id=home-02")).content)
    assert seen == ["home-01/net", "home-02/net"]
    assert [item.series_id for item in only.items] == ["home-02/net"]


async def test_a_run_is_served_as_issued_and_never_again_to_who_has_it(client: httpx.AsyncClient, pool: Pool) -> None:
    RunStore(pool).write(a_run(), (), "")
    path = f"/api/v1/forecasts/{a_run().run_id}"

    first = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert decode(ForecastRun, first.content) == a_run()
    assert "immutable" in first.headers["Cache-Control"]
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/forecasts/" + "0" * 32, 404),
        ("/api/v1/forecasts/latest?product_id=none", 404),
        ("/api/v1/forecasts/latest?cursor=x", 422),
        ("/api/v1/forecasts/latest?limit=0", 422),
        ("/api/v1/alerts/recent?severity=loud", 422),
        ("/api/v1/nothing", 404),
    ],
)
async def test_every_refusal_is_a_problem_document(client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_the_summary_counts(client: httpx.AsyncClient, pool: Pool) -> None:
    RunStore(pool).write(a_run(model_name="gridseal-site-6h"), (), "")

    summary = decode(ForecastSummary, (await client.get("/api/v1/forecasts/summary")).content)

    assert (summary.products, summary.sites, summary.series, summary.runs_issued) == (1, 3, 3, 1)
    assert summary.champion == "gridseal-site-6h/1"


async def test_without_sites_what_serves_another_product_is_named(client: httpx.AsyncClient, pool: Pool) -> None:
    RunStore(pool).write(a_run(product_id="de-day-ahead", model_name="gridseal-de-day-ahead"), (), "")

    summary = decode(ForecastSummary, (await client.get("/api/v1/forecasts/summary")).content)

    assert summary.champion == "gridseal-de-day-ahead/1"


async def test_alerts_page_from_newest_to_oldest(client: httpx.AsyncClient) -> None:
    first = decode(AlertList, (await client.get("/api/v1/alerts/recent?limit=2")).content)
    rest = decode(AlertList, (await client.get(f"/api/v1/alerts/recent?cursor={first.next_cursor}")).content)

    assert [a.alert_id for a in first.items] == ["3", "2"]
    assert [a.alert_id for a in rest.items] == ["1"]


async def test_jobs_and_the_drift_report_are_shown_at_the_same_address(client: httpx.AsyncClient, pool: Pool) -> None:
    runs = FlowRuns(pool)
    runs.seed(STANDARD)
    name, _ = runs.enqueue("retrain", "drift", "drift_share 0.4", NOW, parameters={"mode": "full"})
    missing = await client.get("/reports/latest_drift.html")
    Pages(pool).keep(LATEST, "<p>found")

    flows = decode(FlowList, (await client.get("/api/v1/jobs")).content)
    history = decode(FlowRunList, (await client.get("/api/v1/jobs/retrain/runs")).content)
    one = decode(FlowRunView, (await client.get(f"/api/v1/jobs/retrain/runs/{name}")).content)
    page = await client.get("/reports/latest_drift.html")
    orders = [await client.post("/api/v1/jobs/retrain/runs", json={}), await client.patch("/api/v1/jobs/retrain")]

    assert {flow.flow for flow in flows.items} == {flow.name for flow in STANDARD}
    assert history.items == (one,)
    assert (one.cause, one.state, one.parameters) == ("drift", "queued", {"mode": "full"})
    assert (missing.status_code, page.text) == (404, "<p>found")
    assert [answer.status_code for answer in orders] == [405, 404]


async def test_ready_names_each_dependency(client: httpx.AsyncClient) -> None:
    assert (await client.get("/readyz")).json() == {"ready": True, "dependencies": {"postgres": "ok"}}
