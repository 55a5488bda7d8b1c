"""The registry behind an Ethereum JSON-RPC node, through web3."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from eth_abi.abi import decode as abi_decode
from eth_account import Account
from eth_utils.crypto import keccak
from web3 import AsyncHTTPProvider, AsyncWeb3, Web3
from web3.contract import AsyncContract
from web3.exceptions import TransactionNotFound, Web3Exception, Web3RPCError

from gridseal.errors import ChainError
from gridseal.notary.batch import ZERO_HASH, Batch, batch_hash
from gridseal.notary.leaf import name_hash
from settlement_service.ports import NodeAwayError
from settlement_service.sealing import ChainView, Deployment, Position, Sealing, Signing, Transaction
from settlement_service.signer import Key

EVENT = keccak(b"BatchNotarized(bytes32,address,bytes32,uint64,uint32,uint32,uint64,bytes32)")
PRIORITY_FEE = 10**9
HARMLESS = ("already known", "nonce too low", "known transaction", "already imported")


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn a node that is away into NodeAwayError and a refusal into ChainError."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NodeAwayError("the chain's node does not answer: check GRIDSEAL_CHAIN_RPC_URL") from error
    except Web3RPCError as error:
        raise ChainError(f"the node refused a call: {error.message}") from error
    except Web3Exception as error:
        raise NodeAwayError(f"the chain's node gave no usable answer: {type(error).__name__}") from error


class RegistryChain:
    """Reads the registry and sends to it as the relayer."""

    def __init__(
        self, web3: AsyncWeb3[Any], abi: list[dict[str, Any]], deployment_file: Path, relayer: Key, gas_limit: int
    ) -> None:
        self._web3 = web3
        self._abi = abi
        self._file = deployment_file
        self._relayer = relayer
        self._gas_limit = gas_limit
        self._known: AsyncContract | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        abi: list[dict[str, Any]],
        deployment_file: Path,
        relayer: Key,
        *,
        gas_limit: int = 400_000,
        timeout_s: float = 10.0,
    ) -> AsyncIterator["RegistryChain"]:
        """A client that is closed with the block."""
        provider = AsyncHTTPProvider(url, request_kwargs={"timeout": aiohttp.ClientTimeout(total=timeout_s)})
        try:
            yield cls(AsyncWeb3(provider), abi, deployment_file, relayer, gas_limit)
        finally:
            await provider.disconnect()

    async def deployment(self) -> Deployment | None:
        """Where the registry is; None while its code is not there or the authority is not registered."""
        try:
            told = json.loads(await asyncio.to_thread(self._file.read_text))
        except (OSError, ValueError):
            return None
        registry = Web3.to_checksum_address(told["registry"])
        async with answering():
            if await self._web3.eth.chain_id != told["chain_id"]:
                return None
            code = await self._web3.eth.get_code(registry)
            if "0x" + keccak(bytes(code)).hex() != told["code_hash"]:
                return None
            kind = await self._contract(registry).functions.signerKind(told["authority"]).call()
        if kind == 0:
            return None
        return Deployment(
            chain_id=int(told["chain_id"]),
            registry=registry,
            authority=str(Web3.to_checksum_address(told["authority"])),
            deployed_block=int(told["deployed_block"]),
            deployment_id=str(told.get("deployment_id", told["code_hash"])),
        )

    async def height(self) -> int:
        """Number of the newest block."""
        async with answering():
            return int(await self._web3.eth.block_number)

    async def view(self, deployment: Deployment, sealing: Sealing) -> ChainView:
        """What the chain says about one run. The event is looked up last, so that it is never older than the rest."""
        functions = self._contract(deployment.registry).functions
        place = name_hash(sealing.product_id), int(sealing.slot.timestamp())
        async with answering():
            block, nonce, last, recorded, (refused, known) = await asyncio.gather(
                self._web3.eth.get_block("latest"),
                functions.nextNonce(deployment.authority).call(),
                functions.lastBatch(deployment.authority).call(),
                self._recorded(deployment, *place),
                self._fate(sealing),
            )
        return ChainView(
            height=int(block["number"]),
            block_time=int(block["timestamp"]),
            next_nonce=int(nonce),
            last_batch="0x" + bytes(last).hex() if nonce else ZERO_HASH,
            slot_version=recorded.version if recorded is not None else 0,
            position=await self.position(deployment, sealing.root),
            refused=refused,
            known=known,
        )

    async def position(self, deployment: Deployment, root: str) -> Position | None:
        """Where the event of a root stands."""
        authority = "0x" + bytes.fromhex(deployment.authority[2:]).rjust(32, b"\0").hex()
        async with answering():
            logs = await self._web3.eth.get_logs(
                {
                    "address": Web3.to_checksum_address(deployment.registry),
                    "fromBlock": hex(deployment.deployed_block),  # type: ignore[typeddict-item]
                    "topics": ["0x" + EVENT.hex(), root, authority],
                }
            )
            if not logs:
                return None
            log = logs[-1]
            block = await self._web3.eth.get_block(log["blockNumber"])
        digest = abi_decode(["uint64", "uint32", "uint32", "uint64", "bytes32"], bytes(log["data"]))[4]
        return Position(
            tx_hash="0x" + bytes(log["transactionHash"]).hex(),
            block_number=int(log["blockNumber"]),
            block_hash="0x" + bytes(log["blockHash"]).hex(),
            block_time=int(block["timestamp"]),
            batch_hash="0x" + digest.hex(),
        )

    async def make_transaction(
        self, deployment: Deployment, signing: Signing, replaces: Transaction | None
    ) -> Transaction:
        """Sign a transaction of the relayer. If ``replaces`` holds the same account nonce, it is outbid."""
        batch = signing.batch
        async with answering():
            previous, nonce, block = await asyncio.gather(
                self._recorded(deployment, bytes.fromhex(batch.product_id[2:]), batch.slot),
                self._web3.eth.get_transaction_count(Web3.to_checksum_address(self._relayer.address)),
                self._web3.eth.get_block("latest"),
            )
        fee = 2 * int(block.get("baseFeePerGas", 0)) + PRIORITY_FEE
        priority = PRIORITY_FEE
        if replaces is not None and replaces.tx_nonce == nonce and replaces.max_fee >= fee // 2:
            # A node takes a replacement only if both fees rise by a tenth.
            fee = max(fee, replaces.max_fee * 9 // 8 + 1)
            priority = min(fee, PRIORITY_FEE * fee // max(1, replaces.max_fee) * 9 // 8 + 1)
        signed = Account.sign_transaction(
            {
                "type": 2,
                "chainId": deployment.chain_id,
                "nonce": nonce,
                "to": deployment.registry,
                "value": 0,
                "gas": self._gas_limit,
                "maxFeePerGas": fee,
                "maxPriorityFeePerGas": priority,
                "data": self._call(deployment, signing, previous),
            },
            self._relayer.secret,
        )
        return Transaction(
            tx_hash="0x" + bytes(signed.hash).hex(),
            batch_hash=signing.batch_hash,
            tx_nonce=int(nonce),
            max_fee=fee,
            raw=bytes(signed.raw_transaction),
        )

    def _call(self, deployment: Deployment, signing: Signing, previous: Batch | None) -> str:
        contract, batch = self._contract(deployment.registry), signing.batch.as_tuple()
        if previous is None:
            return str(contract.encode_abi("notarize", [batch, deployment.authority, signing.signature]))
        args = [batch, previous.as_tuple(), deployment.authority, signing.signature]
        return str(contract.encode_abi("notarizeAgain", args))

    async def _recorded(self, deployment: Deployment, product: bytes, slot: int) -> Batch | None:
        """The batch that counts for a slot, read from the transaction that brought it."""
        contract = self._contract(deployment.registry)
        wanted = bytes(await contract.functions.record(deployment.authority, product, slot).call())
        if not any(wanted):
            return None
        authority = "0x" + bytes.fromhex(deployment.authority[2:]).rjust(32, b"\0").hex()
        logs = await self._web3.eth.get_logs(
            {
                "address": contract.address,
                "fromBlock": hex(deployment.deployed_block),  # type: ignore[typeddict-item]
                "topics": ["0x" + EVENT.hex(), None, authority, "0x" + product.hex()],
            }
        )
        for log in logs:
            if bytes(log["data"])[-32:] == wanted:
                sent = await self._web3.eth.get_transaction(log["transactionHash"])
                _, given = contract.decode_function_input(sent["input"])
                for values in given.get("batches") or [given["batch"]]:
                    batch = Batch.from_tuple(tuple(values.values() if isinstance(values, dict) else values))
                    if bytes.fromhex(batch_hash(batch)[2:]) == wanted:
                        return batch
        raise ChainError("the batch that a slot holds was not sent to the registry directly: it cannot be replaced")

    async def send(self, transaction: Transaction) -> None:
        """Hand it in; a node that has it, or has moved past it, is no error."""
        try:
            async with answering():
                await self._web3.eth.send_raw_transaction(transaction.raw)
        except ChainError as error:
            if not any(text in str(error).lower() for text in HARMLESS):
                raise

    async def _fate(self, sealing: Sealing) -> tuple[bool, bool]:
        newest = sealing.newest
        if newest is None:
            return False, False
        try:
            receipt = await self._web3.eth.get_transaction_receipt(newest.tx_hash)  # type: ignore[arg-type]
            return receipt["status"] == 0, True
        except TransactionNotFound:
            pass
        try:
            await self._web3.eth.get_transaction(newest.tx_hash)  # type: ignore[arg-type]
            return False, True
        except TransactionNotFound:
            return False, False

    def _contract(self, registry: str) -> AsyncContract:
        if self._known is None or self._known.address != registry:  # building one takes milliseconds
            self._known = self._web3.eth.contract(address=Web3.to_checksum_address(registry), abi=self._abi)
        return self._known
