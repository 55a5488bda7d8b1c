"""The registry behind an Ethereum JSON-RPC node: what it says about runs."""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_utils.crypto import keccak

from gridseal.errors import ChainError
from gridseal.notary.batch import Batch, batch_hash
from gridseal.notary.leaf import name_hash
from gridseal.runtime.logs import get_logger
from settlement_service.rpc import JsonRpc, number, octets
from settlement_service.sealing import ChainView, Deployment, Position, Sealing, Signing
from settlement_service.transactions.contracts import Calls, Contracts

log = get_logger(__name__)
REGISTRY = "ForecastRegistry"
EVENT = "0x" + keccak(b"BatchNotarized(bytes32,address,bytes32,uint64,uint32,uint32,uint64,bytes32)").hex()


class RegistryChain:
    """Implements ``ports.Chain``."""

    def __init__(self, rpc: JsonRpc, contracts: Contracts, calls: Calls) -> None:
        self._rpc = rpc
        self._contracts = contracts
        self._calls = calls

    async def deployment(self, authority: str) -> Deployment | None:
        """Where the registry is; None while its code is not there or the authority is not registered."""
        place = await self._contracts.place(fresh=True)
        if place is None:
            return None
        registry = place.addresses[REGISTRY]
        deployment = Deployment(place.chain_id, registry, authority, place.deployed_block, place.deployment_id)
        [kind] = await self._read(deployment, ("signerKind", (authority,)))
        if kind == 0:
            log.warning("authority_not_registered", authority=authority, registry=registry)
            return None
        return deployment

    async def height(self) -> int:
        """Number of the newest block."""
        return number(await self._rpc.ask("eth_blockNumber"))

    async def view(self, deployment: Deployment, sealing: Sealing) -> ChainView:
        """What the chain says about one run. The event is looked up last, so that it is never older than the rest."""
        product, slot = name_hash(sealing.product_id), int(sealing.slot.timestamp())
        block = await self._rpc.ask("eth_getBlockByNumber", "latest", False)
        nonce, last, digest = await self._read(
            deployment,
            ("nextNonce", (deployment.authority,)),
            ("lastBatch", (deployment.authority,)),
            ("record", (deployment.authority, product, slot)),
        )
        recorded = await self._batch_of(deployment, product, digest)
        return ChainView(
            height=number(block["number"]),
            block_time=number(block["timestamp"]),
            next_nonce=int(nonce),
            last_batch="0x" + bytes(last).hex(),
            slot_version=recorded.version if recorded is not None else 0,
            position=await self.position(deployment, sealing.root),
        )

    async def position(self, deployment: Deployment, root: str) -> Position | None:
        """Where the event of a root stands."""
        logs = await self._events(deployment, root, None)
        if not logs:
            return None
        found = logs[-1]
        block = await self._rpc.ask("eth_getBlockByNumber", found["blockNumber"], False)
        if block is None or block["hash"] != found["blockHash"]:
            return None  # it went away between the two questions
        receipt = await self._rpc.ask("eth_getTransactionReceipt", found["transactionHash"])
        if receipt is None or receipt["blockHash"] != found["blockHash"]:
            return None
        digest = abi_decode(["uint64", "uint32", "uint32", "uint64", "bytes32"], octets(found["data"]))[4]
        return Position(
            tx_hash=str(found["transactionHash"]),
            block_number=number(found["blockNumber"]),
            block_hash=str(found["blockHash"]),
            block_time=number(block["timestamp"]),
            batch_hash="0x" + digest.hex(),
            log_position=[log["logIndex"] for log in receipt["logs"]].index(found["logIndex"]) + 1,
        )

    async def call_of(self, deployment: Deployment, signing: Signing) -> tuple[str, tuple[Any, ...]]:
        """The registry's method that takes a signature, and its arguments: another one where the slot is recorded."""
        batch = signing.batch
        product = octets(batch.product_id)
        [digest] = await self._read(deployment, ("record", (deployment.authority, product, batch.slot)))
        previous = await self._batch_of(deployment, product, digest)
        if previous is None:
            return "notarize", (batch.as_tuple(), deployment.authority, signing.signature)
        return "notarizeAgain", (batch.as_tuple(), previous.as_tuple(), deployment.authority, signing.signature)

    def call_of_many(self, deployment: Deployment, signings: Sequence[Signing]) -> tuple[str, tuple[Any, ...]]:
        """The method that takes several signatures for slots without a record, and its arguments."""
        batches, signatures = [s.batch.as_tuple() for s in signings], [s.signature for s in signings]
        return "notarizeMany", (batches, deployment.authority, signatures)

    async def _batch_of(self, deployment: Deployment, product: bytes, digest: bytes) -> Batch | None:
        """The batch with this hash, read from the transaction that brought it; None for an empty slot."""
        if not any(digest):
            return None
        for event in await self._events(deployment, None, "0x" + product.hex()):
            if octets(event["data"])[-32:] == digest:
                sent = await self._rpc.ask("eth_getTransactionByHash", event["transactionHash"])
                for batch in self._batches_in(octets(sent["input"])) if sent else ():
                    if octets(batch_hash(batch)) == digest:
                        return batch
        raise ChainError("the batch that a slot holds was not sent to the registry directly: it cannot be replaced")

    def _batches_in(self, calldata: bytes) -> list[Batch]:
        for method in ("notarize", "notarizeAgain", "notarizeMany"):
            values = self._calls.arguments(REGISTRY, method, calldata)
            if values is not None:
                return [Batch.from_tuple(b) for b in (values[0] if method == "notarizeMany" else [values[0]])]
        return []

    async def _events(self, deployment: Deployment, root: str | None, product: str | None) -> list[dict[str, Any]]:
        authority = "0x" + octets(deployment.authority).rjust(32, b"\0").hex()
        found: list[dict[str, Any]] = await self._rpc.ask(
            "eth_getLogs",
            {
                "address": deployment.registry,
                "fromBlock": hex(deployment.deployed_block),
                "toBlock": "latest",
                "topics": [EVENT, root, authority, product],
            },
        )
        return found

    async def _read(self, deployment: Deployment, *questions: tuple[str, tuple[Any, ...]]) -> list[Any]:
        """What reading methods of the registry return, asked at once."""
        datas = [self._calls.encode(REGISTRY, method, arguments) for method, arguments in questions]
        calls = [("eth_call", [{"to": deployment.registry, "data": "0x" + d.hex()}, "latest"]) for d in datas]
        answers = await self._rpc.ask_all(calls)
        return [
            self._calls.answer(REGISTRY, method, octets(data))[0]
            for (method, _), data in zip(questions, answers, strict=True)
        ]
