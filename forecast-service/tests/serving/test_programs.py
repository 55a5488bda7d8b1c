"""Each program brings only what it runs: the API starts without what trainings and workers need."""

import subprocess
import sys
from importlib import import_module

import pytest

from forecast_service.__main__ import PROGRAMS

HEAVY = ("torch", "mlflow", "lightgbm", "sklearn", "scipy", "pandas", "pvlib", "river", "optuna")


def test_the_api_starts_without_what_only_models_need() -> None:
    code = f"import sys, forecast_service.programs.api; print([m for m in {HEAVY} if m in sys.modules])"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_can_be_run(name: str) -> None:
    assert callable(import_module(f"forecast_service.programs.{name.replace('-', '_')}").run)


@pytest.mark.parametrize("words", [[], ["nonsense"], ["start"]])
def test_what_is_no_program_is_refused_with_the_list_of_them(words: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "forecast_service", *words], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 2
    assert "api|worker|scheduler|train|train-demand|replay" in ran.stderr
