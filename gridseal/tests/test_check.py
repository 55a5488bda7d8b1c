"""A proof file convinces a stranger only when every part of it fits."""

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_abi.abi import encode as abi_encode
from eth_account import Account

from gridseal.notary.batch import ZERO_HASH, SigningDomain, batch_hash, batch_of, sign_batch, tree_of
from gridseal.notary.check import BATCH_NOTARIZED, check_chain, check_offline
from gridseal.notary.envelope import RECORDED, envelope_of
from gridseal.notary.outcome import Receipt, ReceiptLog
from gridseal.notary.proof_file import FORMAT, Origin, ProofFile, open_forecast
from gridseal.wire.signing import key_id, sign

from .builders import a_run

KEY = bytes.fromhex("01" * 32)
SECRET = b"\x05" * 32
REGISTRY = "0x" + "ab" * 20


CODE = Path(__file__).resolve().parents[2] / "blockchain" / "abi" / "ForecastRegistry.json"


def a_proof(**changes: Any) -> ProofFile:
    run = a_run(**changes)
    batch = batch_of(run, tree_of(run, SECRET).root, prev_batch=ZERO_HASH, nonce=0)
    domain = SigningDomain(chain_id=31337, registry=REGISTRY)
    authority = Account.from_key(KEY).address
    place = {"chain_id": 31337, "tx_hash": "0x" + "33" * 32, "block": (7, "0x" + "44" * 32), "log_position": 1}
    return ProofFile(
        format=FORMAT,
        forecast=open_forecast(run, "home-01/load", SECRET),
        batch=batch,
        authority=authority,
        signer="account",
        signature="0x" + sign_batch(batch, domain, KEY).hex(),
        erc8281=envelope_of(batch.root, authority, REGISTRY, **place),
    )


class HonestChain:
    """A chain that holds exactly what the proof says; tests change one answer at a time."""

    def __init__(self, proof: ProofFile) -> None:
        batch = proof.batch
        authority = bytes.fromhex(proof.authority[2:]).rjust(32, b"\0")
        digest = bytes.fromhex(batch_hash(batch)[2:])
        event = (batch.slot, batch.version, batch.leaf_count, batch.gate_closure, digest)
        root = bytes.fromhex(batch.root[2:])
        notarized = ReceiptLog(
            address=REGISTRY,
            topics=(BATCH_NOTARIZED, root, authority, bytes.fromhex(batch.product_id[2:])),
            data=abi_encode(["uint64", "uint32", "uint32", "uint64", "bytes32"], event),
        )
        recorded = ReceiptLog(address=REGISTRY, topics=(RECORDED, root, authority), data=b"")
        self.id = 31337
        self.found: Receipt | None = Receipt(True, 7, "0x" + "44" * 32, (notarized, recorded))
        self.time = batch.gate_closure - 60
        self.record = digest
        self.bytecode = bytes.fromhex(json.loads(CODE.read_text())["deployedBytecode"][2:])

    def chain_id(self) -> int:
        return self.id

    def height(self) -> int:
        return 12

    def receipt(self, tx_hash: str) -> Receipt | None:
        return self.found

    def block_time(self, block_number: int) -> int:
        return self.time

    def call(self, to: str, data: bytes) -> bytes:
        return self.record

    def code(self, at: str) -> bytes:
        return self.bytecode


def failed(checks: list[Any]) -> list[str]:
    return [check.name for check in checks if not check.passed]


def test_an_untouched_file_passes_every_check() -> None:
    proof = a_proof()

    assert failed(check_offline(proof)) == []
    assert failed(check_chain(proof, HonestChain(proof))) == []


def test_a_value_moved_by_one_thousandth_breaks_its_proof() -> None:
    proof = a_proof()
    point = proof.forecast.points[0]
    values = (*point.values_milli[:-1], point.values_milli[-1] + 1)
    forged = proof.model_copy(
        update={
            "forecast": proof.forecast.model_copy(
                update={"points": (point.model_copy(update={"values_milli": values}), *proof.forecast.points[1:])}
            )
        }
    )

    assert failed(check_offline(forged)) == ["Merkle proofs"]


@pytest.mark.parametrize("field", ["gate_closure", "nonce", "version", "leaf_count", "issued_at"])
def test_a_batch_that_was_not_signed_is_seen(field: str) -> None:
    proof = a_proof()
    changed = proof.batch.model_copy(update={field: getattr(proof.batch, field) - 1 + 2 * (field != "gate_closure")})

    assert "signature" in failed(check_offline(proof.model_copy(update={"batch": changed})))


def test_a_readable_part_that_differs_from_the_batch_is_seen() -> None:
    proof = a_proof()
    other = proof.forecast.model_copy(update={"levels_bps": (100, *proof.forecast.levels_bps[1:])})

    assert failed(check_offline(proof.model_copy(update={"forecast": other}))) == ["quantile levels"]


def test_a_seal_after_the_gate_is_not_a_seal() -> None:
    proof = a_proof()
    chain = HonestChain(proof)
    chain.time = proof.batch.gate_closure

    assert failed(check_chain(proof, chain)) == ["before the gate"]


def test_another_chain_an_unknown_transaction_and_a_foreign_event_are_refused() -> None:
    proof = a_proof()
    other_chain, unmined, foreign = HonestChain(proof), HonestChain(proof), HonestChain(proof)
    other_chain.id = 1
    unmined.found = None
    assert foreign.found is not None
    logs = tuple(replace(log, address="0x" + "cd" * 20) for log in foreign.found.logs)
    foreign.found = replace(foreign.found, logs=logs)

    assert failed(check_chain(proof, other_chain)) == ["chain id"]
    assert failed(check_chain(proof, unmined)) == ["inclusion"]
    assert failed(check_chain(proof, foreign)) == ["commitment", "event"]


def test_after_a_reorganization_the_block_is_another_one() -> None:
    proof = a_proof()
    chain = HonestChain(proof)
    assert chain.found is not None
    chain.found = replace(chain.found, block_hash="0x" + "55" * 32)

    assert failed(check_chain(proof, chain)) == ["block hash"]


def test_the_commitment_is_looked_for_at_its_place_in_the_receipt() -> None:
    proof = a_proof()
    chain = HonestChain(proof)
    assert chain.found is not None
    chain.found = replace(chain.found, logs=chain.found.logs[::-1])

    assert failed(check_chain(proof, chain)) == ["commitment"]


def test_a_later_version_of_the_slot_is_what_counts() -> None:
    proof = a_proof()
    chain = HonestChain(proof)
    chain.record = b"\x08" * 32

    assert failed(check_chain(proof, chain)) == ["counts for the slot"]


def test_a_contract_of_the_makers_own_is_not_the_registry() -> None:
    proof = a_proof()
    chain = HonestChain(proof)
    chain.bytecode = chain.bytecode[:100] + bytes([chain.bytecode[100] ^ 1]) + chain.bytecode[101:]

    assert failed(check_chain(proof, chain)) == ["registry"]


@pytest.mark.parametrize("bend", ["high s", "v of 0", "one byte more"])
def test_a_second_signature_for_one_batch_is_refused(bend: str) -> None:
    proof = a_proof()
    raw = bytes.fromhex(proof.signature[2:])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    twin_s = (order - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big")
    twins = {
        "high s": raw[:32] + twin_s + bytes([55 - raw[64]]),
        "v of 0": raw[:64] + bytes([raw[64] - 27]),
        "one byte more": raw + b"\0",
    }

    assert failed(check_offline(proof.model_copy(update={"signature": "0x" + twins[bend].hex()}))) == ["signature"]


def test_a_contracts_signature_is_what_the_registrys_event_vouches_for() -> None:
    proof = a_proof().model_copy(update={"signer": "contract", "signature": "0x1234"})
    silent = HonestChain(proof)
    assert silent.found is not None
    silent.found = replace(silent.found, logs=silent.found.logs[1:] * 2)

    assert failed(check_offline(proof)) == []
    assert failed(check_chain(proof, HonestChain(proof))) == []
    assert failed(check_chain(proof, silent)) == ["event"]


def test_one_period_told_twice_is_seen() -> None:
    proof = a_proof()
    points = (*proof.forecast.points, proof.forecast.points[0])
    doubled = proof.model_copy(update={"forecast": proof.forecast.model_copy(update={"points": points})})

    assert failed(check_offline(doubled)) == ["each period once"]


def test_inputs_and_receipts_are_checked_where_the_file_has_them() -> None:
    inputs = b"home-01/load\0" + bytes(24)
    key = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
    receipt: dict[str, Any] = {"schema": "receipt/2", "device_id": "home-01", "key_id": key_id(key.public_key())}
    receipt["signature"] = sign(receipt, key)
    raw_key = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    shown = Origin(inputs=base64.b64encode(inputs).decode(), receipts=(receipt,), receipt_keys=(raw_key,))
    proof = a_proof(feature_hash="0x" + hashlib.sha256(inputs).hexdigest()).model_copy(update={"origin": shown})
    other = a_proof().model_copy(update={"origin": shown})
    forged = shown.model_copy(update={"receipts": (receipt, receipt | {"device_id": "home-02"})})

    assert [c.name for c in check_offline(proof)][-2:] == ["inputs", "receipts"]
    assert failed(check_offline(proof)) == []
    assert failed(check_offline(other)) == ["inputs"]
    assert failed(check_offline(proof.model_copy(update={"origin": forged}))) == ["receipts"]
