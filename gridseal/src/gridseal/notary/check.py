"""Check a proof file: first what needs no network, then what the chain says.

Each check has a name and a sentence. Partial verification is failure: a file is good only if every
check passed, and a check that could not run is not a pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from eth_abi.abi import decode as abi_decode
from eth_utils.crypto import keccak

from gridseal.errors import WireError
from gridseal.notary.batch import Batch, batch_hash, signer_of
from gridseal.notary.leaf import Leaf, leaf_hash, levels_hash, name_hash
from gridseal.notary.merkle import root_from_proof
from gridseal.notary.proof_file import ProofFile, ProofPoint
from gridseal.wire.fields import format_utc

BATCH_NOTARIZED = keccak(b"BatchNotarized(bytes32,address,bytes32,uint64,uint32,uint32,uint64,bytes32)")
RECORD_SELECTOR = keccak(b"record(address,bytes32,uint64)")[:4]


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
    """Where a transaction was included."""

    succeeded: bool
    block_number: int
    block_hash: str
    logs: tuple[ReceiptLog, ...]


class ChainView(Protocol):
    """The four questions that are put to any JSON-RPC node."""

    def chain_id(self) -> int:
        """Id of the chain the node serves."""
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


def check_offline(proof: ProofFile) -> list[Check]:
    """Everything the file itself must satisfy: ids, leaves, proofs, signature."""
    return [*_check_header(proof), *_check_points(proof), _check_signature(proof)]


def check_chain(proof: ProofFile, chain: ChainView) -> list[Check]:
    """What the chain must confirm: inclusion, the registry's event and record, the gate."""
    wanted = proof.chain
    found_id = chain.chain_id()
    checks = [Check("chain id", found_id == wanted.chain_id, f"node serves chain {found_id}")]
    if not checks[0].passed:
        return checks
    receipt = chain.receipt(wanted.tx_hash)
    if receipt is None:
        return [*checks, Check("inclusion", False, "the node knows no such transaction")]
    checks.append(
        Check(
            "inclusion",
            receipt.succeeded and receipt.block_number == wanted.block_number,
            f"transaction is in block {receipt.block_number}",
        )
    )
    same_hash = receipt.block_hash.lower() == wanted.block_hash.lower()
    checks.append(Check("block hash", same_hash, "the block is the one named" if same_hash else "another block now"))
    event = any(_is_event_of(proof, log) for log in receipt.logs)
    checks.append(
        Check("event", event, "the registry logged this root, product, slot and authority" if event else "no")
    )
    checks.append(_check_gate(proof.batch, chain.block_time(receipt.block_number)))
    checks.append(_check_record(proof, chain))
    return checks


def _check_header(proof: ProofFile) -> Iterator[Check]:
    forecast, batch = proof.forecast, proof.batch
    pairs = {
        "product": ("0x" + name_hash(forecast.product_id).hex(), batch.product_id),
        "region": ("0x" + name_hash(forecast.region_id).hex(), batch.region_id),
        "quantile levels": ("0x" + levels_hash(forecast.levels_bps).hex(), batch.levels_hash),
        "slot": (int(forecast.slot.timestamp()), batch.slot),
        "issue time": (int(forecast.issued_at.timestamp()), batch.issued_at),
    }
    for name, (stated, signed) in pairs.items():
        same = stated == signed
        yield Check(name, same, "as signed" if same else "the readable part differs from the signed batch")
    early = batch.gate_closure <= batch.delivery_start <= min(int(p.target_start.timestamp()) for p in forecast.points)
    yield Check(
        "gate before delivery", early, f"gate {_utc(batch.gate_closure)}, delivery {_utc(batch.delivery_start)}"
    )


def _check_points(proof: ProofFile) -> Iterator[Check]:
    bad = [p for p in proof.forecast.points if not _leads_to_root(proof, p)]
    total = len(proof.forecast.points)
    detail = f"{total - len(bad)} of {total} periods lead to the signed root"
    yield Check("Merkle proofs", not bad, detail)
    ordered = all(list(p.values_milli) == sorted(p.values_milli) for p in proof.forecast.points)
    yield Check(
        "quantiles in order", ordered, "values never decrease along the levels" if ordered else "crossing quantiles"
    )


def _leads_to_root(proof: ProofFile, point: ProofPoint) -> bool:
    if len(point.values_milli) != len(proof.forecast.levels_bps):
        return False
    forecast = proof.forecast
    leaf = Leaf(forecast.series_id, int(point.target_start.timestamp()), forecast.resolution_s, point.values_milli)
    start = leaf_hash(leaf, bytes.fromhex(point.salt[2:]))
    return root_from_proof(start, [bytes.fromhex(p[2:]) for p in point.proof]).hex() == proof.batch.root[2:]


def _check_signature(proof: ProofFile) -> Check:
    try:
        signer = signer_of(proof.batch, proof.domain, bytes.fromhex(proof.signature[2:]))
    except Exception as error:  # eth_keys and eth_account raise many kinds for many malformed signatures
        return Check("signature", False, f"not a signature: {type(error).__name__}")
    same = signer.lower() == proof.authority.lower()
    return Check("signature", same, f"signed by {signer}")


def _is_event_of(proof: ProofFile, log: ReceiptLog) -> bool:
    batch = proof.batch
    if log.address.lower() != proof.chain.registry.lower() or len(log.topics) != 4 or log.topics[0] != BATCH_NOTARIZED:
        return False
    authority = "0x" + log.topics[2][-20:].hex()
    kinds = ["uint64", "uint32", "uint32", "uint64", "bytes32"]
    slot, version, count, gate, digest = abi_decode(kinds, log.data)
    return (
        log.topics[1].hex() == batch.root[2:]
        and authority == proof.authority.lower()
        and log.topics[3].hex() == batch.product_id[2:]
        and (slot, version, count, gate) == (batch.slot, batch.version, batch.leaf_count, batch.gate_closure)
        and "0x" + digest.hex() == batch_hash(batch)
    )


def _check_gate(batch: Batch, mined_at: int) -> Check:
    lead = batch.gate_closure - mined_at
    text = f"sealed {_utc(mined_at)}, {lead} s before the gate" if lead > 0 else f"sealed {-lead} s after the gate"
    return Check("before the gate", lead > 0, text)


def _check_record(proof: ProofFile, chain: ChainView) -> Check:
    batch = proof.batch
    words = bytes.fromhex(proof.authority[2:]).rjust(32, b"\0") + bytes.fromhex(batch.product_id[2:])
    answer = chain.call(proof.chain.registry, RECORD_SELECTOR + words + batch.slot.to_bytes(32, "big"))
    if len(answer) < 32:
        return Check("counts for the slot", False, "no registry answers at this address")
    if not any(answer):
        return Check("counts for the slot", False, "nothing is recorded for the slot")
    same = "0x" + answer[:32].hex() == batch_hash(batch)
    text = "this is the batch that counts" if same else "another version of the same slot counts instead"
    return Check("counts for the slot", same, text)


def _utc(seconds: int) -> str:
    try:
        return format_utc(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError) as error:
        raise WireError("a time in the batch is out of range") from error
