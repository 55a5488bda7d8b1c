"""The ERC-8281 envelope: where on a chain a digest was committed to, as any verifier of that standard reads it.

https://github.com/ethereum/ERCs/blob/master/ERCS/erc-8281.md (draft). Numbers are decimal text there; addresses
carry their EIP-55 check sum; the position counts within the receipt, not within the block.
"""

from typing import Annotated, Literal

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from pydantic import AfterValidator, Field

from gridseal.wire.fields import Address, Hex32, Message

RECORDED = keccak(b"Recorded(bytes32,address)")


def _checked(address: str) -> str:
    if to_checksum_address(address) != address:
        raise ValueError("an address without its EIP-55 check sum")
    return address


DecimalText = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,77})$")]
ChecksumAddress = Annotated[Address, AfterValidator(_checked)]


class Envelope(Message):
    """A committed Merkle root. Its observation bytes are the two hashes that the root is taken over."""

    version: Literal["erc8281/1"]
    digest: Hex32
    hash_function: Literal["keccak-256"]
    chain_id: DecimalText
    contract: ChecksumAddress
    tx_hash: Hex32
    block_number: DecimalText
    receipt_log_position: DecimalText
    committer: ChecksumAddress
    block_hash: Hex32
    """Optional in the standard; demanded here, since it is what shows a reorganization."""


def envelope_of(
    root: str, authority: str, registry: str, *, chain_id: int, tx_hash: str, block: tuple[int, str], log_position: int
) -> Envelope:
    """The envelope of a mined batch; ``block`` is its number and hash."""
    return Envelope(
        version="erc8281/1",
        digest=root,
        hash_function="keccak-256",
        chain_id=str(chain_id),
        contract=to_checksum_address(registry),
        tx_hash=tx_hash,
        block_number=str(block[0]),
        receipt_log_position=str(log_position),
        committer=to_checksum_address(authority),
        block_hash=block[1],
    )
