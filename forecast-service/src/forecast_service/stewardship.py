"""The parts that look after versions of models: the steward for people, the watch that takes bad ones back."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from forecast_service.api.lifecycle import Lifecycle
from forecast_service.catalog import Catalog
from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.inference.rollback import RollbackRule
from forecast_service.inference.rollback_watch import RollbackWatch
from forecast_service.inference.steward import Steward
from forecast_service.settings import ForecastSettings, model_of
from forecast_service.store.database import Pool
from forecast_service.store.live_losses import LiveLossStore
from forecast_service.store.model_events import ModelEvents
from gridseal.runtime.clock import Clock
from gridseal.runtime.settings import CoreSettings


def steward_of(core: CoreSettings, settings: ForecastSettings, pool: Pool) -> Steward:
    """Moves aliases on the registry in use and writes it down."""
    return Steward(
        lambda model: MlflowRegistry(core.mlflow_url, model, settings.mlflow_experiment), ModelEvents(pool).write
    )


def lifecycle_of(core: CoreSettings, settings: ForecastSettings, pool: Pool) -> Lifecycle:
    """What the routes of models need."""
    return Lifecycle(steward_of(core, settings, pool), ModelEvents(pool).recent)


def rollback_watch(
    core: CoreSettings, settings: ForecastSettings, pool: Pool, catalog: Catalog, clock: Clock,
    registry: CollectorRegistry,
) -> RollbackWatch:  # fmt: skip
    """Watches the models of all products."""
    return RollbackWatch(
        lambda: sorted({model_of(settings, product.product_id) for product in catalog.products}),
        steward_of(core, settings, pool), LiveLossStore(pool).of, clock.now, registry,
        RollbackRule(alpha=settings.rollback_alpha, worse_by=settings.rollback_worse_by),
        matured_after=timedelta(hours=settings.rollback_settle_h), every_s=settings.rollback_every_s,
    )  # fmt: skip
