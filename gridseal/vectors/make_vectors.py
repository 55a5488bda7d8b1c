"""Make ``notary.json``: golden cases of the notary for the Python, Solidity and TypeScript tests.

    python gridseal/vectors/make_vectors.py

Runs, secrets and keys are fixed, so the file changes only if the rules do. Integers of leaves stand as
text, because JavaScript cannot hold 64 bits. The key is the second of the public Hardhat keys; the
registry's address is where the first Hardhat account deploys its first contract, so that a fresh test
chain accepts the signatures as they stand.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data

from gridseal.notary.batch import SigningDomain, batch_hash, batch_of, first_link, sign_batch, tree_of, typed_data
from gridseal.notary.leaf import Leaf, leaf_hash, leaves_of, name_hash, salt_of
from gridseal.wire.codec import encode_dict
from gridseal.wire.forecasts import ForecastRun, Point, SeriesForecast, run_id

TARGET = Path(__file__).with_name("notary.json")
KEY = bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
DOMAIN = SigningDomain(chain_id=31337, registry="0x5FbDB2315678afecb367f032d93F642f64180aa3")
LEVELS = (500, 1000, 2500, 5000, 7500, 9000, 9500)
ORIGIN = datetime(2026, 6, 1, tzinfo=UTC)
SHAPES: tuple[tuple[str, dict[str, tuple[int, int]]], ...] = (
    ("one leaf", {"home-01/net": (3600, 1)}),
    ("two leaves", {"home-01/net": (3600, 2)}),
    ("mixed resolutions", {"la-haute-borne/farm": (900, 24), "home-01/net": (3600, 6), "nrel-pv/ac": (900, 7)}),
)
EXTREMES = (0, 1, -1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63))


def a_run(number: int, shape: dict[str, tuple[int, int]]) -> ForecastRun:
    """The run of case ``number``: for each series its resolution and its number of periods."""
    slot = ORIGIN + timedelta(minutes=15 * number)
    series = tuple(_a_series(name, slot, *spec) for name, spec in shape.items())
    delivery = min(p.target_start for s in series for p in s.points)
    return ForecastRun(
        run_id=run_id("site-6h", slot, "7", 1),
        tenant_id="demo",
        product_id="site-6h",
        region_id="fr-grand-est",
        slot=slot,
        issued_at=slot + timedelta(seconds=60),
        delivery_start=delivery,
        gate_closure=delivery,
        levels_bps=LEVELS,
        model_name="site-6h",
        model_version="7",
        model_hash="0x" + name_hash("model").hex(),
        feature_hash="0x" + name_hash("features").hex(),
        series=series,
    )


def _a_series(name: str, slot: datetime, resolution_s: int, periods: int) -> SeriesForecast:
    points = tuple(
        Point(
            target_start=slot + timedelta(seconds=resolution_s * (i + 1)),
            values_milli=tuple(-3_000_000 + 1_000_001 * q + 17 * i for q in range(len(LEVELS))),
        )
        for i in range(periods)
    )
    return SeriesForecast(
        series_id=name, unit="W", resolution_s=resolution_s, model="analogue", rung=0, data_age_s=0, points=points
    )


def _leaf_case(leaf: Leaf, salt: bytes, proof: list[bytes] | None) -> dict[str, Any]:
    case: dict[str, Any] = {
        "series_id": leaf.series_id,
        "series_hash": "0x" + name_hash(leaf.series_id).hex(),
        "target_start": leaf.target_start,
        "resolution_s": leaf.resolution_s,
        "values_milli": [str(v) for v in leaf.values_milli],
        "salt": "0x" + salt.hex(),
        "hash": "0x" + leaf_hash(leaf, salt).hex(),
    }
    return case if proof is None else {**case, "proof": ["0x" + node.hex() for node in proof]}


def _batch_case(name: str, run: ForecastRun, secret: bytes, prev_batch: str, nonce: int) -> dict[str, Any]:
    tree = tree_of(run, secret)
    batch = batch_of(run, tree.root, prev_batch=prev_batch, nonce=nonce)
    signable = encode_typed_data(full_message=typed_data(batch, DOMAIN))
    return {
        "name": name,
        "run": encode_dict(run),
        "secret": "0x" + secret.hex(),
        "leaves": [_leaf_case(leaf, salt_of(secret, i), tree.proof(i)) for i, leaf in enumerate(leaves_of(run))],
        "root": "0x" + tree.root.hex(),
        "batch": batch.model_dump(),
        "batch_hash": batch_hash(batch),
        "digest": "0x" + bytes(_hash_eip191_message(signable)).hex(),
        "signature": "0x" + sign_batch(batch, DOMAIN, KEY).hex(),
    }


def make_vectors() -> dict[str, Any]:
    """All cases; the batches follow each other as one authority's chain."""
    batches: list[dict[str, Any]] = []
    previous = first_link(Account.from_key(KEY).address)
    for number, (name, shape) in enumerate(SHAPES):
        case = _batch_case(name, a_run(number, shape), bytes([number + 1] * 32), previous, number)
        batches.append(case)
        previous = case["batch_hash"]
    leaves = [Leaf("home-01/net", 1_780_272_000, 900, (value,)) for value in EXTREMES]
    leaves += [Leaf("home-01/net", 0, 1, ()), Leaf("home-01/net", 2**64 - 1, 2**32 - 1, tuple(sorted(EXTREMES)))]
    return {
        "domain": DOMAIN.model_dump(),
        "authority": Account.from_key(KEY).address,
        "leaves": [_leaf_case(leaf, bytes([7] * 32), None) for leaf in leaves],
        "batches": batches,
    }


def as_text() -> str:
    """The text of the file."""
    return json.dumps(make_vectors(), indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(as_text())
