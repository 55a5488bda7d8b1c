"""Give the local chain its blocks, at domain time, and give them back to a node that lost them.

The Hardhat node keeps its chain in memory and mines nothing by itself. This process mines a block at
``max(last + 1, domain now)`` when a transaction is pending, and an empty one now and then. Each block
is written to the journal before it is mined; a node that comes back empty gets the same transactions
in the same blocks with the same times, so a seal survives the death of the node.

    python -m local_stack.chain_clock --state .local/chain
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gridseal.errors import ChainError, UnavailableError
from gridseal.runtime.clock import Clock, clock_from
from gridseal.runtime.logs import configure_logs, get_logger
from gridseal.runtime.serve import main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings
from local_stack.chain_journal import Block, Journal, raw_transaction
from local_stack.chain_rpc import ChainRpc

log = get_logger(__name__)
POLL_S = 0.08
IDLE_BLOCK_S = 10.0
LONGEST_WAIT_S = 2.0
REPLAY_TRIES = 5


@dataclass
class ChainClock:
    """Mines, journals and replays. One per node."""

    rpc: ChainRpc
    journal: Journal
    clock: Clock
    wall: Callable[[], float] = time.monotonic
    _mined_at: float = field(default=0.0, init=False)
    _height: int = field(default=-1, init=False)
    _left_over: frozenset[str] = field(default=frozenset(), init=False)

    async def run(self) -> None:
        """Keep time until cancelled; a node that is away is waited for."""
        wait = POLL_S
        while True:
            try:
                await self.step()
                wait = POLL_S
            except UnavailableError:
                self._height = -1
                wait = min(wait * 2, LONGEST_WAIT_S)
            await asyncio.sleep(wait)

    async def step(self) -> None:
        """Bring the node up to the journal if it is behind, then mine if there is reason to."""
        height = await self.rpc.height()
        if height != self._height:
            height = await self._agree(height)
        pending = await self.rpc.pending()
        idle = self.wall() - self._mined_at >= IDLE_BLOCK_S
        # What the last block left behind (a gap in a sender's nonces) is no reason to mine at once.
        fresh = {str(tx["hash"]) for tx in pending} - self._left_over
        if fresh or idle or height == 0:
            await self._mine(height, pending)

    async def _agree(self, height: int) -> int:
        await self.rpc.quiet()
        if height < self.journal.height:
            await self._replay(height)
        for number in range(self.journal.height + 1, height + 1):
            self.journal.append(await self.rpc.block(number))
        self._height = max(height, self.journal.height)
        return self._height

    async def _replay(self, height: int) -> None:
        """The node is behind: give it the journal's blocks again."""
        for block in self.journal.after(height):
            for _ in range(REPLAY_TRIES):
                if await self._mine_again(block):
                    break
            else:
                raise ChainError(
                    f"block {block.number} differs from the journal: remove {self.journal.folder} to start a new chain"
                )
        log.info("journal_replayed", from_block=height + 1, to_block=self.journal.height)

    async def _mine_again(self, block: Block) -> bool:
        """One block of the journal. What others sent meanwhile is dropped; if it got in, the block is undone."""
        for tx in await self.rpc.pending():
            await self.rpc.drop(str(tx["hash"]))
        before = await self.rpc.snapshot()
        for raw in block.transactions:
            await self.rpc.send_raw(raw)
        await self.rpc.mine(block.timestamp)
        if await self.rpc.block(block.number) == block:
            return True
        await self.rpc.revert(before)
        return False

    async def _mine(self, height: int, pending: list[dict[str, Any]]) -> None:
        last = await self.rpc.block_time(height)
        stamp = max(last + 1, int(self.clock.now().timestamp()))
        planned = Block(height + 1, stamp, tuple(raw_transaction(tx) for tx in pending))
        self.journal.append(planned)
        await self.rpc.mine(stamp)
        mined = await self.rpc.block(height + 1)
        if mined != planned:  # a transaction came or went between the question and the block
            self.journal.append(mined)
        self._left_over = frozenset(str(tx["hash"]) for tx in pending if raw_transaction(tx) not in mined.transactions)
        self._height, self._mined_at = height + 1, self.wall()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local_stack.chain_clock", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".local/chain"), help="folder of the journal")
    return parser.parse_args()


def _open_journal(state: Path) -> Journal:
    state.mkdir(parents=True, exist_ok=True)
    journal = Journal(state)
    (state / "clock.json").write_text(json.dumps({"pid": os.getpid(), "block": journal.height}) + "\n")
    return journal


async def _main() -> None:
    core = load_settings(CoreSettings)
    configure_logs("chain-clock", core.log_level)
    with closing(_open_journal(_arguments().state)) as journal:
        async with ChainRpc.open(core.chain_rpc_url) as rpc:
            await run_parts([ChainClock(rpc, journal, clock_from(core)).run])


if __name__ == "__main__":
    main(_main)
