"""The command says what is wrong and exits 2, and puts results into a document."""

import json
from pathlib import Path

import pytest
from tables import config, frame

from forecast_service.backtest.__main__ import main


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["backtest", *map(str, arguments)])
    return main()


def test_a_config_of_ones_own_runs_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = config(tmp_path, frame(), models=["seasonal_naive", "analogue13"]), tmp_path / "out"

    assert _run(monkeypatch, path, "--out", out) == 0

    rows = json.loads((out / "own.json").read_text())
    assert {r["model"] for r in rows} == {"seasonal_naive", "analogue13"}
    assert all(r["weather"] == "none" for r in rows)
    assert "seasonal_naive" in capsys.readouterr().out
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- results -->\nold\n<!-- end of results -->\nafter\n")
    assert _run(monkeypatch, "--tables", "--into", document, "--out", out) == 0
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| analogue13 | 0." in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"models": ["oracle-of-delphi"]}, "no model oracle-of-delphi; there are champion"),
        ({"horizont": 3}, "horizont: is not a key of a backtest"),
        ({"models": ["openstef"]}, "openstef needs --openstef PYTHON"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, object],
    said: str,
) -> None:
    path = config(tmp_path, frame(), **changes)

    assert _run(monkeypatch, path, "--out", tmp_path / "out") == 2

    assert said in capsys.readouterr().err


def test_an_unknown_set_is_refused_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "--set", "vic") == 2
    assert "vic-none" in capsys.readouterr().err
