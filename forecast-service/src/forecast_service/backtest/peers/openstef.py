"""OpenSTEF 4 out of the box (its preset ``lgbm``), in an environment of its own: it needs Python 3.12 or newer."""

import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.model.levels import probabilities
from gridseal.errors import ConfigError

SIDE = Path(__file__).with_name("openstef_side.py")


class OpenStef:
    """One workflow a series, fitted and asked in a child process."""

    def __init__(self, python: Path | None) -> None:
        self._python = python
        self._task, self._until_s = Task((5_000,), 0, 1), 0
        self._folder = Path(tempfile.gettempdir())

    @property
    def name(self) -> str:
        """``openstef``."""
        return "openstef"

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        """Forget the last fit; the child fits before it first forecasts.

        Raises:
            ConfigError: There is no interpreter.
        """
        if self._python is None:
            raise ConfigError("openstef needs --openstef PYTHON, an interpreter with openstef 4.7 and lightgbm")
        self._task, self._until_s, self._folder = task, until_s, Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        """``(S, I, H, Q)``.

        Raises:
            ConfigError: The interpreter cannot be started, or OpenSTEF fails there.
        """
        folder = self._folder
        values = {
            f"values_{k}": np.stack([one.target, *one.future.values()]).astype(np.float64)
            for k, one in enumerate(series)
        }
        np.savez(
            folder / "task.npz", start_s=[one.start_s for one in series], resolution_s=series[0].resolution_s,
            names=np.array(list(series[0].future), dtype=str), country=series[0].country or "NL",
            until_s=self._until_s, issues_s=issues_s, first_lead=self._task.first_lead, horizon=self._task.horizon,
            levels=probabilities(self._task.levels_bps), **values,  # type: ignore[arg-type]
        )  # fmt: skip
        try:
            ran = subprocess.run(
                [str(self._python), str(SIDE), str(folder)], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise ConfigError(f"openstef: {self._python} cannot be started: {error.strerror}") from None
        if ran.returncode:
            raise ConfigError(f"openstef: {ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else 'failed'}")
        with np.load(folder / "quantiles.npz", allow_pickle=False) as made:
            return np.maximum.accumulate(made["quantiles"], axis=-1)
