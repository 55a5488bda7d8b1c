"""Make ``scores.json``: golden cases of scores, leaves of actuals and proofs of many leaves.

    python gridseal/vectors/make_scores.py

Everything is fixed, so the file changes only if the rules do. Whole numbers that may need more than 53 bits stand as
text, as in ``notary.json``.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gridseal.notary.leaf import Leaf, leaf_hash, levels_hash, name_hash, salt_of
from gridseal.notary.merkle import MerkleTree
from gridseal.notary.multiproof import multiproof
from gridseal.notary.score import ActualLeaf, actual_leaf_hash, period_score

TARGET = Path(__file__).with_name("scores.json")
START = 1_780_272_000
HIGHEST, LOWEST, LARGEST = 2**63 - 1, -(2**63), 2**64 - 1
NINE = (1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000)
CASES: tuple[tuple[str, tuple[int, ...], tuple[int, ...], int, int], ...] = (
    ("the outcome itself", (5000,), (42,), 42, 1000),
    ("the median, 1 below", (5000,), (41,), 42, 1000),
    ("the median, 1 above", (5000,), (43,), 42, 1000),
    ("rounds down", (3333,), (0,), 1, 7),
    ("below zero", (1000, 9000), (-500, -100), -300, 1000),
    ("nine levels", NINE, (-40, -30, -20, -10, 0, 10, 20, 30, 40), 5, 1000),
    ("just less than the worst", (5000,), (0,), 999, 1000),
    ("the worst", (5000,), (0,), 1000, 1000),
    ("beyond the worst", (5000,), (0,), HIGHEST, 1),
    ("the widest miss upward", (1, 9999), (LOWEST, LOWEST), HIGHEST, LARGEST),
    ("the widest miss downward", (1, 9999), (HIGHEST, HIGHEST), LOWEST, LARGEST),
    ("the smallest loss on the largest capacity", (1,), (0,), 1, LARGEST),
)
ACTUALS = (
    ActualLeaf("home-01/net", START, 900, 12_345, 5_000_000),
    ActualLeaf("la-haute-borne/farm", START, 600, -1, 1),
    ActualLeaf("home-01/net", 0, 1, HIGHEST, LARGEST),
    ActualLeaf("home-01/net", LARGEST, 2**32 - 1, LOWEST, 0),
)
TREES: tuple[tuple[int, tuple[int, ...]], ...] = (
    (1, (0,)),
    (2, (0,)),
    (2, (0, 1)),
    (3, (1, 2)),
    (5, (0, 3)),
    (7, (0, 1, 2, 3, 4, 5, 6)),
    (24, (6,)),
    (24, tuple(range(6, 12))),
    (96, (0, 50, 51, 95)),
)
DAYS: tuple[tuple[str, tuple[str, ...], int, tuple[int, ...]], ...] = (
    ("one period of many", ("home-01/net", "home-02/net"), 6, (4,)),
    ("some periods", ("home-01/net", "home-02/net"), 6, (1, 2, 3, 7, 11)),
    ("all periods of three series", ("home-01/net", "home-02/net", "la-haute-borne/farm"), 5, tuple(range(15))),
)


def _number(*about: object) -> int:
    """A fixed number from 0 to 2**32 - 1 that looks like none in particular."""
    return int.from_bytes(hashlib.sha256(repr(about).encode()).digest()[:4], "big")


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _actual_case(leaf: ActualLeaf, salt: bytes) -> dict[str, Any]:
    return {
        "series_id": leaf.series_id,
        "series_hash": _hex(name_hash(leaf.series_id)),
        "target_start": str(leaf.target_start),
        "resolution_s": leaf.resolution_s,
        "value_milli": str(leaf.value_milli),
        "capacity_milli": str(leaf.capacity_milli),
        "salt": _hex(salt),
        "hash": _hex(actual_leaf_hash(leaf, salt)),
    }


def _forecast_case(leaf: Leaf, salt: bytes) -> dict[str, Any]:
    return {
        "series_id": leaf.series_id,
        "series_hash": _hex(name_hash(leaf.series_id)),
        "target_start": str(leaf.target_start),
        "resolution_s": leaf.resolution_s,
        "values_milli": [str(v) for v in leaf.values_milli],
        "salt": _hex(salt),
        "hash": _hex(leaf_hash(leaf, salt)),
    }


def _proof_case(tree: MerkleTree, indices: Sequence[int]) -> dict[str, Any]:
    made = multiproof(tree, indices)
    return {"root": _hex(tree.root), "proof": [_hex(node) for node in made.proof], "flags": list(made.flags)}


def _tree_case(count: int, indices: tuple[int, ...]) -> dict[str, Any]:
    leaves = [hashlib.sha256(bytes([count, i])).digest() for i in range(count)]
    return {
        "indices": list(indices),
        "leaves": [_hex(leaf) for leaf in leaves],
        **_proof_case(MerkleTree(leaves), indices),
    }


def _day_case(name: str, series: tuple[str, ...], periods: int, indices: tuple[int, ...]) -> dict[str, Any]:
    places = sorted(
        ((s, START + 900 * i) for s in series for i in range(periods)), key=lambda p: (name_hash(p[0]), p[1])
    )
    forecasts, actuals = [], []
    for series_id, start in places:
        middle = _number("forecast", series_id, start) % 4_000_000
        values = tuple(middle + 50_000 * (level - 5000) // 1000 for level in NINE)
        forecasts.append(Leaf(series_id, start, 900, values))
        measured = _number("actual", series_id, start) % 4_000_000
        actuals.append(ActualLeaf(series_id, start, 900, measured, 5_000_000 + len(series_id)))
    sealed = [leaf_hash(leaf, salt_of(b"f" * 32, i)) for i, leaf in enumerate(forecasts)]
    measured_leaves = [actual_leaf_hash(leaf, salt_of(b"a" * 32, i)) for i, leaf in enumerate(actuals)]
    scores = [
        period_score(NINE, forecasts[i].values_milli, actuals[i].value_milli, actuals[i].capacity_milli)
        for i in indices
    ]
    return {
        "name": name,
        "levels_bps": list(NINE),
        "levels_hash": _hex(levels_hash(NINE)),
        "forecasts": [_forecast_case(forecasts[i], salt_of(b"f" * 32, i)) for i in indices],
        "forecast_proof": _proof_case(MerkleTree(sealed), indices),
        "actuals": [_actual_case(actuals[i], salt_of(b"a" * 32, i)) for i in indices],
        "actuals_proof": _proof_case(MerkleTree(measured_leaves), indices),
        "scores": [str(s) for s in scores],
        "sum": str(sum(scores)),
    }


def make_scores() -> dict[str, Any]:
    """All cases."""
    return {
        "scores": [
            {
                "name": name,
                "levels_bps": list(levels),
                "values_milli": [str(v) for v in values],
                "actual_milli": str(actual),
                "capacity_milli": str(capacity),
                "score": str(period_score(levels, values, actual, capacity)),
            }
            for name, levels, values, actual, capacity in CASES
        ],
        "actual_leaves": [_actual_case(leaf, bytes([9] * 32)) for leaf in ACTUALS],
        "multiproofs": [_tree_case(count, indices) for count, indices in TREES],
        "days": [_day_case(*day) for day in DAYS],
    }


def as_text() -> str:
    """The text of the file."""
    return json.dumps(make_scores(), indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(as_text())
