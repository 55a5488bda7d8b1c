"""Small tables with a known shape, and forecasters that do one thing each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.model.levels import at_levels

HOUR_S = 3_600
LEVELS = (500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_500)
START = pd.Timestamp("2021-01-01", tz="UTC")


def wave(days: int, seed: int = 0) -> Floats:
    """Hourly: a day, a week, and noise that lasts some hours."""
    random = np.random.default_rng(seed)
    hours = np.arange(24 * days)
    noise = np.convolve(random.normal(size=len(hours) + 5), np.full(6, 1 / 6), "valid")
    return np.asarray(100 + 20 * np.sin(2 * np.pi * hours / 24) - 15 * (hours // 24 % 7 >= 5) + 5 * noise)


def frame(days: int = 120) -> pd.DataFrame:
    stamps = pd.date_range(START, periods=24 * days, freq="h")
    return pd.DataFrame({"at": stamps, "load": wave(days), "temp": wave(days, seed=1)})


def config(folder: Path, table: pd.DataFrame, name: str = "own.parquet", **changes: object) -> Path:
    """A config beside its file: day-ahead, two weeks of test."""
    table.to_csv(folder / name, index=False) if name.endswith(".csv") else table.to_parquet(folder / name)
    raw = {
        "source": {"path": name, "period_start": "at", "target": "load"},
        "resolution": "1h",
        "issue": {"cron": "0 6 * * *", "next_day_only": True},
        "first_lead": "18h",
        "horizon": "24h",
        "train_end": "2021-04-01",
        "test": {"start": "2021-04-01", "end": "2021-04-15"},
        "models": ["champion", "persistence", "seasonal_naive", "analogue13"],
    }
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump({**raw, **changes}))
    return path


class Flat:
    """The newest value that had arrived, with a band of fixed width; ``late`` periods too new, if told so."""

    def __init__(self, late: int = 0, name: str = "champion") -> None:
        self.late, self._name = late, name
        self.trained_on: list[tuple[int, int]] = []

    @property
    def name(self) -> str:
        return self._name

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        self.task = task
        known = np.flatnonzero(np.isfinite(series[0].target))
        self.trained_on.append((until_s, int(known[-1])))

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        band = at_levels(np.array([-10.0, 0.0, 10.0]), (1_000, 5_000, 9_000), self.task.levels_bps)
        made = []
        for one in series:
            at = (issues_s - one.start_s) // one.resolution_s
            newest = np.nan_to_num(one.target)[np.minimum(at - 1 + self.late, len(one.target) - 1)]
            made.append(np.broadcast_to(newest[:, None, None] + band, (len(at), self.task.horizon, len(band))))
        return np.stack(made)
