"""The notebooks of ``docs/notebooks`` run from top to bottom against the services, whose stores hold a small day."""

import runpy
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from local_stack.scratch import scratch_database, scratch_postgres
from tests.api.apps import APPS
from tests.api.pieces import NOW, ROOT, Still, module_of
from tests.api.served import served

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
FOLDER = ROOT / "docs" / "notebooks"
HOURS = 8


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where forecast-service and settlement-service answer, and a run that is sealed."""
    rest = module_of("settlement-service/tests/test_rest.py")
    sealed = rest.mined(module_of("settlement-service/tests/conftest.py").a_sealing())

    @asynccontextmanager
    async def settlement(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
        from settlement_service.app import Parts, create_app

        runs = rest.MemoryRuns(lambda run: sealed)
        runs.rows[sealed.run_id] = sealed
        yield create_app(Parts(runs, Still(), CollectorRegistry()))

    folder = tmp_path_factory.mktemp("notebooks")
    with (
        scratch_postgres() as server, scratch_database(server) as dsn,
        served(APPS["forecast-service"], dsn, folder) as forecasts, served(settlement, dsn, folder) as seals,
    ):  # fmt: skip
        a_day(dsn)
        yield {
            "GRIDSEAL_FORECAST_URL": forecasts, "GRIDSEAL_SETTLEMENT_URL": seals, "RUN_ID": sealed.run_id,
            "CHAIN_RPC_URL": "",
        }  # fmt: skip


def a_day(dsn: str) -> None:
    """A run an hour, each about the two hours after its slot, and what was measured then."""
    from forecast_service.store.database import Pool, open_pool
    from forecast_service.store.runs import RunStore

    made = module_of("forecast-service/tests/serving/builders.py")
    pool: Pool = open_pool(dsn, 1)
    for n in range(1, HOURS):
        slot = made.SLOT - timedelta(hours=n)
        RunStore(pool).write(made.a_run(slot, run_id=f"{n:032x}", values=(900 * n, 1_000 * n, 1_200 * n)), (), "")
        made.put_window(pool, made.a_series(), slot, 1_050 * n)
    pool.close()


def run(name: str, series_id: str, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for key, value in (addresses | {"SERIES_ID": series_id}).items():
        monkeypatch.setenv(key, value)
    return runpy.run_path(str(FOLDER / f"{name}.py"))


def test_quickstart(addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = run("quickstart", "", addresses, monkeypatch)

    assert list(found["table"]["q0.5"]) == [2.0, 2.0]
    assert found["belief"].as_at <= NOW
    assert len(found["runs"]) == HOURS


def test_backtest(addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = run("backtest", "home-01/net", addresses, monkeypatch)

    assert len(found["scored"]) == len(found["measured"]) - 2 > 0
    assert 0 <= found["coverage"] <= 1
    assert (found["loss"].mean() >= 0).all()


def test_verify(addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = run("verify", "home-00/net", addresses, monkeypatch)

    assert all(check.passed for check in found["verdict"].checks)
    assert not found["verdict"].verified
    assert any(not check.passed for check in found["forged"].checks)
