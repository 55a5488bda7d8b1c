"""The service without Kafka, on a real node and a real PostgreSQL: in this process, or as one that can be killed."""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from gridseal.access.tenant_rows import SERVICE, tenant_options
from gridseal.runtime import failpoints
from gridseal.runtime.clock import SystemClock
from gridseal.runtime.settings import CoreSettings
from settlement_service.__main__ import Line
from settlement_service.keys import open_keys
from settlement_service.metrics import ChainMetrics, SealMetrics
from settlement_service.rpc import JsonRpc
from settlement_service.runs import Runs
from settlement_service.sealing import OPEN_STATES, Sealing
from settlement_service.settings import SettlementSettings
from settlement_service.transactions.box import TransactionBox
from settlement_service.transactions.contracts import Calls, Contracts, load_abis
from settlement_service.vault import load_vault

PACKAGE = Path(str(files("settlement_service")))


@dataclass(frozen=True)
class Where:
    """What a test has started: a node, a database, and a folder with keys and deployment."""

    url: str
    dsn: str
    folder: Path


@dataclass(frozen=True)
class Service:
    """What tests hold on to."""

    runs: Runs
    box: TransactionBox
    line: Line

    async def until(self, run_id: str, *states: str, within_s: float = 120) -> Sealing:
        """The run, once it is in one of these states; settled ones if none is named."""
        async with asyncio.timeout(within_s):
            while True:
                found = await self.runs.find(run_id)
                if found is not None and (found.state in states if states else found.state not in OPEN_STATES):
                    return found
                await asyncio.sleep(0.05)


def open_pool(dsn: str) -> "AsyncConnectionPool[AsyncConnection[DictRow]]":
    """A pool as the service opens one."""
    kwargs = {"row_factory": dict_row, "autocommit": True, "options": tenant_options("demo", SERVICE)}
    return AsyncConnectionPool(dsn, min_size=1, max_size=3, open=False, kwargs=kwargs)


@asynccontextmanager
async def assembled(where: Where, **changes: Any) -> AsyncIterator[Service]:
    """All parts, nothing running."""
    defaults: dict[str, Any] = {"poll_s": 0.03, "confirmations": 4, "dependency_timeout_s": 3.0}
    settings = SettlementSettings(**(defaults | changes))
    core = CoreSettings(postgres_dsn=where.dsn, chain_rpc_url=where.url)
    calls, registry = Calls(load_abis()), CollectorRegistry()
    async with open_pool(where.dsn) as pool, JsonRpc.open(where.url, settings.dependency_timeout_s) as rpc:
        keys = open_keys(settings, where.folder / "keys", rpc if settings.signer_addresses else None)
        vault = load_vault("the key of secrets", where.folder / "keys" / "batch-secrets.key")
        runs, wakes = Runs(pool, vault), {name: asyncio.Event() for name in keys}
        contracts = Contracts(where.folder / "deployment.json", rpc)
        box = TransactionBox(pool, contracts, calls, wakes)
        line = Line(
            *(core, settings, SystemClock(), keys, vault, rpc, contracts, calls, box),
            *(SealMetrics(registry), ChainMetrics(registry), wakes, asyncio.Event(), []),
        )
        yield Service(runs, box, line)


@asynccontextmanager
async def service(where: Where, **changes: Any) -> AsyncIterator[Service]:
    """All parts, sealing."""
    async with assembled(where, **changes) as parts:
        tasks = [asyncio.create_task(part()) for part in parts.line.parts()]
        try:
            yield parts
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            for problem in ended:
                if isinstance(problem, Exception):
                    raise problem


async def _main(where: Where) -> None:
    async with service(where, replace_s=1.0):
        await asyncio.Event().wait()


def _fork_when_told(where: Where) -> None:
    """A line on stdin, the failpoint to arm, starts a child; answers are its pid and, later, how it ended."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            failpoints._armed.update(failpoints.parse(line.strip()))
            asyncio.run(_main(where))
        print(pid, file=answers)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), file=answers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("dsn")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    _fork_when_told(Where(given.url, given.dsn, given.folder))
