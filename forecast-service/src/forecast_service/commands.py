"""Commands that do one thing and end: replay a run, train the demand model."""

import asyncio
import sys

from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.replay.command import replay_command
from forecast_service.replay.models import model_of_run
from forecast_service.settings import ForecastSettings
from forecast_service.store.calibration import CalibrationStore, PinnedRuns
from forecast_service.store.database import migrate, open_pool
from forecast_service.store.energy import DemandRows
from forecast_service.store.last_forecasts import StoredForecasts
from forecast_service.store.run_inputs import RunInputsReader
from forecast_service.tabular.train import DemandOptions, train_demand
from forecast_service.trust import signer_of, trusted_keys
from gridseal.runtime.settings import CoreSettings


async def replay_run(core: CoreSettings, settings: ForecastSettings, run_id: str) -> None:
    """Compute a run again; the exit code says what came out."""
    pool = open_pool(core.postgres_dsn, 1)
    try:
        trusted, pins = trusted_keys(core, settings), PinnedRuns(CalibrationStore(pool))
        code = await replay_command(
            run_id, RunInputsReader(pool), StoredForecasts(pool),
            lambda run: model_of_run(core.mlflow_url, trusted, run), _say, pins,
        )  # fmt: skip
    finally:
        pool.close()
    if code:
        sys.exit(code)


async def train_demand_model(core: CoreSettings, settings: ForecastSettings) -> None:
    """Train the model of ``/predict`` on ``energy_mlops.features``; the last line says what came of it."""
    from forecast_service.training.provenance import commit, environment  # PyTorch comes with it

    migrate(core.postgres_dsn)
    pool = open_pool(core.postgres_dsn, 1)
    try:
        table = await asyncio.to_thread(DemandRows(pool).read, settings.demand_respondent)
    finally:
        pool.close()
    registry = MlflowRegistry(core.mlflow_url, settings.demand_model, settings.mlflow_experiment)
    options = DemandOptions(reason=settings.train_cause or "manual", approve=not settings.gate_by_hand)
    about = {"git_commit": commit(), **environment()}
    report = await asyncio.to_thread(
        train_demand, table, registry, signer_of(core, settings), trusted_keys(core, settings)(), about, options
    )
    _say(report.sentence)


def _say(line: str) -> None:
    print(line, flush=True)
