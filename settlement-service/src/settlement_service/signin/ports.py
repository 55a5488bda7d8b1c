"""What sign-in needs from outside."""

from typing import Protocol

from settlement_service.signin.store import Session
from settlement_service.signin.wallet import Role


class SignIns(Protocol):
    """Nonces and sessions."""

    nonce_s: float
    session_s: float

    async def new_nonce(self, browser: str) -> str | None:
        """A nonce for one sign-in of this browser; none while too many wait."""
        ...

    async def use_nonce(self, nonce: str, browser: str) -> bool:
        """Take a nonce away; whether it could be used."""
        ...

    async def open_session(self, address: str, chain_id: int) -> tuple[str, Session]:
        """Token and session."""
        ...

    async def session(self, token: str) -> Session | None:
        """Whose token it is."""
        ...

    async def end_session(self, token: str) -> None:
        """Forget it."""
        ...


class Accounts(Protocol):
    """The chain's word on accounts. Every call may raise NodeAwayError."""

    async def chain_id(self) -> int:
        """Of the chain that the contracts are on."""
        ...

    async def signed(self, address: str, text: str, signature: bytes) -> bool:
        """Whether the account signed the text."""
        ...

    async def roles(self, address: str) -> tuple[Role, ...]:
        """What it may do now."""
        ...
