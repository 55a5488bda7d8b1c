"""Three tenants' services on one PostgreSQL and one MongoDB: each route × each id of the others tells nothing of them.

What is asked for another's id answers word for word what it answers for an id that nobody has.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi import FastAPI

import settlement_service
import streaming_processor
from forecast_service.store.database import migrate
from gridseal.access.api_keys import KeyRecord, new_key
from gridseal.access.authenticate import Login
from gridseal.access.guard import closed
from gridseal.access.policies import EVERYWHERE
from gridseal.access.store import MIGRATIONS
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.fields import format_utc
from local_stack.scratch import scratch_database, scratch_postgres
from local_stack.scratch_servers import ScratchServers
from tests.api.pieces import NOW

from .shared_rows import fill, number
from .shared_world import SLOT, TENANTS, Tenant, services

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
ALL = [Tenant(name, n) for n, name in enumerate(TENANTS, 1)]
NOBODY = Tenant("nobody", 9)
SERVICES = ("asset-service", "forecast-service", "settlement-service")
SAME = {"flow": "drift-check", "name": "latest_drift.html", "slot": format_utc(SLOT)}
"""What tenants name alike."""
TARGET = format_utc(SLOT + timedelta(hours=1))
QUERY = {
    "hours": "3", "as_at": format_utc(NOW), "from": format_utc(SLOT), "to": format_utc(NOW + timedelta(hours=6)),
    "target": TARGET, "target_start": TARGET, "ended_by": format_utc(SLOT - timedelta(hours=1)), "rows": "product",
    "since": format_utc(NOW - timedelta(days=1)), "until": format_utc(NOW + timedelta(days=1)), "day": "2026-06-01",
}  # fmt: skip
NEED_A_CHAIN = {"getAccount", "getRound", "getSlotHistory", "listContracts", "listDisputes", "listRounds", "listScores",
                "listSettledProducts", "listStakes", "getAbi", "getProofFile"}  # fmt: skip
TELL_NOTHING_OWN = {"accuracySkill", "accuracyTimeline", "accuracyReport", "featureImportance", "featureImportanceFile",
                    "listFlows", "listTrainings", "summarizeSeals", "list_asset_performance", "schedulerStatus",
                    "modelPerformance", "getSession", "getSessionKeys", "dayAheadForecasts", "intradayForecasts",
                    "forecastInputs", "forecastOrigin"}  # fmt: skip
"""Figures and names without words of a tenant's own."""
Asked = tuple[str, str, str]
"""Name of a route, its path, its query."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Addresses of PostgreSQL and MongoDB; the rows are there."""
    started = ScratchServers(tmp_path_factory.mktemp("mongo"))
    with scratch_postgres() as address, scratch_database(address) as dsn:
        try:
            started.start("mongo")
            for schema, folder in (("telemetry", streaming_processor), ("settlement", settlement_service)):
                apply_migrations(dsn, schema, Path(folder.__path__[0]) / "migrations")
            migrate(dsn)
            apply_migrations(dsn, "access", MIGRATIONS)
            number(dsn, ALL)
            mongo = started.environment()["GRIDSEAL_MONGO_URL"]
            for tenant in ALL:
                asyncio.run(fill(tenant, dsn, mongo))
            yield dsn, mongo
        finally:
            started.stop()


class Book:
    """A key of an admin for each tenant."""

    def __init__(self) -> None:
        made = {one.name: new_key("test", "admin", one.name) for one in ALL}
        self.texts = {name: key.text for name, key in made.items()}
        self.records: dict[str, KeyRecord] = {key.record.key_id: key.record for key in made.values()}

    async def find(self, key_id: str) -> KeyRecord | None:
        return self.records.get(key_id)


BOOK = Book()


@pytest.fixture(params=ALL, ids=TENANTS)
async def own(
    request: pytest.FixtureRequest, servers: tuple[str, str], tmp_path: Path
) -> AsyncIterator[tuple[Tenant, dict[str, FastAPI]]]:
    tenant: Tenant = request.param
    login = Login({}, (BOOK,), tenant.name, frozenset())
    async with services(tenant, *servers, tmp_path, login) as apps:
        yield tenant, apps


def looked_at(app: FastAPI, whose: Tenant) -> Iterator[Asked]:
    """Every route that is only read, with a tenant's ids in its path and in its query."""
    given = {**SAME, **whose.ids}
    for rule in closed(app, app.state.policies).rules:
        if (rule.methods and "GET" not in rule.methods) or (rule.name in EVERYWHERE and rule.name != "listAuditLog"):
            continue
        template = re.sub(r"\(\?P<(\w+)>.*?\)", r"{\1}", rule.path.pattern).strip("^$").replace("\\", "")
        path = template.format_map(given)
        if not rule.name.startswith("/ws/"):
            yield rule.name, path, ""
            yield rule.name, path, str(httpx.QueryParams({**QUERY, **whose.ids}))
            yield rule.name, path, str(httpx.QueryParams({**QUERY, "to": "2050-01-01T00:00:00Z", "limit": "1"}))


async def ask(app: FastAPI, tenant: Tenant, asked: Asked) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {BOOK.texts[tenant.name]}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        return await client.get(f"{asked[1]}?{asked[2]}")


def without(text: str, whose: Tenant) -> str:
    """An answer without the ids that it was asked for, and without what differs each time."""
    for name, value in whose.ids.items():
        if name == "request_id":
            continue
        text = text.replace(value, f"<{name}>").replace(value.removeprefix("0x"), f"<{name}>")
    text = re.sub(re.escape(f"{whose.name}-"), "<whose>-", text)
    text = re.sub(rf"(overrides/|request ){whose.number}\b", r"\1<number>", text)
    return re.sub(r'"trace_id": ?"[^"]*"', "", text)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_route_tells_anything_of_another_tenant(own: tuple[Tenant, dict[str, FastAPI]], service: str) -> None:
    tenant, apps = own
    wrong, tried = [], 0
    for other in (one for one in ALL if one is not tenant):
        for asked, nobodys in zip(looked_at(apps[service], other), looked_at(apps[service], NOBODY), strict=True):
            answer, control = await ask(apps[service], tenant, asked), await ask(apps[service], tenant, nobodys)
            tried += 1
            told = any(one.canary in answer.text for one in ALL if one is not tenant)
            alike = without(answer.text, other) == without(control.text, NOBODY)
            if told or answer.status_code == 500 or (answer.status_code, alike) != (control.status_code, True):
                wrong.append((*asked, answer.status_code, control.status_code, answer.text[:300]))

    assert not wrong
    assert tried >= {"asset-service": 48, "forecast-service": 180, "settlement-service": 120}[service]


@pytest.mark.parametrize("service", SERVICES)
async def test_and_everything_of_its_own(own: tuple[Tenant, dict[str, FastAPI]], service: str) -> None:
    tenant, apps = own
    told: dict[str, bool] = {}
    for asked in looked_at(apps[service], tenant):
        answer = await ask(apps[service], tenant, asked)
        own_words = (tenant.canary, tenant.run.run_id, tenant.ids["product_id"], tenant.ids["tx_hash"])
        said = answer.status_code == 200 and any(word in answer.text for word in own_words)
        told[asked[0]] = told.get(asked[0], False) or said

    silent = {name for name, said in told.items() if not said}
    assert silent <= NEED_A_CHAIN | TELL_NOTHING_OWN


async def test_figures_count_the_own_rows_alone(own: tuple[Tenant, dict[str, FastAPI]]) -> None:
    tenant, apps = own
    summary = (await ask(apps["forecast-service"], tenant, ("", "/api/v1/forecasts/summary", ""))).json()
    seals = (await ask(apps["settlement-service"], tenant, ("", "/api/v1/settlements/summary", ""))).json()

    assert [summary[name] for name in ("products", "sites", "series", "runs_issued", "runs_sealed")] == [1] * 5
    assert {kind["forecasts"] for kind in summary["accuracy"]} == {1}
    assert seals["states"] == {"failed": 1}


def test_with_row_security_off_the_rows_of_all_would_be_seen(servers: tuple[str, str]) -> None:
    """What the services would read if they were the owner of their tables, as they once were."""
    with psycopg.connect(servers[0]) as owner:
        seen = owner.execute("SELECT count(DISTINCT tenant_id) FROM forecast.runs").fetchone()

    assert seen == (len(TENANTS),)
