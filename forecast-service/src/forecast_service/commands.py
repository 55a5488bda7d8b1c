"""Commands that do one thing and end: replay a run, train the demand model."""

import asyncio
import sys

from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.replay.command import replay_command
from forecast_service.replay.models import model_of_run
from forecast_service.settings import ForecastSettings
from forecast_service.store.calibration import CalibrationStore, PinnedRuns
from forecast_service.store.database import open_pool
from forecast_service.store.energy import DemandRows
from forecast_service.store.last_forecasts import StoredForecasts
from forecast_service.store.run_inputs import RunInputsReader
from forecast_service.tabular.train import DemandOptions, train_demand
from forecast_service.training.provenance import commit, environment
from forecast_service.trust import signer_of, trusted_keys
from gridseal.errors import GridsealError
from gridseal.runtime.settings import CoreSettings


async def replay_run(core: CoreSettings, settings: ForecastSettings, run_id: str) -> None:
    """Compute a run again; the exit code says what came out."""
    pool = open_pool(core.postgres_dsn, 1)
    try:
        trusted, pins = trusted_keys(core, settings), PinnedRuns(CalibrationStore(pool))
        code = await replay_command(
            run_id, RunInputsReader(pool), StoredForecasts(pool),
            lambda run: model_of_run(core.mlflow_url, trusted, run, settings.runtime, settings.device), _say, pins,
        )  # fmt: skip
    finally:
        pool.close()
    if code:
        sys.exit(code)


async def demand_trained(core: CoreSettings, settings: ForecastSettings) -> str:
    """Train the model of ``/predict`` on ``energy_mlops.features``; one sentence about what came of it.

    Never raises for what a person or a dependency did: it ends a training of other models, too.
    """
    try:
        return await asyncio.to_thread(_train_demand, core, settings)
    except GridsealError as error:
        return f"the demand model was not trained: {error}"


def _train_demand(core: CoreSettings, settings: ForecastSettings) -> str:
    pool = open_pool(core.postgres_dsn, 1)
    try:
        table = DemandRows(pool).read(settings.demand_respondent)
    finally:
        pool.close()
    registry = MlflowRegistry(core.mlflow_url, settings.demand_model, settings.mlflow_experiment)
    options = DemandOptions(reason=settings.train_cause or "manual", approve=not settings.gate_by_hand)
    signer = signer_of(core, settings)
    about = {"git_commit": commit(), **environment()}
    return train_demand(table, registry, signer, trusted_keys(core, settings)(), about, options).sentence


def _say(line: str) -> None:
    print(line, flush=True)
