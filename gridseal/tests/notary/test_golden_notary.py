"""The notary still says what ``vectors/notary.json`` says; the contract's tests read the same file."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from gridseal.notary.batch import Batch, SigningDomain, batch_hash, batch_of, signer_of, tree_of
from gridseal.notary.leaf import Leaf, leaf_hash, leaves_of
from gridseal.notary.merkle import root_from_proof
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import ForecastRun

FOLDER = Path(__file__).resolve().parents[2] / "vectors"
VECTORS: dict[str, Any] = json.loads((FOLDER / "notary.json").read_text())
CASES = pytest.mark.parametrize("case", VECTORS["batches"], ids=lambda case: case["name"])


def _hex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _leaf(case: dict[str, Any]) -> Leaf:
    values = tuple(int(v) for v in case["values_milli"])
    return Leaf(case["series_id"], case["target_start"], case["resolution_s"], values)


def test_the_committed_file_is_what_the_notary_makes() -> None:
    spec = importlib.util.spec_from_file_location("make_vectors", FOLDER / "make_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)

    assert maker.as_text() == (FOLDER / "notary.json").read_text()


@pytest.mark.parametrize("case", VECTORS["leaves"], ids=range(len(VECTORS["leaves"])))
def test_a_golden_leaf_has_its_hash(case: dict[str, Any]) -> None:
    assert leaf_hash(_leaf(case), _hex(case["salt"])) == _hex(case["hash"])


@CASES
def test_a_golden_run_has_its_leaves_and_its_root(case: dict[str, Any]) -> None:
    run = decode(ForecastRun, json.dumps(case["run"]))

    assert tree_of(run, _hex(case["secret"])).root == _hex(case["root"])
    assert leaves_of(run) == [_leaf(leaf) for leaf in case["leaves"]]


@CASES
def test_every_golden_proof_leads_to_the_root(case: dict[str, Any]) -> None:
    for leaf in case["leaves"]:
        assert root_from_proof(_hex(leaf["hash"]), [_hex(p) for p in leaf["proof"]]) == _hex(case["root"])


@CASES
def test_a_golden_batch_has_its_hash_and_its_signer(case: dict[str, Any]) -> None:
    batch = Batch(**case["batch"])
    run = decode(ForecastRun, json.dumps(case["run"]))
    domain = SigningDomain(**VECTORS["domain"])

    assert batch_of(run, _hex(case["root"]), prev_batch=batch.prev_batch, nonce=batch.nonce) == batch
    assert batch_hash(batch) == case["batch_hash"]
    assert signer_of(batch, domain, _hex(case["signature"])) == VECTORS["authority"]
