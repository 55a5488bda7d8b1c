"""Figures reach the documents as they were measured, and those measured before stay."""

import json
from pathlib import Path

import pytest

from tests.bench import figures
from tests.bench.figures import Figure, keep
from tests.bench.report import BENCHMARKS, RELIABILITY, figure_table, replace_between


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    text = "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n"

    assert replace_between(text, "a", "new") == "before\n<!-- a -->\nnew\n<!-- /a -->\nafter\n"


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="no markers <!-- b -->"):
        replace_between("text", "b", "new")


def test_the_documents_have_their_markers() -> None:
    replace_between(BENCHMARKS.read_text(), "figures:ingest", "")
    replace_between(RELIABILITY.read_text(), "chaos", "")


def test_a_missed_goal_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    path = keep("some", [Figure("slow", 9.0, "ms", "less", goal=5.0), Figure("fast", 9.0, "1/s", "more", goal=5.0)])

    table = figure_table([json.loads(line) for line in path.read_text().splitlines()])

    assert "| `slow` | 9 ms | ≤ 5 | **no** |" in table
    assert "| `fast` | 9 1/s | ≥ 5 | yes |" in table


def test_measuring_one_module_again_keeps_the_figures_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    keep("some", [Figure("a", 1.0, "ms", "less"), Figure("b", 1.0, "ms", "less")])
    path = keep("some", [Figure("b", 2.0, "ms", "less", peer="theirs", peer_value=4.0)])

    rows = {row["name"]: row for row in map(json.loads, path.read_text().splitlines())}

    assert (rows["a"]["value"], rows["b"]["value"], rows["b"]["ratio"]) == (1.0, 2.0, 0.5)
