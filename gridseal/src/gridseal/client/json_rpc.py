"""A minimal Ethereum JSON-RPC reader: enough to check a proof, and to audit a window, on any node."""

from dataclasses import dataclass
from itertools import count
from typing import Any, Self

import httpx

from gridseal.errors import UnavailableError
from gridseal.notary.outcome import Receipt, ReceiptLog


@dataclass(frozen=True, slots=True)
class Event:
    """One log, and the transaction that it is from."""

    log: ReceiptLog
    tx_hash: str
    block_number: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What a transaction was sent with."""

    sender: str
    to: str
    data: bytes


class JsonRpcChain:
    """Implements ``notary.outcome.ChainView`` over HTTP.

    Raises:
        UnavailableError: From each question, where the node does not answer or refuses it.
    """

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout_s)
        self._ids = count(1)

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def chain_id(self) -> int:
        """Id of the chain the node serves."""
        return int(self._ask("eth_chainId"), 16)

    def height(self) -> int:
        """Number of the newest block."""
        return int(self._ask("eth_blockNumber"), 16)

    def receipt(self, tx_hash: str) -> Receipt | None:
        """Receipt of a mined transaction, or none."""
        raw = self._ask("eth_getTransactionReceipt", tx_hash)
        if raw is None:
            return None
        logs = tuple(_log(log) for log in raw["logs"])
        return Receipt(int(raw["status"], 16) == 1, int(raw["blockNumber"], 16), raw["blockHash"], logs)

    def block_time(self, block_number: int) -> int:
        """Timestamp of a block, Unix seconds."""
        return int(self._ask("eth_getBlockByNumber", hex(block_number), False)["timestamp"], 16)

    def call(self, to: str, data: bytes) -> bytes:
        """Read a contract at the newest block."""
        return _bytes(self._ask("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest"))

    def code(self, at: str) -> bytes:
        """Deployed code of a contract at the newest block."""
        return _bytes(self._ask("eth_getCode", at, "latest"))

    def events(self, address: str, topics: list[bytes | None], from_block: int) -> list[Event]:
        """Logs of a contract in the order of the chain; a topic of None fits any."""
        wanted = [None if topic is None else "0x" + topic.hex() for topic in topics]
        asked = {"address": address, "fromBlock": hex(from_block), "toBlock": "latest", "topics": wanted}
        raw = self._ask("eth_getLogs", asked)
        return [Event(_log(log), log["transactionHash"], int(log["blockNumber"], 16)) for log in raw]

    def transaction(self, tx_hash: str) -> Sent | None:
        """What a transaction was sent with."""
        raw = self._ask("eth_getTransactionByHash", tx_hash)
        return None if raw is None else Sent(raw["from"], raw["to"] or "", _bytes(raw["input"]))

    def _ask(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            answer = self._http.post("", json=body).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(f"the chain node does not answer {method}: check the --rpc address") from error
        if "error" in answer:
            raise UnavailableError(f"the chain node refused {method}: {answer['error'].get('message', 'no reason')}")
        return answer["result"]


def _log(raw: dict[str, Any]) -> ReceiptLog:
    return ReceiptLog(raw["address"], tuple(_bytes(t) for t in raw["topics"]), _bytes(raw["data"]))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
