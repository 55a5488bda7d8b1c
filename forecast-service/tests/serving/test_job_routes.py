"""``/api/v1/jobs``: what runs and why, on request too."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from forecast_service.jobs.flows import STANDARD, Flow, check_cron, cron_after, cron_before, due
from forecast_service.jobs.routes import Jobs, job_routes
from forecast_service.jobs.slots import due_run, next_run, reached_share
from forecast_service.store.database import Pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.pages import LATEST, Pages
from forecast_service.store.telemetry import Extent
from gridseal.runtime.clock import TimeLapseClock
from gridseal.runtime.problems import install_problem_handlers

from .builders import SLOT, a_product, a_series

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_client(pool: Pool) -> httpx.AsyncClient:
    app = FastAPI()
    install_problem_handlers(app)
    clock = TimeLapseClock(origin=NOW, anchor=datetime.now(UTC), scale=1e-12)
    runs = FlowRuns(pool)
    runs.seed([*STANDARD, Flow("forecast-site-6h")])
    app.include_router(job_routes(Jobs(runs, Pages(pool), clock)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x")


@pytest.mark.servers
async def test_the_flows_of_s3_are_listed_with_their_schedule(pool: Pool) -> None:
    async with a_client(pool) as client:
        items = {item["flow"]: item for item in (await client.get("/api/v1/jobs")).json()["items"]}

    assert set(items) == {flow.name for flow in STANDARD} | {"forecast-site-6h"}
    assert set(items) > {"data-ingestion", "drift-check", "retrain", "performance-check", "fine-tune"}
    assert items["data-ingestion"]["next_due"] == "2026-03-29T06:00:00Z"
    assert items["drift-check"]["next_due"] == "2026-03-30T00:00:00Z"
    assert items["retrain"]["next_due"] is None
    assert (items["fine-tune"]["enabled"], items["fine-tune"]["next_due"]) == (False, None)
    assert {(item["retries"], item["retry_s"]) for item in items.values()} == {(3, 60)}


@pytest.mark.servers
async def test_a_run_is_queued_once_and_shown_in_the_history(pool: Pool) -> None:
    asked = {"reason": "after the storm", "parameters": {"mode": "finetune", "options": {"seed": 3}}}
    async with a_client(pool) as client:
        first = await client.post("/api/v1/jobs/retrain/runs", json=asked, headers={"Idempotency-Key": "k"})
        again = await client.post("/api/v1/jobs/retrain/runs", json=asked, headers={"Idempotency-Key": "k"})
        history = (await client.get("/api/v1/jobs/retrain/runs")).json()["items"]
        one = (await client.get(first.headers["Location"])).json()

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["job_id"] == first.json()["job_id"]
    assert [run["state"] for run in history] == ["queued"]
    assert (one["cause"], one["reason"], one["parameters"]) == ("manual", "after the storm", asked["parameters"])


@pytest.mark.servers
async def test_what_does_not_exist_is_refused_by_name(pool: Pool) -> None:
    async with a_client(pool) as client:
        flow = await client.post("/api/v1/jobs/nonsense/runs", json={})
        parameter = await client.post("/api/v1/jobs/drift-check/runs", json={"parameters": {"weeks": 2}})
        run = await client.get("/api/v1/jobs/retrain/runs/none")
        cron = await client.patch("/api/v1/jobs/drift-check", json={"cron": "every night"})
        zone = await client.patch("/api/v1/jobs/drift-check", json={"timezone": "Mars/Base"})
        report = await client.get("/reports/latest_drift.html")

    assert [a.status_code for a in (flow, parameter, run, cron, zone, report)] == [404, 422, 404, 422, 422, 404]
    assert "takes no parameter weeks: it takes days" in parameter.json()["detail"]
    assert "five fields" in cron.json()["detail"]


@pytest.mark.servers
async def test_a_schedule_can_be_moved_taken_away_and_switched_off(pool: Pool) -> None:
    Pages(pool).keep(LATEST, "<p>page")
    async with a_client(pool) as client:
        moved = await client.patch("/api/v1/jobs/drift-check", json={"cron": "30 4 * * *", "timezone": "Europe/Berlin"})
        gone = await client.patch("/api/v1/jobs/drift-check", json={"cron": ""})
        off = await client.patch("/api/v1/jobs/forecast-site-6h", json={"enabled": False})
        page = await client.get("/reports/latest_drift.html")

    assert moved.json()["next_due"] == "2026-03-29T02:30:00Z"
    assert (gone.json()["cron"], gone.json()["next_due"]) == (None, None)
    assert off.json()["enabled"] is False
    assert page.text == "<p>page"


def test_cron_follows_the_clock_of_its_zone_over_the_change_of_time() -> None:
    before, after = NOW - timedelta(days=1), NOW + timedelta(days=1)

    assert cron_before("0 6 * * *", "Europe/Berlin", before).hour == 5
    assert cron_before("0 6 * * *", "Europe/Berlin", after).hour == 4
    assert cron_after("0 6 * * *", "Europe/Berlin", NOW) == datetime(2026, 3, 29, 4, tzinfo=UTC)
    assert cron_before("30 0 * * *", "UTC", NOW) == NOW
    assert check_cron("0 */6 * * *", "UTC") is None


def test_a_flow_is_due_once_after_a_pause_and_not_before_its_moment() -> None:
    flow = Flow("drift-check", cron="0 0 * * *")

    assert due(flow, NOW, NOW - timedelta(days=9), None, None) == "schedule"
    assert due(flow, NOW, NOW.replace(minute=0), None, None) is None
    assert due(Flow("x", cron="0 0 * * *", enabled=False), NOW, NOW - timedelta(days=9), None, None) is None
    assert due(Flow("x", data_step_s=60), NOW, NOW, None, None) is None


def test_a_product_with_a_cron_is_due_at_its_local_time_and_counts_what_was_missed() -> None:
    product = a_product(issue_cron="0 6 * * *", timezone="Europe/Berlin", slot_s=86_400)
    first = due_run(product, NOW, None)
    assert first is not None

    later = due_run(product, NOW + timedelta(days=3), first.slot)

    assert first.slot == datetime(2026, 3, 28, 5, tzinfo=UTC)
    assert due_run(product, NOW, first.slot) is None
    assert later is not None
    assert (later.slot, later.missed) == (datetime(2026, 3, 31, 4, tzinfo=UTC), 2)
    assert next_run(product, NOW) == datetime(2026, 3, 29, 4, tzinfo=UTC)
    assert next_run(a_product(), NOW) == NOW + timedelta(minutes=15)


def test_a_slot_waits_for_the_period_that_ends_at_it() -> None:
    series = a_series()
    there, late = Extent(series, SLOT, SLOT - HOUR), Extent(series, SLOT, SLOT - 2 * HOUR)

    assert reached_share([there, late, Extent(series, None, None)], SLOT) == pytest.approx(1 / 3)
    assert reached_share([], SLOT) == 0.0
