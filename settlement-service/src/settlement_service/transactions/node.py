"""One account behind a JSON-RPC node."""

from collections.abc import Sequence
from typing import Any

from settlement_service.rpc import JsonRpc, RefusedCallError, number, octets
from settlement_service.transactions.contracts import Calls
from settlement_service.transactions.orders import AccountView, Head, Inclusion

HARMLESS = ("already known", "nonce too low", "known transaction", "already imported", "already exists")
OUTBID = ("underpriced", "replacement", "fee too low to replace")
REVERTED = ("revert", "reverted")


class WouldRevertError(Exception):
    """A contract refuses a call; the text is its reason."""


class RpcAccountNode:
    """Implements ``ports.AccountNode``."""

    def __init__(self, rpc: JsonRpc, calls: Calls) -> None:
        self._rpc = rpc
        self._calls = calls

    async def head(self) -> Head:
        """The newest block."""
        return _head(await self._rpc.ask("eth_getBlockByNumber", "latest", False))

    async def view(self, address: str, hashes: Sequence[str], depth: int) -> AccountView:
        """What the chain says about an account and these transactions.

        The nonce is read before the receipts: a transaction mined in between shows as included with a nonce that
        looks free, which gives nothing away, and not as one that something else has displaced.
        """
        head = await self.head()
        deep = hex(max(0, head.number - depth + 1))
        counts = [("eth_getTransactionCount", [address, "latest"]), ("eth_getTransactionCount", [address, deep])]
        nonce, settled = await self._rpc.ask_all(counts)
        receipts = await self._rpc.ask_all([("eth_getTransactionReceipt", [h]) for h in hashes])
        found = {h: receipt for h, receipt in zip(hashes, receipts, strict=True) if receipt and receipt["blockNumber"]}
        times = await self._times(found)
        rest = [h for h in hashes if h not in found]
        known = await self._rpc.ask_all([("eth_getTransactionByHash", [h]) for h in rest])
        return AccountView(
            head=head,
            nonce=number(nonce),
            settled_nonce=number(settled),
            inclusions={
                h: _inclusion(h, r, times[r["blockHash"]]) for h, r in found.items() if r["blockHash"] in times
            },
            known=frozenset(h for h, answer in zip(rest, known, strict=True) if answer is not None),
        )

    async def estimate(self, sender: str, to: str, calldata: bytes) -> int:
        """Gas that a call would take now.

        Raises:
            WouldRevertError: The contract refuses it.
        """
        try:
            return number(await self._rpc.ask("eth_estimateGas", _call(sender, to, calldata), "latest"))
        except RefusedCallError as error:
            if not error.data and not any(word in error.reason.lower() for word in REVERTED):
                raise
            raise WouldRevertError(self._reason(error)) from error

    async def why(self, sender: str, to: str, calldata: bytes, block: int) -> str:
        """Why a call failed in a block, in the contract's words as far as the node can tell."""
        try:
            await self._rpc.ask("eth_call", _call(sender, to, calldata), hex(block))
        except RefusedCallError as error:
            return self._reason(error)
        return "the contract refused it"

    async def send(self, raw: bytes) -> bool:
        """Hand it in. False: another transaction with this nonce offers more."""
        try:
            await self._rpc.ask("eth_sendRawTransaction", "0x" + raw.hex())
        except RefusedCallError as error:
            text = error.reason.lower()
            if any(part in text for part in HARMLESS):
                return True
            if any(part in text for part in OUTBID):
                return False
            raise
        return True

    async def _times(self, found: dict[str, Any]) -> dict[str, int]:
        """Block times by hash; only of blocks that are in the chain."""
        numbers = sorted({r["blockNumber"] for r in found.values()})
        blocks = await self._rpc.ask_all([("eth_getBlockByNumber", [n, False]) for n in numbers])
        return {str(b["hash"]): number(b["timestamp"]) for b in blocks if b}

    def _reason(self, error: RefusedCallError) -> str:
        return self._calls.refusal(octets(error.data)) or "the contract refuses it and does not say why"


def _head(block: dict[str, Any]) -> Head:
    base_fee = number(block.get("baseFeePerGas") or "0x0")
    return Head(number(block["number"]), str(block["hash"]), number(block["timestamp"]), base_fee)


def _inclusion(tx_hash: str, receipt: dict[str, Any], block_time: int) -> Inclusion:
    return Inclusion(
        tx_hash=tx_hash,
        block_number=number(receipt["blockNumber"]),
        block_hash=str(receipt["blockHash"]),
        block_time=block_time,
        succeeded=number(receipt["status"]) == 1,
    )


def _call(sender: str, to: str, calldata: bytes) -> dict[str, str]:
    return {"from": sender, "to": to, "data": "0x" + calldata.hex()}
