"""The few JSON-RPC calls that the chain clock makes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from gridseal.errors import ChainError, UnavailableError
from local_stack.chain_journal import Block, raw_transaction


class ChainRpc:
    """A Hardhat node over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["ChainRpc"]:
        """A client for ``url``; nothing is asked yet."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            yield cls(session, url)

    async def ask(self, method: str, *params: Any) -> Any:
        """One call.

        Raises:
            UnavailableError: The node is away.
            ChainError: The node refused.
        """
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            async with self._session.post(self._url, json=body) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError("the Hardhat node does not answer") from error
        if "error" in answer:
            raise ChainError(f"{method} refused: {answer['error'].get('message', 'no reason')}")
        return answer["result"]

    async def quiet(self) -> None:
        """Stop the node from printing every call; the clock alone makes 25 a second."""
        await self.ask("hardhat_setLoggingEnabled", False)

    async def height(self) -> int:
        """Number of the newest block."""
        return int(await self.ask("eth_blockNumber"), 16)

    async def pending(self) -> list[dict[str, Any]]:
        """Transactions that wait for a block, in the node's order."""
        found: list[dict[str, Any]] = await self.ask("eth_pendingTransactions")
        return found

    async def drop(self, tx_hash: str) -> None:
        """Take a pending transaction out."""
        await self.ask("hardhat_dropTransaction", tx_hash)

    async def send_raw(self, raw: str) -> None:
        """Hand in a signed transaction."""
        await self.ask("eth_sendRawTransaction", raw)

    async def mine(self, timestamp: int) -> None:
        """Mine one block with everything that is pending."""
        await self.ask("evm_mine", timestamp)

    async def snapshot(self) -> str:
        """A point to come back to."""
        return str(await self.ask("evm_snapshot"))

    async def revert(self, point: str) -> None:
        """Come back to a point."""
        await self.ask("evm_revert", point)

    async def block_time(self, number: int) -> int:
        """Timestamp of a block."""
        return int((await self.ask("eth_getBlockByNumber", hex(number), False))["timestamp"], 16)

    async def block(self, number: int) -> Block:
        """A block as the journal keeps it."""
        found = await self.ask("eth_getBlockByNumber", hex(number), True)
        raws = tuple(raw_transaction(tx) for tx in found["transactions"])
        return Block(number, int(found["timestamp"], 16), raws)
