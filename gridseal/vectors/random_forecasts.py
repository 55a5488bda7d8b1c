"""Random forecasts with everything Python makes of them, one batch a line, for the other implementations to compare.

    python gridseal/vectors/random_forecasts.py --count 10000 --seed 20260601

A forecast is one period of one series. Each is hashed, proven and scored against a random outcome; each batch is
hashed, signed, and opened in full and in part. Values come from all of 64 bits, the ends more often than by chance.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data

from gridseal.notary.batch import ZERO_HASH, Batch, SigningDomain, batch_hash, sign_batch, typed_data
from gridseal.notary.leaf import Leaf, leaf_hash, levels_hash, name_hash
from gridseal.notary.merkle import MerkleTree
from gridseal.notary.multiproof import multiproof
from gridseal.notary.score import ActualLeaf, actual_leaf_hash, period_score

KEY = bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
DOMAIN = SigningDomain(chain_id=31337, registry="0x5FbDB2315678afecb367f032d93F642f64180aa3")
LARGEST_BATCH = 100
MOST_LEVELS = 12
LOW, HIGH = -(2**63), 2**63 - 1


def _value(dice: random.Random) -> int:
    """A whole number of 64 bits: an end, a small one, a plausible one, or anything."""
    kind = dice.randrange(8)
    if kind == 0:
        return dice.choice((LOW, LOW + 1, -1, 0, 1, HIGH - 1, HIGH))
    if kind == 1:
        return dice.randint(LOW, HIGH)
    return dice.randint(-50_000_000, 50_000_000)


def _capacity(dice: random.Random) -> int:
    return dice.choice((1, 2**64 - 1, dice.randint(1, 2**64 - 1), *[dice.randint(1_000, 100_000_000)] * 5))


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()


def _periods(dice: random.Random, count: int) -> list[tuple[str, int, int]]:
    """``count`` different (series, target, resolution), in the order of a tree."""
    series = [f"site-{dice.randrange(1000)}/s{i}" for i in range(dice.randint(1, min(3, count)))]
    start, step = dice.randrange(2**40), dice.choice((900, 1800, 3600))
    periods = [(series[i % len(series)], start + step * (i // len(series)), step) for i in range(count)]
    return sorted(periods, key=lambda p: (name_hash(p[0]), p[1]))


def a_batch(dice: random.Random, count: int, nonce: int, previous: str) -> dict[str, Any]:
    """One batch of ``count`` forecasts, its outcomes, and what Python makes of them."""
    levels = sorted(dice.sample(range(1, 10_000), dice.randint(1, MOST_LEVELS)))
    periods = _periods(dice, count)
    forecasts = [Leaf(s, t, r, tuple(sorted(_value(dice) for _ in levels))) for s, t, r in periods]
    actuals = [ActualLeaf(s, t, r, _value(dice), _capacity(dice)) for s, t, r in periods]
    salts, actual_salts = ([dice.randbytes(32) for _ in range(count)] for _ in range(2))
    tree = MerkleTree([leaf_hash(leaf, salt) for leaf, salt in zip(forecasts, salts, strict=True)])
    actual_tree = MerkleTree([actual_leaf_hash(leaf, salt) for leaf, salt in zip(actuals, actual_salts, strict=True)])
    some = sorted(dice.sample(range(count), dice.randint(1, count)))
    opened, actual_opened = multiproof(tree, some), multiproof(actual_tree, some)
    slot = min(p[1] for p in periods)
    batch = _signed(dice, tree, count, levels, slot).model_copy(update={"prev_batch": previous, "nonce": nonce})
    digest = _hash_eip191_message(encode_typed_data(full_message=typed_data(batch, DOMAIN)))
    leaves = [
        _forecast(f, salts[i], tree, i) | _outcome(a, actual_salts[i], levels, f)
        for i, (f, a) in enumerate(zip(forecasts, actuals, strict=True))
    ]
    return {
        "levels": levels,
        "leaves": leaves,
        "actuals_root": _hex(actual_tree.root),
        "some": some,
        "proof": [_hex(node) for node in opened.proof],
        "actual_proof": [_hex(node) for node in actual_opened.proof],
        "flags": opened.flags,
        "batch": batch.model_dump(),
        "batch_hash": batch_hash(batch),
        "digest": _hex(bytes(digest)),
        "signature": _hex(sign_batch(batch, DOMAIN, KEY)),
    }


def _signed(dice: random.Random, tree: MerkleTree, count: int, levels: list[int], slot: int) -> Batch:
    """A batch whose other fields mean nothing here; its place in a chain is still to be filled in."""
    product, region, model, features = (_hex(dice.randbytes(32)) for _ in range(4))
    return Batch(
        root=_hex(tree.root),
        leaf_count=count,
        product_id=product,
        region_id=region,
        slot=slot,
        version=dice.randint(1, 2**32 - 1),
        levels_hash=_hex(levels_hash(levels)),
        model_hash=model,
        feature_hash=features,
        issued_at=slot,
        gate_closure=slot,
        delivery_start=slot,
        prev_batch=ZERO_HASH,
        nonce=0,
    )


def _forecast(leaf: Leaf, salt: bytes, tree: MerkleTree, index: int) -> dict[str, Any]:
    return {
        "series_id": leaf.series_id,
        "series_hash": _hex(name_hash(leaf.series_id)),
        "target_start": leaf.target_start,
        "resolution_s": leaf.resolution_s,
        "values_milli": leaf.values_milli,
        "salt": _hex(salt),
        "hash": _hex(leaf_hash(leaf, salt)),
        "proof": [_hex(node) for node in tree.proof(index)],
    }


def _outcome(leaf: ActualLeaf, salt: bytes, levels: list[int], forecast: Leaf) -> dict[str, Any]:
    return {
        "value_milli": leaf.value_milli,
        "capacity_milli": leaf.capacity_milli,
        "actual_salt": _hex(salt),
        "actual_hash": _hex(actual_leaf_hash(leaf, salt)),
        "score": period_score(levels, forecast.values_milli, leaf.value_milli, leaf.capacity_milli),
    }


def batches(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Batches that hold ``count`` forecasts together; the same for the same seed."""
    dice, nonce, previous = random.Random(seed), 0, ZERO_HASH
    while count > 0:
        size = min(count, dice.choice((1, 2, 3, dice.randint(1, LARGEST_BATCH), LARGEST_BATCH)))
        made = a_batch(dice, size, nonce, previous)
        yield made
        count, nonce, previous = count - size, nonce + 1, made["batch_hash"]


def main() -> int:
    """Entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20_260_601)
    given = parser.parse_args()
    print(json.dumps({"authority": Account.from_key(KEY).address, "domain": DOMAIN.model_dump()}))
    for made in batches(given.count, given.seed):
        print(json.dumps(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
