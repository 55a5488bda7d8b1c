"""Whatever a secret is sent as, no line of any process has it, not even at the level debug."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from gridseal.access.sessions import COOKIE
from gridseal.http.install import Conventions
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.metrics import new_registry
from tests.api import apps
from tests.api.apps import APPS, LET_IN
from tests.security.test_every_route import an_access, header, requests_of

CANARY = "C4n4ryC4n4ry"
KEY = "gs_abcdefghijkl_" + CANARY.ljust(43, "x")
DSN = f"postgresql://nobody:{CANARY}@127.0.0.1:1/none"
SENT = dict.fromkeys(("message", "signature", "token", "password", "secret", "reason", "run_id", "api_key"), KEY)
QUERY = {"token": KEY, "access_token": KEY, "api_key": CANARY, "from": CANARY}
REFUSED = (
    {"Authorization": f"Bearer {KEY}"}, {"Authorization": KEY}, {"Cookie": f"{COOKIE}={KEY}"}, {"X-Api-Key": KEY},
)  # fmt: skip
LET_IN_WITH = {"Idempotency-Key": CANARY, "X-Api-Key": KEY, "Cookie": f"other={KEY}"}
Opened = Callable[[str, Path], AbstractAsyncContextManager[FastAPI]]


@asynccontextmanager
async def operations(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    """Scheduler and worker."""
    from forecast_service.app import create_operator_app
    from forecast_service.jobs.routes import job_routes

    nothing: Any = None
    jobs: Any = SimpleNamespace(runs=None, clock=None, pages=None)
    app = create_operator_app(new_registry(), {}, nothing, Conventions(access=LET_IN.get()))
    app.include_router(job_routes(jobs))
    yield app


@asynccontextmanager
async def stream(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    from streaming_processor.app import create_app
    from streaming_processor.pipeline_routes import pipeline_routes

    nothing: Any = None
    app = create_app(dict, dict, {}, new_registry(), LET_IN.get())
    app.include_router(pipeline_routes(nothing, dict))
    yield app


@asynccontextmanager
async def agent(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    from edge_agent.app import create_app

    nothing: Any = None
    yield create_app(nothing, nothing, new_registry(), LET_IN.get())


@asynccontextmanager
async def opcua(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    from edge_agent.opcua.app import create_opcua_app

    nothing: Any = SimpleNamespace(require=None)
    yield create_opcua_app(nothing, nothing, nothing, nothing, new_registry(), LET_IN.get())


SERVICES: dict[str, Opened] = {
    **APPS, "forecast-operations": operations, "streaming-processor": stream, "edge-agent": agent,
    "edge-agent-opcua": opcua,
}  # fmt: skip


@pytest.fixture
def as_in_production(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lines as processes write them, at the level debug; loggers are not kept: their output ends with the test."""
    set_up = structlog.configure
    with monkeypatch.context() as changed:
        changed.setattr(structlog, "configure", lambda **given: set_up(**{**given, "cache_logger_on_first_use": False}))
        changed.setattr(logging, "basicConfig", lambda **given: None)
        configure_logs("tried", "debug")
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


async def asked(client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]) -> str:
    """What was answered; nothing where a part that is not there would be waited for."""
    try:
        async with asyncio.timeout(0.5):
            answer = await client.request(method, path, params=QUERY, headers=headers, json=SENT)
    except (TimeoutError, httpx.HTTPError):
        return ""
    return answer.text


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize("service", SERVICES)
async def test_no_secret_reaches_the_logs(
    service: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Shown by somebody unknown, and sent along by an admin; the database has a password and does not answer."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "httpx")  # the client that asks here
    monkeypatch.setattr(apps, "NOBODY", DSN)
    before = LET_IN.set(an_access(service))
    told, tried = [], 0
    try:
        async with SERVICES[service](DSN, tmp_path) as app:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                routes = {(rule.name, method): path for method, path, rule in requests_of(app)}
                for (_, method), path in {**routes, ("", "GET"): "/no-such-thing"}.items():
                    told += [await asked(client, method, path, headers) for headers in REFUSED]
                    await asked(client, method, path, {**header("admin", "demo"), **LET_IN_WITH})
                    tried += 1
    finally:
        LET_IN.reset(before)
    said = capsys.readouterr()

    assert tried >= 2
    assert "access_refused" in said.out
    assert CANARY not in said.out + said.err + caplog.text
    assert not [text for text in told if CANARY in text]


@pytest.mark.usefixtures("as_in_production")
async def test_no_secret_of_a_webhook_reaches_the_logs(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Its address, its key, what it was signed with: not in the outcome either, which stands in a table."""
    from forecast_service.notify.address import networks_of
    from forecast_service.notify.post import Poster
    from forecast_service.notify.signature import signed_headers
    from forecast_service.notify.targets import Target

    given = {"url": f"http://127.0.0.1:1/services/{CANARY}", "secret": f"whsec_{CANARY * 3}"}
    target = Target.model_validate({"name": "desk", "shape": "generic", **given})
    with caplog.at_level(logging.WARNING):  # see the next test
        secret = target.secret.get_secret_value() if target.secret else None
        for allowed in ((), networks_of("127.0.0.0/8")):
            headers = signed_headers(secret, "id", 1, b"{}")
            answer = await Poster(allowed, timeout_s=2).post(target.address, b"{}", headers)
            assert answer.outcome in ("refused", "again")
            assert CANARY not in f"{answer} {target} {target!r} {headers}"
    said = capsys.readouterr()

    assert CANARY not in said.out + said.err + caplog.text


def test_libraries_speak_of_warnings_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of HTTP write addresses at the level info, and some addresses are secrets."""
    levels: list[int] = []
    monkeypatch.setattr(logging, "basicConfig", lambda **given: levels.append(given["level"]))
    monkeypatch.setattr(structlog, "configure", lambda **given: None)
    for level in ("debug", "info", "warning", "error"):
        configure_logs("tried", level)
    structlog.contextvars.clear_contextvars()

    assert levels == [logging.WARNING, logging.WARNING, logging.WARNING, logging.ERROR]
