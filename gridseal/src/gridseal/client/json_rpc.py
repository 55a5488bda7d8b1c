"""A minimal Ethereum JSON-RPC reader: enough to check a proof on any node."""

from itertools import count
from typing import Any

import httpx

from gridseal.errors import UnavailableError
from gridseal.notary.check import Receipt, ReceiptLog


class JsonRpcChain:
    """Implements ``notary.check.ChainView`` over HTTP."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout_s)
        self._ids = count(1)

    def chain_id(self) -> int:
        """Id of the chain the node serves."""
        return int(self._ask("eth_chainId"), 16)

    def receipt(self, tx_hash: str) -> Receipt | None:
        """Receipt of a mined transaction, or none."""
        raw = self._ask("eth_getTransactionReceipt", tx_hash)
        if raw is None:
            return None
        logs = tuple(
            ReceiptLog(log["address"], tuple(_bytes(t) for t in log["topics"]), _bytes(log["data"]))
            for log in raw["logs"]
        )
        return Receipt(int(raw["status"], 16) == 1, int(raw["blockNumber"], 16), raw["blockHash"], logs)

    def block_time(self, block_number: int) -> int:
        """Timestamp of a block, Unix seconds."""
        return int(self._ask("eth_getBlockByNumber", hex(block_number), False)["timestamp"], 16)

    def call(self, to: str, data: bytes) -> bytes:
        """Read a contract at the newest block."""
        return _bytes(self._ask("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest"))

    def _ask(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            answer = self._http.post("", json=body).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(f"the chain node does not answer {method}: check the --rpc address") from error
        if "error" in answer:
            raise UnavailableError(f"the chain node refused {method}: {answer['error'].get('message', 'no reason')}")
        return answer["result"]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
