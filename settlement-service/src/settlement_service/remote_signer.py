"""A signer that keeps the keys elsewhere: Web3Signer, or anything else that speaks these two JSON-RPC methods.

What comes back is not trusted: it is decoded and compared, so that a confused or hostile signer can refuse and delay,
but cannot make this service send something else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import rlp
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from gridseal.errors import ChainError
from gridseal.notary.batch import Batch, SigningDomain, signer_of, typed_data
from settlement_service.ports import NodeAwayError
from settlement_service.rpc import JsonRpc, RefusedCallError, octets

TYPED_DATA = ("eth_signTypedData_v4", "eth_signTypedData")
"""What nodes call it, and what Web3Signer does."""


class RemoteKey:
    """One key of a remote signer, by its address."""

    def __init__(self, rpc: JsonRpc, address: str) -> None:
        self._rpc = rpc
        self.address = address

    def __repr__(self) -> str:
        return f"RemoteKey({self.address})"

    async def sign(self, fields: Mapping[str, Any]) -> tuple[str, bytes]:
        """Hash and raw form of a type 2 transaction.

        Raises:
            NodeAwayError: The signer does not answer, or refuses.
            ChainError: What it signed is not what was asked.
        """
        asked = {
            "from": self.address,
            "to": fields["to"],
            "type": "0x2",
            "data": "0x" + bytes(fields["data"]).hex(),
            **{name: hex(fields[name]) for name in ("chainId", "nonce", "value", "gas")},
            **{name: hex(fields[name]) for name in ("maxFeePerGas", "maxPriorityFeePerGas")},
        }
        answer = await self._ask(("eth_signTransaction",), asked)
        raw = octets(answer["raw"] if isinstance(answer, dict) else answer)
        if not _is_what_was_asked(raw, fields, self.address):
            raise ChainError(f"the remote signer signed something else than asked for {self.address}")
        return "0x" + keccak(raw).hex(), raw

    async def sign_batch(self, batch: Batch, domain: SigningDomain) -> bytes:
        """The 65-byte signature of an authority over a batch. Raises as ``sign``."""
        document = typed_data(batch, domain)
        message = {n: "0x" + v.hex() if isinstance(v, bytes) else v for n, v in document["message"].items()}
        signature = octets(await self._ask(TYPED_DATA, self.address, {**document, "message": message}))
        if signer_of(batch, domain, signature).lower() != self.address.lower():
            raise ChainError(f"the remote signer's signature is not that of {self.address}")
        return signature

    async def _ask(self, methods: Sequence[str], *params: Any) -> Any:
        """The first of these methods that the signer knows."""
        try:
            for method in methods[:-1]:
                try:
                    return await self._rpc.ask(method, *params)
                except RefusedCallError as error:
                    if "not" not in error.reason.lower():  # not found, not supported, does not exist
                        raise
            return await self._rpc.ask(methods[-1], *params)
        except (NodeAwayError, RefusedCallError) as error:
            raise NodeAwayError(f"the signer at SETTLEMENT_SERVICE_SIGNER_URL did not sign: {error}") from error


def _is_what_was_asked(raw: bytes, fields: Mapping[str, Any], address: str) -> bool:
    try:
        found = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        signer = Account.recover_transaction(HexBytes(raw))
    except (ValueError, TypeError, rlp.exceptions.RLPException, BadSignature):
        return False
    numbers = ("chainId", "nonce", "value", "gas", "maxFeePerGas", "maxPriorityFeePerGas")
    return (
        signer.lower() == address.lower()
        and bytes(found["to"]) == octets(str(fields["to"]))
        and bytes(found["data"]) == bytes(fields["data"])
        and all(int(found[name]) == fields[name] for name in numbers)
        and not found.get("accessList")
    )
