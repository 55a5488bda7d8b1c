"""A person with a wallet in a real browser: stakes, doubts, withdraws, seals and checks, on a real chain."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gridseal.runtime.migrations import apply_migrations
from gridseal.runtime.problems import not_found
from gridseal.runtime.serve import http_part
from gridseal.wire.fields import format_utc
from gridseal.wire.forecasts import ForecastRun
from local_stack.scratch import free_port, scratch_database, scratch_postgres
from settlement_service.app import Parts, create_app

from .round_world import NODE, PACKAGE, ROOT, START, JumpClock, World, local_chain, service

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
LEVELS = (500, 1000, 2500, 5000, 7500, 9000, 9500)
HOUR, UNIT = timedelta(hours=1), 10**18
ADMIN, PERSON = 0, 1
BUILT = Path(os.environ.get("DASHBOARD_SERVER", ROOT / "frontend" / ".next" / "standalone" / "server.js"))
BROWSER = ROOT / "tests" / "e2e"


@dataclass(frozen=True)
class Pages:
    """Where everything is that the browser and the test in it ask."""

    dashboard: str
    service: str
    others: str
    rpc: str
    chain_id: int


def a_slot_run(make_run: Callable[..., ForecastRun], slot: datetime) -> ForecastRun:
    """Three hours of two homes around five watts."""
    run = make_run(slot=slot, levels_bps=LEVELS[:3], region_id="several")
    values = tuple(5_000 + i for i in range(len(LEVELS)))
    series = tuple(
        s.model_copy(update={"points": tuple(p.model_copy(update={"values_milli": values}) for p in s.points)})
        for s in run.series
    )
    return run.model_copy(update={"levels_bps": LEVELS, "series": series})


def other_services(world: World, issued: dict[str, ForecastRun]) -> FastAPI:
    """What the pages ask of the other services, and the test's hand on the clock."""
    app = FastAPI()

    @app.get("/api/v1/forecasts/{run_id}")
    async def forecast(run_id: str) -> ForecastRun:
        found = issued.get(run_id)
        if found is None:
            raise not_found(f"run {run_id}")
        return found

    @app.get("/api/v1/sites")
    @app.get("/api/v1/series")
    async def nothing() -> dict[str, list[str]]:
        return {"items": []}

    @app.post("/test/jump")
    async def jump(hours: float) -> str:
        world.clock.jump(world.clock.now() + timedelta(hours=hours))
        return world.clock.now().isoformat()

    return app


@asynccontextmanager
async def pages(
    world: World, rpc: str, issued: dict[str, ForecastRun], folder: Path, auth: str = "dev"
) -> AsyncIterator[Pages]:
    """REST of the service over HTTP, and the dashboard as it is shipped."""
    port, own, others = free_port(), free_port(), free_port()
    dashboard = f"http://127.0.0.1:{port}"
    life = replace(world.life, core=world.life.core.model_copy(update={"dashboard_url": dashboard}))
    registry = CollectorRegistry()
    app = create_app(Parts(world.runs, world.clock, registry, {}, list(life.routers())))
    parts = ((app, own), (other_services(world, issued), others))
    rest = [asyncio.create_task(http_part(one, "127.0.0.1", at)()) for one, at in parts]
    service_url, others_url = f"http://127.0.0.1:{own}", f"http://127.0.0.1:{others}"
    environment = {
        **os.environ, "PORT": str(port), "GRIDSEAL_CHAIN_RPC_URL": rpc, "GRIDSEAL_SETTLEMENT_URL": service_url,
        "GRIDSEAL_FORECAST_URL": others_url, "GRIDSEAL_ASSET_URL": others_url, "GRIDSEAL_AUTH": auth,
    }  # fmt: skip
    with (folder / "dashboard.log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(str(NODE), str(BUILT), env=environment, stdout=log, stderr=log)
    try:
        await _answers(f"{service_url}/api/v1/contracts")
        await _answers(f"{dashboard}/healthz")
        yield Pages(dashboard, service_url, others_url, rpc, world.told["chain_id"])
    finally:
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        server.kill()
        await server.wait()


async def _answers(url: str) -> None:
    async with asyncio.timeout(120), httpx.AsyncClient() as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get(url)).is_success:
                    return
            await asyncio.sleep(0.2)


@pytest.fixture
def dsn() -> Iterator[str]:
    assert BUILT.is_file(), "make setup builds the dashboard"
    with scratch_postgres() as address, scratch_database(address) as own:
        apply_migrations(own, "settlement", PACKAGE / "migrations")
        yield own


async def test_a_person_stakes_doubts_withdraws_and_checks(
    dsn: str, tmp_path: Path, make_run: Callable[..., ForecastRun]
) -> None:
    clock = JumpClock()
    async with local_chain(tmp_path, clock) as (url, told), service(tmp_path, url, told, dsn, clock) as world:
        clock.jump(START + 2 * HOUR)  # terms begin an hour after the deployment
        run, later = (a_slot_run(make_run, START + hours * HOUR) for hours in (3, 11))
        await world.send(ADMIN, "ForecastRegistry", "registerAuthority", world.accounts[PERSON], 1)
        await world.issue(run, tuple(6_000 + i for i in range(len(LEVELS))))
        await world.measure(run, 5_003)
        clock.jump(run.slot + 5 * HOUR)
        await world.reaches(run, "proposed")
        await world.runs.add(later)
        issued = {r.run_id: r for r in (run, later)}
        async with pages(world, url, issued, tmp_path) as where:
            await in_a_browser(where, run, later)


async def test_where_a_login_is_asked_for_a_wallet_is_one(dsn: str, tmp_path: Path) -> None:
    clock = JumpClock()
    async with local_chain(tmp_path, clock) as (url, told), service(tmp_path, url, told, dsn, clock) as world:
        await world.send(ADMIN, "ForecastRegistry", "registerAuthority", world.accounts[PERSON], 1)
        async with pages(world, url, {}, tmp_path, auth="login") as where:
            await followed("sign-in.test.mjs", where)


async def in_a_browser(where: Pages, run: ForecastRun, later: ForecastRun) -> None:
    """Every step of the person, by the keyboard and mouse of a browser."""
    await followed(
        "wallet.test.mjs", where, PRODUCT=run.product_id, RUN=run.run_id, SLOT=format_utc(run.slot),
        LATER_RUN=later.run_id, LATER_SLOT=format_utc(later.slot),
    )  # fmt: skip


async def followed(script: str, where: Pages, **more: str) -> None:
    """A script of ``tests/e2e/wallet``, to its end."""
    assert (BROWSER / "node_modules").is_dir(), "make setup-test installs what the browser test needs"
    asked = {
        "DASHBOARD_URL": where.dashboard, "SERVICE_URL": where.service, "OTHERS_URL": where.others,
        "RPC_URL": where.rpc, "CHAIN_ID": str(where.chain_id), **more,
    }  # fmt: skip
    node = await asyncio.create_subprocess_exec(
        str(NODE), "--test", "--test-timeout=560000", str(BROWSER / "wallet" / script),
        env={**os.environ, **asked}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await node.communicate()
    if os.environ.get("SHOW"):
        print(told.decode())
    assert node.returncode == 0, told.decode()[-6_000:]
