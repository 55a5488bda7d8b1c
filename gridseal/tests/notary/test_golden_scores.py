"""Scores and proofs of many leaves still say what ``vectors/scores.json`` says; the contract's tests read it too."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from gridseal.notary.leaf import Leaf, leaf_hash
from gridseal.notary.multiproof import MultiProof, root_from_multiproof
from gridseal.notary.score import ActualLeaf, actual_leaf_hash, period_score

FOLDER = Path(__file__).resolve().parents[2] / "vectors"
VECTORS: dict[str, Any] = json.loads((FOLDER / "scores.json").read_text())


def _hex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _actual(case: dict[str, Any]) -> ActualLeaf:
    start, value, capacity = (int(case[name]) for name in ("target_start", "value_milli", "capacity_milli"))
    return ActualLeaf(case["series_id"], start, case["resolution_s"], value, capacity)


def _proof(case: dict[str, Any]) -> MultiProof:
    return MultiProof(tuple(_hex(node) for node in case["proof"]), tuple(case["flags"]))


def test_the_committed_file_is_what_the_notary_makes() -> None:
    spec = importlib.util.spec_from_file_location("make_scores", FOLDER / "make_scores.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)

    assert maker.as_text() == (FOLDER / "scores.json").read_text()


@pytest.mark.parametrize("case", VECTORS["scores"], ids=lambda case: case["name"])
def test_a_golden_forecast_has_its_score(case: dict[str, Any]) -> None:
    values = [int(v) for v in case["values_milli"]]
    score = period_score(case["levels_bps"], values, int(case["actual_milli"]), int(case["capacity_milli"]))

    assert score == int(case["score"])


@pytest.mark.parametrize("case", VECTORS["actual_leaves"], ids=range(len(VECTORS["actual_leaves"])))
def test_a_golden_actual_has_its_leaf(case: dict[str, Any]) -> None:
    assert actual_leaf_hash(_actual(case), _hex(case["salt"])) == _hex(case["hash"])


@pytest.mark.parametrize("case", VECTORS["multiproofs"], ids=range(len(VECTORS["multiproofs"])))
def test_the_golden_proofs_lead_to_their_roots(case: dict[str, Any]) -> None:
    opened = [_hex(case["leaves"][i]) for i in case["indices"]]

    assert root_from_multiproof(opened, _proof(case)) == _hex(case["root"])


@pytest.mark.parametrize("case", VECTORS["days"], ids=lambda case: case["name"])
def test_a_golden_day_has_its_roots_and_its_sum(case: dict[str, Any]) -> None:
    sealed, measured, total = [], [], 0
    for one, actual in zip(case["forecasts"], case["actuals"], strict=True):
        values = tuple(int(v) for v in one["values_milli"])
        leaf = Leaf(one["series_id"], int(one["target_start"]), one["resolution_s"], values)
        sealed.append(leaf_hash(leaf, _hex(one["salt"])))
        measured.append(actual_leaf_hash(_actual(actual), _hex(actual["salt"])))
        total += period_score(case["levels_bps"], values, int(actual["value_milli"]), int(actual["capacity_milli"]))

    assert root_from_multiproof(sealed, _proof(case["forecast_proof"])) == _hex(case["forecast_proof"]["root"])
    assert root_from_multiproof(measured, _proof(case["actuals_proof"])) == _hex(case["actuals_proof"]["root"])
    assert total == int(case["sum"])
