"""The outcome of one check of a proof, and what a node of the chain is asked for it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ReceiptLog:
    """One event log as the node reports it; bytes decoded."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a transaction was included. ``logs`` are in the receipt's order."""

    succeeded: bool
    block_number: int
    block_hash: str
    logs: tuple[ReceiptLog, ...]


class ChainView(Protocol):
    """The six questions that are put to any JSON-RPC node."""

    def chain_id(self) -> int:
        """Id of the chain the node serves."""
        ...

    def height(self) -> int:
        """Number of the newest block."""
        ...

    def receipt(self, tx_hash: str) -> Receipt | None:
        """Receipt of a mined transaction."""
        ...

    def block_time(self, block_number: int) -> int:
        """Timestamp of a block, Unix seconds."""
        ...

    def call(self, to: str, data: bytes) -> bytes:
        """Read a contract at the newest block."""
        ...

    def code(self, at: str) -> bytes:
        """Deployed code of a contract at the newest block."""
        ...
