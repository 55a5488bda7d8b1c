"""Accounts that send, and waiting for what they sent."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, cast

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import TxParams

PRIORITY_FEE = 10**9
T = TypeVar("T")


class NotYetError(Exception):
    """A condition did not come true in time, or the chain refused a step of the deployment."""


def wait_for(what: str, deadline: float, ask: Callable[[], T | None]) -> T:
    """Ask until the answer is something, or the deadline (monotonic seconds) passes."""
    while True:
        try:
            found = ask()
        except (OSError, Web3Exception):
            found = None
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise NotYetError(f"{what}: not within the time given")
        time.sleep(0.1)


class Account(Protocol):
    """Who sends."""

    @property
    def address(self) -> str:
        """Checksummed."""
        ...

    def post(self, transaction: dict[str, Any]) -> Any:
        """Hand a transaction in; its hash."""
        ...


class Node:
    """One chain."""

    def __init__(self, web3: Web3, deadline: float) -> None:
        self.web3 = web3
        self._deadline = deadline

    def receipt(self, digest: Any) -> Any:
        """Wait for the receipt of a transaction.

        Raises:
            NotYetError: It did not come in time, or the transaction failed.
        """
        found = wait_for("receipt (are blocks made?)", self._deadline, lambda: self._receipt(digest))
        if found["status"] != 1:
            raise NotYetError(f"the chain refused transaction {Web3.to_hex(digest)} of the deployment")
        return found

    def send(self, account: Account, transaction: dict[str, Any]) -> Any:
        """Send one transaction and wait for its receipt."""
        return self.receipt(account.post(transaction))

    def send_all(self, jobs: Sequence[tuple[Account, dict[str, Any]]]) -> None:
        """Send transactions that do not depend on each other, then wait for all."""
        for digest in [account.post(transaction) for account, transaction in jobs]:
            self.receipt(digest)

    def now(self) -> int:
        """Unix seconds of the newest block."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def _receipt(self, digest: Any) -> Any:
        try:
            return self.web3.eth.get_transaction_receipt(digest)
        except Web3Exception:
            return None


class UnlockedAccount:
    """An account whose key the local node holds."""

    def __init__(self, web3: Web3, number: int) -> None:
        self._web3 = web3
        self._address = str(web3.eth.accounts[number])

    @property
    def address(self) -> str:
        """Checksummed."""
        return self._address

    def post(self, transaction: dict[str, Any]) -> Any:
        """Hand a transaction in."""
        fees = {"maxFeePerGas": 20 * PRIORITY_FEE, "maxPriorityFeePerGas": PRIORITY_FEE}
        return self._web3.eth.send_transaction(cast(TxParams, {"from": self._address, **fees, **transaction}))


class KeyAccount:
    """An account whose key we hold; it counts its nonces itself, so that several transactions can be in flight."""

    def __init__(self, web3: Web3, account: LocalAccount) -> None:
        self._web3 = web3
        self._account = account
        self._nonce: int | None = None

    @property
    def address(self) -> str:
        """Checksummed."""
        return str(self._account.address)

    def post(self, transaction: dict[str, Any]) -> Any:
        """Sign a transaction and hand it in."""
        eth = self._web3.eth
        if self._nonce is None:
            self._nonce = eth.get_transaction_count(self._account.address)
        base = int(eth.get_block("latest").get("baseFeePerGas", 0))
        whole: dict[str, Any] = {
            "type": 2, "chainId": eth.chain_id, "nonce": self._nonce, "value": 0,
            "maxFeePerGas": 2 * base + PRIORITY_FEE, "maxPriorityFeePerGas": PRIORITY_FEE, **transaction,
        }  # fmt: skip
        if "gas" not in whole:
            whole["gas"] = eth.estimate_gas(cast(TxParams, {"from": self.address, **transaction})) * 5 // 4
        digest = eth.send_raw_transaction(self._account.sign_transaction(whole).raw_transaction)
        self._nonce += 1
        return digest
