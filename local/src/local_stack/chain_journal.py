"""The blocks of the local chain on disk: one JSON line a block, the later line of a number counts."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rlp

from gridseal.errors import ChainError, UnavailableError


@dataclass(frozen=True, slots=True)
class Block:
    """What it takes to mine a block again."""

    number: int
    timestamp: int
    transactions: tuple[str, ...]


class Journal:
    """Append-only file of blocks, complete from block 1 to ``height``. One process at a time holds it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blocks: dict[int, Block] = {}
        path = folder / "journal.jsonl"
        self._file = path.open("a", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise UnavailableError(f"another chain clock keeps {path}: stop it first") from error
        self._load(path)

    @property
    def height(self) -> int:
        """Number of the newest block; 0 while there is only the first block of the chain."""
        return max(self._blocks, default=0)

    def append(self, block: Block) -> None:
        """Add a block, or correct the newest one; durable on return."""
        if block.number not in (self.height, self.height + 1):
            raise ChainError(f"block {block.number} does not follow block {self.height} of the journal")
        line = {"number": block.number, "timestamp": block.timestamp, "transactions": block.transactions}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._blocks[block.number] = block

    def after(self, height: int) -> Iterator[Block]:
        """Blocks with a number above ``height``, in order."""
        for number in range(height + 1, self.height + 1):
            yield self._blocks[number]

    def close(self) -> None:
        """Let another process have the file."""
        self._file.close()

    def _load(self, path: Path) -> None:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):  # the last line was cut off by a crash; its block was never mined
            with path.open("r+b") as file:
                file.truncate(len(whole))
        for text in whole.splitlines():
            line = json.loads(text)
            self._blocks[line["number"]] = Block(line["number"], line["timestamp"], tuple(line["transactions"]))


def raw_transaction(tx: Mapping[str, Any]) -> str:
    """The signed bytes of an EIP-1559 transaction that a node reports as JSON.

    By hand and not with eth_account, whose import alone takes seconds of processor time.

    Raises:
        ChainError: Another kind of transaction; nobody of ours sends one.
    """
    if tx["type"] != "0x2":
        raise ChainError(f"transaction {tx['hash']} is of type {tx['type']}: the local chain takes EIP-1559 only")
    numbers = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas")
    access = [(_bytes(e["address"]), [_bytes(k) for k in e["storageKeys"]]) for e in tx["accessList"]]
    fields = [
        *(int(tx[name], 16) for name in numbers),
        _bytes(tx["to"] or "0x"),
        int(tx["value"], 16),
        _bytes(tx["input"]),
        access,
        *(int(tx[name], 16) for name in ("v", "r", "s")),
    ]
    return "0x02" + bytes(rlp.encode(fields)).hex()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
