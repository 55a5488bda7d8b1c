"""A proof file convinces a stranger only when every part of it fits."""

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode as abi_encode
from eth_account import Account

from gridseal.notary.batch import ZERO_HASH, SigningDomain, batch_hash, batch_of, sign_batch, tree_of
from gridseal.notary.check import BATCH_NOTARIZED, Receipt, ReceiptLog, check_chain, check_offline
from gridseal.notary.proof_file import ChainPosition, ProofFile, ProvenForecast, open_points

from .builders import a_run

KEY = bytes.fromhex("01" * 32)
SECRET = b"\x05" * 32
REGISTRY = "0x" + "ab" * 20


def a_proof() -> ProofFile:
    run = a_run()
    batch = batch_of(run, tree_of(run, SECRET).root, prev_batch=ZERO_HASH, nonce=0)
    domain = SigningDomain(chain_id=31337, registry=REGISTRY)
    forecast = ProvenForecast(
        run_id=run.run_id,
        product_id=run.product_id,
        region_id=run.region_id,
        series_id="home-01/load",
        unit="W",
        resolution_s=3600,
        slot=run.slot,
        issued_at=run.issued_at,
        levels_bps=run.levels_bps,
        points=open_points(run, "home-01/load", SECRET),
    )
    return ProofFile(
        forecast=forecast,
        batch=batch,
        authority=Account.from_key(KEY).address,
        signature="0x" + sign_batch(batch, domain, KEY).hex(),
        chain=ChainPosition(
            chain_id=31337, registry=REGISTRY, tx_hash="0x" + "33" * 32, block_number=7, block_hash="0x" + "44" * 32
        ),
    )


class HonestChain:
    """A chain that holds exactly what the proof says; tests change one answer at a time."""

    def __init__(self, proof: ProofFile) -> None:
        batch = proof.batch
        authority = bytes.fromhex(proof.authority[2:]).rjust(32, b"\0")
        digest = bytes.fromhex(batch_hash(batch)[2:])
        event = (batch.slot, batch.version, batch.leaf_count, batch.gate_closure, digest)
        root = bytes.fromhex(batch.root[2:])
        log = ReceiptLog(
            address=REGISTRY,
            topics=(BATCH_NOTARIZED, root, authority, bytes.fromhex(batch.product_id[2:])),
            data=abi_encode(["uint64", "uint32", "uint32", "uint64", "bytes32"], event),
        )
        self.id = 31337
        self.found: Receipt | None = Receipt(True, 7, "0x" + "44" * 32, (log,))
        self.time = batch.gate_closure - 60
        record = (root, digest, batch.version, self.time, batch.gate_closure)
        self.record = abi_encode(["bytes32", "bytes32", "uint32", "uint64", "uint64"], record)

    def chain_id(self) -> int:
        return self.id

    def receipt(self, tx_hash: str) -> Receipt | None:
        return self.found

    def block_time(self, block_number: int) -> int:
        return self.time

    def call(self, to: str, data: bytes) -> bytes:
        return self.record


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
    log = replace(foreign.found.logs[0], address="0x" + "cd" * 20)
    foreign.found = replace(foreign.found, logs=(log,))

    assert failed(check_chain(proof, other_chain)) == ["chain id"]
    assert failed(check_chain(proof, unmined)) == ["inclusion"]
    assert failed(check_chain(proof, foreign)) == ["event"]


def test_a_later_version_of_the_slot_is_what_counts() -> None:
    proof = a_proof()
    chain = HonestChain(proof)
    chain.record = abi_encode(
        ["bytes32", "bytes32", "uint32", "uint64", "uint64"], (b"\x09" * 32, b"\x08" * 32, 2, 1, 2)
    )

    assert failed(check_chain(proof, chain)) == ["counts for the slot"]
