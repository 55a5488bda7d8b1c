"""The OpenSTEF side of the bridge, run by its own Python 3.12: ``python openstef_side.py FOLDER``.

It knows nothing of this package. Reads ``FOLDER/task.npz``, writes ``FOLDER/quantiles.npz``. Fitted workflows
stay in ``FOLDER`` for the next call.
"""

import pickle
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openstef_core.datasets import TimeSeriesDataset
from openstef_core.types import LeadTime, Quantile
from openstef_models.presets import ForecastingWorkflowConfig, create_forecasting_workflow
from openstef_models.presets.forecasting_workflow import LocationConfig
from pydantic_extra_types.coordinate import Coordinate, Latitude, Longitude
from pydantic_extra_types.country import CountryAlpha2

HISTORY = timedelta(days=15)
NAMES = {"temp": "temperature", "temp_c": "temperature", "humidity": "relative_humidity"}
"""Columns that the presets expect under another name."""


def main(folder: Path) -> None:
    """Fit every series that has no workflow yet, then forecast every issue."""
    with np.load(folder / "task.npz", allow_pickle=False) as stored:
        task = {name: stored[name] for name in stored.files}
    step = timedelta(seconds=int(task["resolution_s"]))
    made = [_series(folder, k, task, step) for k in range(len(task["start_s"]))]
    np.savez(folder / "quantiles.npz", quantiles=np.stack(made))


def _series(folder: Path, k: int, task: dict[str, Any], step: timedelta) -> Any:
    frame = _frame(task, k, step)
    kept = folder / f"fitted-{k}.pkl"
    if kept.is_file():
        workflow = pickle.loads(kept.read_bytes())
    else:
        until = pd.Timestamp(int(task["until_s"]), unit="s", tz="UTC")
        workflow = create_forecasting_workflow(_config(task, k, step))
        known = frame[frame.index < until].dropna(subset=["load"])
        workflow.fit(TimeSeriesDataset(known.asfreq(pd.tseries.frequencies.to_offset(step)), sample_interval=step))
        kept.write_bytes(pickle.dumps(workflow))
    return np.stack([_issue(workflow, frame, int(issue), task, step) for issue in task["issues_s"]])


def _frame(task: dict[str, Any], k: int, step: timedelta) -> pd.DataFrame:
    values = task[f"values_{k}"]
    index = pd.date_range(pd.Timestamp(int(task["start_s"][k]), unit="s", tz="UTC"), periods=values.shape[1], freq=step)
    names = ["load", *(NAMES.get(str(n), str(n)) for n in task["names"])]
    return pd.DataFrame(values.T, index=index.rename("timestamp"), columns=names)


def _config(task: dict[str, Any], k: int, step: timedelta) -> ForecastingWorkflowConfig:
    reach = step * int(task["first_lead"] + task["horizon"])
    place = LocationConfig(
        coordinate=Coordinate(latitude=Latitude(Decimal("52.1")), longitude=Longitude(Decimal("5.3"))),
        country_code=CountryAlpha2(str(task["country"])),
    )
    return ForecastingWorkflowConfig(
        model_id=f"series-{k}", model="lgbm", location=place, sample_interval=step,
        quantiles=[Quantile(p) for p in task["levels"]], horizons=[LeadTime(reach)], verbosity=0,
        mlflow_storage=None,
    )  # fmt: skip


def _issue(workflow: Any, frame: pd.DataFrame, issue_s: int, task: dict[str, Any], step: timedelta) -> Any:
    issue = pd.Timestamp(issue_s, unit="s", tz="UTC")
    first = issue + step * int(task["first_lead"])
    targets = pd.date_range(first, periods=int(task["horizon"]), freq=step)
    window = frame[(frame.index >= issue - HISTORY) & (frame.index <= targets[-1])].copy()
    window.loc[window.index >= issue, "load"] = np.nan
    made = workflow.predict(TimeSeriesDataset(window, sample_interval=step), forecast_start=issue.to_pydatetime())
    columns = [Quantile(p).format() for p in task["levels"]]
    return made.data.reindex(targets)[columns].ffill().bfill().to_numpy()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
