"""Who signed, and what the chain lets that account do."""

import asyncio
from typing import Final, Literal

from eth_abi.abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import defunct_hash_message, encode_defunct
from eth_utils.crypto import keccak
from web3 import Web3

from gridseal.errors import ChainError
from settlement_service.contracts import Book, answering

Role = Literal["viewer", "operator", "provider", "authority", "admin"]
MAGIC: Final = bytes.fromhex("1626ba7e")
IS_VALID: Final = keccak(b"isValidSignature(bytes32,bytes)")[:4]
OPERATOR: Final = keccak(b"OPERATOR_ROLE")
PROVIDER: Final = keccak(b"PROVIDER_ROLE")
ADMIN: Final = b"\0" * 32
GAS: Final = 500_000
"""What a wallet's own check may cost the node."""


class Wallets:
    """Asks the node about accounts. Every call may raise NodeAwayError."""

    def __init__(self, book: Book, timeout_s: float = 3.0) -> None:
        self._book = book
        self._timeout_s = timeout_s

    async def chain_id(self) -> int:
        """Of the chain that the contracts are on."""
        return (await self._book.place()).chain_id

    async def signed(self, address: str, text: str, signature: bytes) -> bool:
        """Whether ``address`` signed ``text`` (EIP-191).

        An account signs with its key, also one that delegated code (EIP-7702). A contract is asked by ERC-1271, with
        little gas and little time: one that does not answer well has not signed.
        """
        if recovered(text, signature) == address:
            return True
        account, eth = Web3.to_checksum_address(address), self._book.web3.eth
        async with answering():
            if not bytes(await eth.get_code(account)):
                return False
        digest = bytes(defunct_hash_message(text=text))
        data = "0x" + (IS_VALID + abi_encode(["bytes32", "bytes"], [digest, signature])).hex()
        try:
            async with asyncio.timeout(self._timeout_s), answering():
                answer = bytes(await eth.call({"to": account, "data": data, "gas": GAS}))  # type: ignore[typeddict-item]
        except (TimeoutError, ChainError):
            return False
        return len(answer) == 32 and answer[:4] == MAGIC and not any(answer[4:])

    async def roles(self, address: str) -> tuple[Role, ...]:
        """What the contracts say now; everybody may look."""
        operations = await self._book.contract("Operations")
        registry = await self._book.contract("ForecastRegistry")
        async with answering():
            operator, provider, kind, admin = await asyncio.gather(
                operations.functions.hasRole(OPERATOR, address).call(),
                operations.functions.hasRole(PROVIDER, address).call(),
                registry.functions.signerKind(address).call(),
                operations.functions.hasRole(ADMIN, address).call(),
            )
        told: tuple[tuple[Role, bool], ...] = (
            ("viewer", True),
            ("operator", bool(operator)),
            ("provider", bool(provider)),
            ("authority", kind != 0),
            ("admin", bool(admin)),
        )
        return tuple(role for role, yes in told if yes)


def recovered(text: str, signature: bytes) -> str | None:
    """The account whose key signed; none for what is no signature of a key."""
    if len(signature) != 65:
        return None
    try:
        return str(Account.recover_message(encode_defunct(text=text), signature=signature))
    except Exception:  # eth_keys and eth_account raise many kinds for many malformed signatures
        return None
