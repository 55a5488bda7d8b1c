"""What orders transactions, and what the outbox needs from outside."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from settlement_service.transactions.contracts import Place
from settlement_service.transactions.orders import (
    AccountView,
    Attempt,
    Head,
    Inclusion,
    Order,
    Placed,
)


class Transactions(Protocol):
    """The outbox as the rest of the service sees it. Nothing here waits for the chain."""

    async def submit(self, order: Order) -> Placed:
        """Queue a call, or return the order that has this idempotency key already.

        Raises:
            ConfigError: The key may not call this method.
            UnavailableError: The contracts are not deployed yet.
        """
        ...

    async def find(self, idempotency_key: str) -> Placed | None:
        """The order of this key on the present deployment."""
        ...

    async def of_transaction(self, tx_hash: str) -> Placed | None:
        """The order that a transaction was made for, on whichever deployment."""
        ...


class Ledger(Protocol):
    """The writer's side of one key: holds the key's lock while it is open."""

    async def unsettled(self, deployment_id: str) -> Sequence[Placed]:
        """Every order that is not final, oldest first, with its attempts."""
        ...

    async def top_nonce(self, deployment_id: str) -> int:
        """Highest nonce ever signed; -1 if there is none."""
        ...

    async def attempts_at(self, deployment_id: str, nonce: int) -> Sequence[Attempt]:
        """Every transaction ever signed with a nonce, oldest first."""
        ...

    async def highest_block(self, deployment_id: str) -> int:
        """Highest block that holds one of its transactions; 0 if there is none."""
        ...

    async def save_attempt(self, deployment_id: str, attempt: Attempt) -> None:
        """Keep a transaction before it is sent; its order is ``signed`` then, unless it was ``sent``."""
        ...

    async def mark_sent(self, attempt: Attempt) -> None:
        """The node has it."""
        ...

    async def save_included(self, placed: Placed, inclusion: Inclusion, detail: str) -> None:
        """It is in a block: ``mined``, or ``failed`` with ``detail``."""
        ...

    async def save_final(self, placed: Placed) -> None:
        """Its block cannot go away: ``final``, or ``failed`` for good."""
        ...

    async def save_lost(self, placed: Placed) -> None:
        """Its block went away: ``sent`` again."""
        ...

    async def save_refused(self, placed: Placed, detail: str) -> None:
        """It is not sent: ``failed``."""
        ...

    async def save_displaced(self, placed: Placed) -> None:
        """Another transaction took its nonce for good: ``none`` again."""
        ...


class AccountNode(Protocol):
    """One account behind a JSON-RPC node. Every call may raise NodeAwayError, or ChainError for a refusal."""

    async def head(self) -> Head:
        """The newest block."""
        ...

    async def view(self, address: str, hashes: Sequence[str], depth: int) -> AccountView:
        """What the chain says about an account and these transactions; ``depth`` blocks make one final."""
        ...

    async def estimate(self, sender: str, to: str, calldata: bytes) -> int:
        """Gas that a call would take now.

        Raises:
            WouldRevertError: The contract refuses it.
        """
        ...

    async def why(self, sender: str, to: str, calldata: bytes, block: int) -> str:
        """Why a call failed in a block, in the contract's words as far as the node can tell."""
        ...

    async def send(self, raw: bytes) -> bool:
        """Hand it in. False: another transaction with this nonce offers more. Known or overtaken is no error."""
        ...


class TransactionSigner(Protocol):
    """Holds one key. It sees every field, so it can refuse what its key is not for."""

    @property
    def address(self) -> str:
        """Checksummed address of the key."""
        ...

    async def sign(self, fields: Mapping[str, Any]) -> tuple[str, bytes]:
        """Hash and raw form of a type 2 transaction.

        Raises:
            ConfigError: The key is not for this.
            UnavailableError: A remote signer does not answer.
        """
        ...


class Places(Protocol):
    """Knows where the contracts are."""

    async def place(self, *, fresh: bool = False) -> Place | None:
        """The present deployment; None while there is none. ``fresh`` asks the node again.

        Raises:
            ConfigError: The node serves another chain, or other code stands at the registry's address.
        """
        ...
