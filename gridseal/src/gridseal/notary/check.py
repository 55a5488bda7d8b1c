"""Check a proof file: first what needs no network, then what the chain says.

Each check has a name and a sentence. Partial verification is failure: a file is good only if every
check passed, and a check that could not run is not a pass. ``blockchain/verify/src/check.ts`` makes the same
checks in the same order without a line in common.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from gridseal.notary.batch import Batch, batch_hash, signer_of
from gridseal.notary.envelope import RECORDED
from gridseal.notary.leaf import Leaf, leaf_hash, levels_hash, name_hash
from gridseal.notary.merkle import root_from_proof
from gridseal.notary.origin import check_origin
from gridseal.notary.outcome import ChainView, Check, Receipt, ReceiptLog
from gridseal.notary.proof_file import ProofFile, ProofPoint
from gridseal.notary.registry_code import is_registry
from gridseal.wire.fields import format_utc

BATCH_NOTARIZED = keccak(b"BatchNotarized(bytes32,address,bytes32,uint64,uint32,uint32,uint64,bytes32)")
RECORD_SELECTOR = keccak(b"record(address,bytes32,uint64)")[:4]
HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1. The registry refuses a signature above it: it would be a second one for one batch."""
LAST_MOMENT = 253_402_300_799


def check_offline(proof: ProofFile) -> list[Check]:
    """Everything the file itself must satisfy: ids, times, leaves, signature, and what it came from."""
    return [
        *_check_header(proof),
        *_check_points(proof),
        _check_signature(proof),
        _check_envelope(proof),
        *check_origin(proof),
    ]


def check_chain(proof: ProofFile, chain: ChainView) -> list[Check]:
    """What the chain must confirm: the contract, inclusion, the events, the gate, the record."""
    wanted = proof.erc8281
    found_id = chain.chain_id()
    checks = [Check("chain id", found_id == int(wanted.chain_id), f"node serves chain {found_id}")]
    if not checks[0].passed:
        return checks
    ours = is_registry(chain.code(wanted.contract))
    checks.append(
        _told(
            "registry", ours, "the contract is the ForecastRegistry of this release",
            "another contract, or another release of it, answers at this address",
        )
    )  # fmt: skip
    receipt = chain.receipt(wanted.tx_hash)
    if receipt is None:
        return [*checks, Check("inclusion", False, "the node knows no such transaction")]
    included = receipt.succeeded and receipt.block_number == int(wanted.block_number)
    depth = chain.height() - receipt.block_number
    text = f"transaction is in block {receipt.block_number}, {depth} blocks deep"
    checks.append(Check("inclusion", included, text))
    same_hash = receipt.block_hash.lower() == wanted.block_hash
    checks.append(_told("block hash", same_hash, "the block is the one named", "another block now"))
    committed = _is_commitment(proof, receipt)
    checks.append(_told("commitment", committed, "ERC-8281 log of this root", "no such log at the place named"))
    event = any(_is_event_of(proof, log) for log in receipt.logs)
    checks.append(
        _told(
            "event", event, "the registry logged this root, product, slot and authority",
            "the registry logged no such batch in this transaction",
        )
    )  # fmt: skip
    checks.append(_check_gate(proof.batch, chain.block_time(receipt.block_number)))
    checks.append(_check_record(proof, chain))
    return checks


def _told(name: str, passed: bool, good: str, bad: str) -> Check:
    return Check(name, passed, good if passed else bad)


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
        yield _told(name, stated == signed, "as signed", "the readable part differs from the signed batch")
    early = batch.gate_closure <= batch.delivery_start <= min(int(p.target_start.timestamp()) for p in forecast.points)
    yield Check(
        "gate before delivery", early, f"gate {_utc(batch.gate_closure)}, delivery {_utc(batch.delivery_start)}"
    )


def _check_points(proof: ProofFile) -> Iterator[Check]:
    points = proof.forecast.points
    good = sum(_leads_to_root(proof, p) for p in points)
    yield Check("Merkle proofs", good == len(points), f"{good} of {len(points)} periods lead to the signed root")
    once = len({int(p.target_start.timestamp()) for p in points}) == len(points)
    yield _told("each period once", once, "no period stands twice", "two answers for one period")
    ordered = all(list(p.values_milli) == sorted(p.values_milli) for p in points)
    yield _told("quantiles in order", ordered, "values never decrease along the levels", "crossing quantiles")


def _leads_to_root(proof: ProofFile, point: ProofPoint) -> bool:
    if len(point.values_milli) != len(proof.forecast.levels_bps) or point.leaf_index >= proof.batch.leaf_count:
        return False
    forecast = proof.forecast
    leaf = Leaf(forecast.series_id, int(point.target_start.timestamp()), forecast.resolution_s, point.values_milli)
    start = leaf_hash(leaf, bytes.fromhex(point.salt[2:]))
    return root_from_proof(start, [bytes.fromhex(p[2:]) for p in point.proof]).hex() == proof.batch.root[2:]


def _check_signature(proof: ProofFile) -> Check:
    if proof.signer == "contract":
        return Check("signature", True, "a contract signs; the registry asked it, which the event shows")
    signature = bytes.fromhex(proof.signature[2:])
    plain = len(signature) == 65 and signature[64] in (27, 28)
    if not plain or int.from_bytes(signature[32:64], "big") > HIGHEST_S:
        return Check("signature", False, "not a signature")
    try:
        signer = signer_of(proof.batch, proof.domain, signature)
    except Exception:  # eth_keys and eth_account raise many kinds for many malformed signatures
        return Check("signature", False, "not a signature")
    return Check("signature", signer.lower() == proof.authority.lower(), f"signed by {signer}")


def _check_envelope(proof: ProofFile) -> Check:
    envelope = proof.erc8281
    fits = envelope.digest == proof.batch.root and envelope.committer.lower() == proof.authority.lower()
    return _told("envelope", fits, "names the signed root and its authority", "names another root or another authority")


def _is_commitment(proof: ProofFile, receipt: Receipt) -> bool:
    envelope = proof.erc8281
    position = int(envelope.receipt_log_position)
    if position >= len(receipt.logs):
        return False
    log = receipt.logs[position]
    wanted = (RECORDED, bytes.fromhex(envelope.digest[2:]), _word(envelope.committer))
    return log.address.lower() == envelope.contract.lower() and log.topics == wanted


def _is_event_of(proof: ProofFile, log: ReceiptLog) -> bool:
    batch = proof.batch
    root, product = (bytes.fromhex(text[2:]) for text in (batch.root, batch.product_id))
    digest = bytes.fromhex(batch_hash(batch)[2:])
    kinds = ["uint64", "uint32", "uint32", "uint64", "bytes32"]
    return (
        log.address.lower() == proof.erc8281.contract.lower()
        and log.topics == (BATCH_NOTARIZED, root, _word(proof.authority), product)
        and log.data == abi_encode(kinds, [batch.slot, batch.version, batch.leaf_count, batch.gate_closure, digest])
    )


def _check_gate(batch: Batch, mined_at: int) -> Check:
    lead = batch.gate_closure - mined_at
    text = f"sealed {_utc(mined_at)}, {lead} s before the gate" if lead > 0 else f"sealed {-lead} s after the gate"
    return Check("before the gate", lead > 0, text)


def _check_record(proof: ProofFile, chain: ChainView) -> Check:
    batch = proof.batch
    words = _word(proof.authority) + bytes.fromhex(batch.product_id[2:]) + batch.slot.to_bytes(32, "big")
    answer = chain.call(proof.erc8281.contract, RECORD_SELECTOR + words)
    if len(answer) != 32:
        return Check("counts for the slot", False, "no registry answers at this address")
    counts = "0x" + answer.hex() == batch_hash(batch)
    return _told("counts for the slot", counts, "this is the batch that counts", "another batch counts for this slot")


def _word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(32, b"\0")


def _utc(seconds: int) -> str:
    return format_utc(datetime.fromtimestamp(seconds, UTC)) if seconds <= LAST_MOMENT else str(seconds)
