"""Puts the demand model together: what ``__main__`` needs for the API and for a training of it."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry

from forecast_service.api.demand_metrics import DemandMetrics, DemandMetricsLoop
from forecast_service.api.predict import DemandParts
from forecast_service.api.prediction_log import PredictionLog
from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.model.sealed import Keys
from forecast_service.settings import ForecastSettings
from forecast_service.store.database import AsyncPool
from forecast_service.store.demand_state import DemandStateReader
from forecast_service.store.energy import PredictionTable
from forecast_service.tabular.serving import DemandChampion
from gridseal.runtime.clock import Clock
from gridseal.runtime.serve import Part
from gridseal.runtime.settings import CoreSettings


def demand_parts(
    core: CoreSettings, settings: ForecastSettings, trusted: Callable[[], Keys], pool: AsyncPool, clock: Clock,
    registry: CollectorRegistry,
) -> tuple[DemandParts, list[Part]]:  # fmt: skip
    """What ``/predict`` works with, and the loops that keep it going."""
    models = MlflowRegistry(core.mlflow_url, settings.demand_model, settings.mlflow_experiment)
    champion = DemandChampion(models, trusted, settings.champion_poll_s)
    metrics, log = DemandMetrics(registry), PredictionLog(PredictionTable(pool), registry)
    state = DemandMetricsLoop(DemandStateReader(pool), metrics, clock.now)
    return DemandParts(champion, log, metrics), [champion.run, log.run, state.run]
