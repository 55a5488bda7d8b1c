"""Lets people look after versions of models: the steward, and what the routes of models need of it."""

from forecast_service.api.lifecycle import Lifecycle
from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.inference.steward import Steward
from forecast_service.settings import ForecastSettings
from forecast_service.store.database import Pool
from forecast_service.store.model_events import ModelEvents
from gridseal.runtime.settings import CoreSettings


def steward_of(core: CoreSettings, settings: ForecastSettings, pool: Pool) -> Steward:
    """Moves aliases on the registry in use and writes it down."""
    return Steward(
        lambda model: MlflowRegistry(core.mlflow_url, model, settings.mlflow_experiment), ModelEvents(pool).write
    )


def lifecycle_of(core: CoreSettings, settings: ForecastSettings, pool: Pool) -> Lifecycle:
    """What the routes of models need."""
    return Lifecycle(steward_of(core, settings, pool), ModelEvents(pool).recent)
