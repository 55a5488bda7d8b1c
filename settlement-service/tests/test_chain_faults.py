"""A chain that reorganizes, a node that goes away, fees that rise, and a service that is killed: no seal is lost or
doubled. PostgreSQL and the node (anvil) are the real ones. ``CHAIN_FAULTS=200`` makes the last test the long one.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gridseal.client.json_rpc import JsonRpcChain
from gridseal.notary.check import check_chain
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.forecasts import ForecastRun
from local_stack.scratch import scratch_database, scratch_postgres
from settlement_service.seals import proof_of
from settlement_service.transactions.box import state_of

from .anvil_chain import Anvil
from .real_parts import PACKAGE, Service, Where, assembled, service

FAULTS = int(os.environ.get("CHAIN_FAULTS", "6"))
SEED = int(os.environ.get("CHAIN_FAULTS_SEED", "11"))
pytestmark = [pytest.mark.servers, pytest.mark.timeout(300 + 20 * FAULTS)]
SEALED = ("mined", "final")
FAILPOINTS = (
    "seal.after_sign",
    "seal.after_order",
    "chain.before_save",
    "chain.after_save",
    "chain.after_send",
    "chain.after_mark",
    "chain.before_included",
    "chain.before_final",
)
Runs = Callable[..., ForecastRun]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, Where]]:
    anvil = Anvil(tmp_path_factory.mktemp("anvil"))
    anvil.start()
    anvil.deploy()
    anvil.mine(12)
    with scratch_postgres() as address, scratch_database(address) as dsn:
        apply_migrations(dsn, "settlement", PACKAGE / "migrations")
        yield anvil, Where(anvil.url, dsn, anvil.folder)
    anvil.stop()


class Slots:
    """Each run has a slot of its own, an hour or more before its gate."""

    taken = 0

    @classmethod
    def next(cls) -> datetime:
        cls.taken += 1
        return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1 + cls.taken)


@asynccontextmanager
async def blocks(anvil: Anvil, every_s: float = 0.1) -> AsyncIterator[None]:
    """Blocks go on while the node is there."""

    async def mine() -> None:
        while True:
            if anvil.process is not None:
                await asyncio.to_thread(anvil.mine)
            await asyncio.sleep(every_s)

    task = asyncio.create_task(mine())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def mined(anvil: Anvil, parts: Service, run_id: str, *states: str) -> None:
    """Blocks, one by one, until the run is there."""
    async with blocks(anvil):
        await parts.until(run_id, *(states or SEALED))


async def test_seals_survive_reorganizations_of_depth_1_to_8(where: tuple[Anvil, Where], make_run: Runs) -> None:
    anvil, place = where
    before = anvil.recorded()
    sealed: list[ForecastRun] = []
    async with service(place, confirmations=12) as parts:
        for depth in range(1, 9):
            run = make_run(slot=Slots.next(), series=1)
            await parts.runs.add(run)
            sealed.append(run)
            await parts.until(run.run_id, "sent")
            anvil.mine()
            await parts.until(run.run_id, *SEALED)
            anvil.mine(depth - 1)
            anvil.reorganize(depth)
            await parts.until(run.run_id, "sent")
            await mined(anvil, parts, run.run_id)
        async with blocks(anvil):
            final = [await parts.until(run.run_id, "final") for run in sealed]

    assert anvil.recorded() == [*before, *(s.root for s in final)]
    assert {len(s.order.attempts) for s in final if s.order} == {1}, "sent again as the same transaction"


async def test_a_transaction_that_fees_have_overtaken_is_outbid(where: tuple[Anvil, Where], make_run: Runs) -> None:
    anvil, place = where
    run = make_run(slot=Slots.next(), series=1)
    async with service(place, replace_s=0.3) as parts:
        await parts.runs.add(run)
        first = (await parts.until(run.run_id, "sent")).tx_hash or ""
        anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(60 * 10**9))
        await mined(anvil, parts, run.run_id, "final")
        sealing = await parts.until(run.run_id)
        old = await parts.box.of_transaction(first)
        new = await parts.box.of_transaction(sealing.tx_hash or "")

    assert sealing.tx_hash != first
    assert old is not None
    assert new is not None
    assert old.id == new.id, "two transactions of one order"
    assert (state_of(old, first), state_of(old, sealing.tx_hash or "")) == ("replaced", "final")
    offers = [(a.max_fee, a.priority_fee) for a in (sealing.order.attempts if sealing.order else ())]
    assert all(b[0] * 8 >= a[0] * 9 and b[1] * 8 >= a[1] * 9 for a, b in pairwise(offers))


async def test_another_use_of_the_key_does_not_stop_it(where: tuple[Anvil, Where], make_run: Runs) -> None:
    anvil, place = where
    run = make_run(slot=Slots.next(), series=1)
    async with service(place) as parts:
        await parts.runs.add(run)
        await parts.until(run.run_id, "sent")
        relayer = parts.line.keys["relayer"].address
        [ours] = anvil.pending()
        anvil.ask("anvil_dropTransaction", ours["hash"])
        anvil.ask("anvil_impersonateAccount", relayer)
        dear = {"maxFeePerGas": hex(400 * 10**9), "maxPriorityFeePerGas": hex(300 * 10**9), "nonce": ours["nonce"]}
        anvil.ask("eth_sendTransaction", {"from": relayer, "to": relayer, "gas": hex(30_000), **dear})
        anvil.mine()
        await mined(anvil, parts, run.run_id, "final")
        sealing = await parts.until(run.run_id)

    assert sealing.order is not None
    assert sealing.order.nonce == int(ours["nonce"], 16) + 1


class Process:
    """The service as a process of its own, ended with the block. It is forked from one that has imported everything."""

    def __init__(self, place: Where) -> None:
        argv = [sys.executable, str(Path(__file__).with_name("real_parts.py")), place.url, place.dsn, str(place.folder)]
        self._log = (place.folder / "service.log").open("ab")
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._log}
        self._parent = subprocess.Popen(argv, text=True, **pipes)
        self._pid = 0

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._parent.communicate()
        self._log.close()

    def start(self, failpoint: str = "") -> None:
        """Start it; it dies at ``failpoint``."""
        self._pid = int(self._ask(failpoint))

    def wait(self) -> int:
        """How it ended."""
        self._pid = 0
        return int(self._answer())

    def kill(self) -> None:
        """End it without a word."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self.wait()

    def _ask(self, line: str) -> str:
        assert self._parent.stdin is not None
        self._parent.stdin.write(line + "\n")
        self._parent.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline()


async def test_it_may_be_killed_at_every_failpoint(where: tuple[Anvil, Where], make_run: Runs) -> None:
    anvil, place = where
    before = anvil.recorded()
    added = [make_run(slot=Slots.next(), series=1) for _ in FAILPOINTS]
    with Process(place) as process:
        async with blocks(anvil), assembled(place) as parts:
            for name, run in zip(FAILPOINTS, added, strict=True):
                await parts.runs.add(run)
                process.start(f"{name}=kill@1")
                assert await asyncio.to_thread(process.wait) == -signal.SIGKILL, name
            process.start()
            final = [await parts.until(run.run_id, "final") for run in added]

    assert anvil.recorded() == [*before, *(s.root for s in final)]


async def test_runs_that_go_together_survive_a_reorganization(where: tuple[Anvil, Where], make_run: Runs) -> None:
    anvil, place = where
    before, together = anvil.recorded(), {"batched_products": "site-6h", "batch_most": 3, "batch_wait_s": 600.0}
    runs = [make_run(slot=Slots.next(), series=1) for _ in range(3)]
    async with service(place, **together) as parts:
        for run in runs:
            await parts.runs.add(run)
        await parts.until(runs[0].run_id, "sent")
        anvil.mine()
        sealed = [await parts.until(run.run_id, *SEALED) for run in runs]
        assert len({s.tx_hash for s in sealed}) == 1
        assert [s.log_position for s in sealed] == [1, 3, 5]
        anvil.reorganize(1)
        for run in runs:
            await parts.until(run.run_id, "sent")
        async with blocks(anvil):
            final = [await parts.until(run.run_id, "final") for run in runs]
    with JsonRpcChain(place.url) as chain:
        proofs = [proof_of(s, "home-00/net") for s in final]
        assert all(check.passed for proof in proofs for check in check_chain(proof, chain) if check.name != "registry")

    assert anvil.recorded() == [*before, *(s.root for s in final)]


async def test_many_faults_at_random_moments(where: tuple[Anvil, Where], make_run: Runs) -> None:
    """Every run is sealed exactly once, in order, whatever comes when."""
    anvil, place = where
    chance, before = random.Random(SEED), anvil.recorded()
    added = [make_run(slot=Slots.next(), series=1) for _ in range(FAULTS)]
    with Process(place) as process:
        process.start()
        async with assembled(place) as parts:
            for run in added:
                await parts.runs.add(run)
                async with blocks(anvil):
                    await asyncio.sleep(chance.uniform(0.0, 0.8))
                await asyncio.to_thread(strike, anvil, process, chance)
            async with blocks(anvil):
                final = [await parts.until(run.run_id, "final", within_s=300) for run in added]

    assert anvil.recorded() == [*before, *(s.root for s in final)]


def strike(anvil: Anvil, process: Process, chance: random.Random) -> None:
    """One fault."""
    kind = chance.choice(["reorganize", "reorganize", "forget", "fees", "silent", "kill"])
    if kind == "reorganize":
        anvil.reorganize(chance.randint(1, 3))
    elif kind == "forget":
        for tx in anvil.pending():
            anvil.ask("anvil_dropTransaction", tx["hash"])
    elif kind == "fees":
        anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(chance.randint(1, 80) * 10**9))
    elif kind == "silent":
        anvil.freeze(chance.uniform(0.5, 5.0))
    else:
        process.kill()
        process.start()


async def test_a_node_that_forgets_or_goes_away_loses_nothing(where: tuple[Anvil, Where], make_run: Runs) -> None:
    # The last one: an anvil that was started again cannot reorganize.
    anvil, place = where
    forgotten, during = (make_run(slot=Slots.next(), series=1) for _ in range(2))
    async with service(place) as parts:
        await parts.runs.add(forgotten)
        await parts.until(forgotten.run_id, "sent")
        for tx in anvil.pending():
            anvil.ask("anvil_dropTransaction", tx["hash"])
        await mined(anvil, parts, forgotten.run_id)
        anvil.stop()
        await parts.runs.add(during)
        await asyncio.to_thread(anvil.start)
        await mined(anvil, parts, during.run_id, "final")
