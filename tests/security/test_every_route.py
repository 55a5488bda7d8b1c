"""Every route of every process: a policy, nobody without a token, nothing for a lower role or another tenant."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from fastapi import FastAPI

from gridseal.access.api_keys import KeyRecord, new_key
from gridseal.access.authenticate import Login
from gridseal.access.guard import Access, closed
from gridseal.access.policies import EVERYWHERE, Policies, RouteRule
from gridseal.access.principal import ROLES, Role
from gridseal.runtime.metrics import new_registry
from tests.api.apps import APPS, LET_IN, NOBODY
from tests.api.pieces import NoLines

TENANTS = ("demo", "north", "south")
IDS = {
    "series_id": ("home-01/net", "../../etc/passwd"), "run_id": ("0" * 32, "r1"), "alert_id": ("a1", "a3"),
    "asset_id": ("home-01-pv", "'; DROP TABLE x; --"), "model": ("gridseal-site-6h", "..%2f..%2fetc%2fpasswd"),
    "tx_hash": ("0x" + "0" * 64, "0x" + "f" * 64), "device_id": ("home-01-meter", "x"),
}  # fmt: skip
"""Ids that are there, and some that try to be elsewhere; other parameters take these two."""
OTHER_IDS = ("1", "site-6h")
ASKED_BY_VIEWERS = {"requestForecast", "predict", "tellEvidence", "giveActuals", "tellReason"}
"""Forecasts, and what a hash on the chain lets in."""
PUBLIC = {"health", "getSession", "getSessionKeys", "getSignInNonce", "signIn", "signOut", "list_receipt_keys"}


class Book:
    """A key for each role of each tenant."""

    def __init__(self) -> None:
        self.records: dict[str, KeyRecord] = {}
        self.texts: dict[tuple[Role, str], str] = {}
        for role in ROLES:
            for tenant in TENANTS:
                made = new_key(f"{role} of {tenant}", role, tenant)
                self.records[made.record.key_id] = made.record
                self.texts[role, tenant] = made.text

    async def find(self, key_id: str) -> KeyRecord | None:
        return self.records.get(key_id)


BOOK = Book()


def an_access(service: str) -> Access:
    return Access(service, "demo", Login({}, (BOOK,), "demo", frozenset()), NoLines())


@asynccontextmanager
async def a_service(service: str, folder: Path) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    before = LET_IN.set(an_access(service))
    try:
        async with (
            APPS[service](NOBODY, folder) as app,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        ):
            yield app, client
    finally:
        LET_IN.reset(before)


def requests_of(app: FastAPI) -> Iterator[tuple[str, str, RouteRule]]:
    """Method and path of each route that has a policy of its own, with each id."""
    policies: Policies = app.state.policies
    for rule in closed(app, policies).rules:
        if rule.name in EVERYWHERE and rule.name != "listAuditLog":
            continue
        template = re.sub(r"\(\?P<(\w+)>.*?\)", r"{\1}", rule.path.pattern).strip("^$")
        for n in (0, 1):
            path = re.sub(r"\{(\w+)\}", lambda m, n=n: IDS.get(m[1], OTHER_IDS)[n], template)  # type: ignore[misc]
            for method in rule.methods or ("GET",):
                yield method, path, rule


def header(role: Role, tenant: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {BOOK.texts[role, tenant]}"}


@pytest.mark.parametrize("service", APPS)
async def test_no_route_answers_without_the_role_that_it_takes(service: str, tmp_path: Path) -> None:
    wrong, tried = [], 0
    async with a_service(service, tmp_path) as (app, client):
        for method, path, rule in requests_of(app):
            if rule.policy == "public" or closed(app, app.state.policies).of(method, unquote(path)) is not rule:
                continue
            lower = ROLES[: ROLES.index(rule.policy)]
            asked: list[tuple[Mapping[str, str], int]] = [({}, 401), ({"Authorization": "Bearer x"}, 401)]
            asked += [(header(role, "demo"), 403) for role in lower]
            asked += [(header(role, tenant), 404) for role in ROLES for tenant in TENANTS[1:]]
            for headers, expected in asked:
                answer = await client.request(method, path, headers=dict(headers), content=b"{}")
                tried += 1
                reason = answer.json().get("reason")
                if answer.status_code != expected or (expected == 404 and reason != "other_tenant"):
                    wrong.append((method, path, answer.status_code, expected))

    assert not wrong
    assert tried > {"feeds": 10}.get(service, 100)  # one route


@pytest.mark.parametrize("service", APPS)
async def test_the_document_and_the_policies_name_the_same_routes(service: str, tmp_path: Path) -> None:
    async with a_service(service, tmp_path) as (app, _):
        described = {o["operationId"] for p in app.openapi()["paths"].values() for o in p.values()}
        policies: Policies = app.state.policies

    assert described - {"listAuditLog"} <= set(policies)
    assert {name for name in described if {**EVERYWHERE, **policies}[name] == "public"} <= PUBLIC


@pytest.mark.parametrize("service", APPS)
async def test_what_changes_something_takes_the_role_that_is_meant(service: str, tmp_path: Path) -> None:
    """Said a second time, so that a slip in a table of policies is seen; whatever is new takes an operator."""
    async with a_service(service, tmp_path) as (app, _):
        changing = {
            rule.name: rule.policy
            for rule in closed(app, app.state.policies).rules
            if rule.methods - {"GET", "HEAD", "OPTIONS"}
        }
    meant = {"notarizeRun": "authority", **dict.fromkeys(ASKED_BY_VIEWERS, "viewer"), **dict.fromkeys(PUBLIC, "public")}

    assert {name: (policy, meant.get(name, "operator")) for name, policy in changing.items() if policy != meant.get(name, "operator")} == {}  # noqa: E501  # fmt: skip
    assert changing or service == "feeds"


def test_processes_without_an_interface_of_their_own_are_guarded_too() -> None:
    from edge_agent.app import create_app as agent_app
    from forecast_service.app import create_operator_app
    from forecast_service.jobs.routes import job_routes
    from streaming_processor.app import create_app as stream_app
    from streaming_processor.pipeline_routes import pipeline_routes

    nothing: Any = None
    scheduler = create_operator_app(new_registry(), {}, nothing)
    jobs: Any = SimpleNamespace(runs=None, clock=None, pages=None)
    scheduler.include_router(job_routes(jobs))
    stream = stream_app(dict, dict, {}, new_registry())
    stream.include_router(pipeline_routes(nothing, dict))
    apps = (scheduler, stream, agent_app(nothing, nothing, new_registry()))
    found = {app.title: closed(app, app.state.policies).rules for app in apps}
    orders = {r.name: r.policy for r in found["Gridseal forecast operations"] if r.name in ("startFlow", "changeFlow")}

    assert orders == {"startFlow": "operator", "changeFlow": "operator"}
    assert all("viewer" in {rule.policy for rule in rules} for rules in found.values())


@pytest.mark.parametrize(
    "path",
    [
        "/docs/files/../../../etc/passwd", "/docs/files/%2e%2e/%2e%2e/etc/passwd", "/docs/files//etc/passwd",
        "/problems/..%2f..%2fetc%2fpasswd", "/reports/..%2f..%2fetc%2fpasswd", "/reports/latest_drift.html%00",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_its_folder(path: str, tmp_path: Path) -> None:
    async with a_service("forecast-service", tmp_path) as (_, client):
        answer = await client.get(path, headers=header("admin", "demo"))

    assert answer.status_code in (404, 405, 422)
    assert "root:" not in answer.text
