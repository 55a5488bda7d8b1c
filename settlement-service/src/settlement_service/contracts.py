"""The contracts beside the registry: where they are, and their ABIs. The registry itself is ``chain.py``."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import aiohttp
from web3 import AsyncHTTPProvider, AsyncWeb3, Web3
from web3.contract import AsyncContract
from web3.exceptions import ContractLogicError, Web3Exception, Web3RPCError

from gridseal.errors import ChainError
from settlement_service.ports import NodeAwayError

Name = Literal["ForecastRegistry", "ActualsRegistry", "StakePool", "Settlement", "Operations", "Token", "Arbiter"]
ABI_FILES: dict[Name, str] = {
    "ForecastRegistry": "abi/ForecastRegistry.json",
    "ActualsRegistry": "abi/ActualsRegistry.json",
    "StakePool": "abi/StakePool.json",
    "Settlement": "abi/Settlement.json",
    "Operations": "abi/Operations.json",
    "Token": "abi/LocalToken.json",
    "Arbiter": "abi/Arbiter.json",
}


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn a node that is away into NodeAwayError and a refusal into ChainError."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NodeAwayError("the chain's node does not answer: check GRIDSEAL_CHAIN_RPC_URL") from error
    except (Web3RPCError, ContractLogicError) as error:
        raise ChainError(f"the node refused a call: {error.message}") from error
    except Web3Exception as error:
        raise NodeAwayError(f"the chain's node gave no usable answer: {type(error).__name__}") from error


@dataclass(frozen=True, slots=True)
class Place:
    """One deployment of all contracts."""

    chain_id: int
    deployment_id: str
    deployed_block: int
    addresses: dict[str, str]


class Book:
    """Contracts by name, as ``deployment.json`` of the moment says."""

    def __init__(self, web3: AsyncWeb3[Any], deployment_file: Path) -> None:
        self.web3 = web3
        self._file = deployment_file
        self._abis: dict[Name, list[dict[str, Any]]] = {}
        self._built: dict[tuple[Name, str], AsyncContract] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, deployment_file: Path, timeout_s: float = 10.0) -> AsyncIterator["Book"]:
        """A book whose connection is closed with the block."""
        provider = AsyncHTTPProvider(url, request_kwargs={"timeout": aiohttp.ClientTimeout(total=timeout_s)})
        try:
            yield cls(AsyncWeb3(provider), deployment_file)
        finally:
            await provider.disconnect()

    async def place(self) -> Place:
        """Where everything is.

        Raises:
            NodeAwayError: Nothing is deployed yet.
        """
        try:
            told = json.loads(await asyncio.to_thread(self._file.read_text))
            return Place(
                chain_id=int(told["chain_id"]),
                deployment_id=str(told.get("deployment_id", told["code_hash"])),
                deployed_block=int(told["deployed_block"]),
                addresses={str(name): str(Web3.to_checksum_address(a)) for name, a in told["contracts"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NodeAwayError("the contracts are not deployed yet: run blockchain/scripts/deploy.py") from error

    async def contract(self, name: Name) -> AsyncContract:
        """One contract, ready to be asked.

        Raises:
            NodeAwayError: It is not deployed yet.
        """
        address = (await self.place()).addresses.get(name)
        if address is None:
            raise NodeAwayError(f"{name} is not deployed yet: run blockchain/scripts/deploy.py")
        if (name, address) not in self._built:  # building one takes milliseconds
            self._built[name, address] = self.web3.eth.contract(
                address=Web3.to_checksum_address(address), abi=self.abi(name)
            )
        return self._built[name, address]

    def abi(self, name: Name) -> list[dict[str, Any]]:
        """Functions, events and errors of a contract."""
        if name not in self._abis:
            text = (files("settlement_service") / ABI_FILES[name]).read_text()
            self._abis[name] = json.loads(text)
        return self._abis[name]

    async def block_time(self) -> int:
        """Unix seconds of the newest block: the chain's now."""
        async with answering():
            return int((await self.web3.eth.get_block("latest"))["timestamp"])
