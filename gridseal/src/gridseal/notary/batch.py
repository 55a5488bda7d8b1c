"""The batch that is signed: EIP-712 typed data, one per run.

The field order is the struct's order in ``ForecastRegistry``.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from eth_abi.abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from pydantic import Field

from gridseal.notary.leaf import leaf_hashes, leaves_of, levels_hash, name_hash
from gridseal.notary.merkle import MerkleTree
from gridseal.wire.fields import Address, Hex32, Message
from gridseal.wire.forecasts import ForecastRun

DOMAIN_NAME: Final = "GridsealForecastRegistry"
DOMAIN_VERSION: Final = "1"
ZERO_HASH: Final = "0x" + "00" * 32

BATCH_FIELDS: Final[tuple[tuple[str, str], ...]] = (
    ("root", "bytes32"),
    ("leafCount", "uint32"),
    ("productId", "bytes32"),
    ("regionId", "bytes32"),
    ("slot", "uint64"),
    ("version", "uint32"),
    ("levelsHash", "bytes32"),
    ("modelHash", "bytes32"),
    ("featureHash", "bytes32"),
    ("issuedAt", "uint64"),
    ("gateClosure", "uint64"),
    ("deliveryStart", "uint64"),
    ("prevBatch", "bytes32"),
    ("nonce", "uint256"),
)
BATCH_TYPE: Final = "ForecastBatch(" + ",".join(f"{kind} {name}" for name, kind in BATCH_FIELDS) + ")"
UnixTime = Annotated[int, Field(ge=0, lt=2**64)]


class Batch(Message):
    """What the authority signs. Moments are Unix seconds of domain time."""

    root: Hex32
    leaf_count: int = Field(gt=0, lt=2**32)
    product_id: Hex32
    region_id: Hex32
    slot: UnixTime
    version: int = Field(ge=1, lt=2**32)
    levels_hash: Hex32
    model_hash: Hex32
    feature_hash: Hex32
    issued_at: UnixTime
    gate_closure: UnixTime
    delivery_start: UnixTime
    prev_batch: Hex32
    nonce: int = Field(ge=0, lt=2**256)

    def as_tuple(self) -> tuple[Any, ...]:
        """The struct as ABI values, hashes as bytes."""
        values = self.model_dump().values()
        return tuple(bytes.fromhex(v[2:]) if isinstance(v, str) else v for v in values)

    @classmethod
    def from_tuple(cls, values: Sequence[Any]) -> "Batch":
        """The batch that ``as_tuple`` gave, for example as read from a transaction."""
        texts = ("0x" + v.hex() if isinstance(v, bytes) else v for v in values)
        return cls(**dict(zip(cls.model_fields, texts, strict=True)))

    def as_typed_message(self) -> dict[str, Any]:
        """The struct under its Solidity names."""
        return dict(zip((name for name, _ in BATCH_FIELDS), self.as_tuple(), strict=True))


class SigningDomain(Message):
    """Which registry on which chain a signature is for; it is worth nothing elsewhere."""

    chain_id: int
    registry: Address


def tree_of(run: ForecastRun, secret: bytes) -> MerkleTree:
    """The Merkle tree of a run, salted under ``secret``."""
    return MerkleTree(leaf_hashes(leaves_of(run), secret))


def batch_of(run: ForecastRun, root: bytes, *, prev_batch: str, nonce: int) -> Batch:
    """The batch of a run. ``prev_batch`` and ``nonce`` chain it to the authority's last one."""
    return Batch(
        root="0x" + root.hex(),
        leaf_count=sum(len(s.points) for s in run.series),
        product_id="0x" + name_hash(run.product_id).hex(),
        region_id="0x" + name_hash(run.region_id).hex(),
        slot=int(run.slot.timestamp()),
        version=run.version,
        levels_hash="0x" + levels_hash(run.levels_bps).hex(),
        model_hash=run.model_hash,
        feature_hash=run.feature_hash,
        issued_at=int(run.issued_at.timestamp()),
        gate_closure=int(run.gate_closure.timestamp()),
        delivery_start=int(run.delivery_start.timestamp()),
        prev_batch=prev_batch,
        nonce=nonce,
    )


def first_link(authority: str) -> str:
    """What an authority's first batch names as ``prev_batch``: its address, as a word."""
    return "0x" + authority.removeprefix("0x").lower().rjust(64, "0")


def batch_hash(batch: Batch) -> str:
    """EIP-712 struct hash; the next batch names it as ``prevBatch``."""
    kinds = ["bytes32", *(kind for _, kind in BATCH_FIELDS)]
    return "0x" + keccak(abi_encode(kinds, [keccak(BATCH_TYPE.encode()), *batch.as_tuple()])).hex()


def typed_data(batch: Batch, domain: SigningDomain) -> dict[str, Any]:
    """The full EIP-712 document, as a wallet would show it."""
    return {
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": domain.chain_id,
            "verifyingContract": domain.registry,
        },
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "ForecastBatch": [{"name": name, "type": kind} for name, kind in BATCH_FIELDS],
        },
        "primaryType": "ForecastBatch",
        "message": batch.as_typed_message(),
    }


def sign_batch(batch: Batch, domain: SigningDomain, private_key: bytes) -> bytes:
    """The authority's 65-byte signature over the batch."""
    signable = encode_typed_data(full_message=typed_data(batch, domain))
    return bytes(Account.sign_message(signable, private_key).signature)


def signer_of(batch: Batch, domain: SigningDomain, signature: bytes) -> str:
    """The checksummed address that signed; any change of batch or domain gives another one."""
    signable = encode_typed_data(full_message=typed_data(batch, domain))
    return str(Account.recover_message(signable, signature=signature))
