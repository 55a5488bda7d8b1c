"""Routes of what people look at: accuracy, models, the inbox of alerts, trails."""

from collections.abc import Sequence

from fastapi import APIRouter

from forecast_service.api.accuracy import accuracy_routes
from forecast_service.api.inbox import inbox_routes
from forecast_service.api.model_insight import ModelInsight, ModelName, Trainings, model_insight_routes
from forecast_service.api.trails import trail_routes
from forecast_service.catalog import Catalog
from forecast_service.settings import ForecastSettings, model_of
from forecast_service.store.accuracy import AccuracyStore
from forecast_service.store.alert_actions import AlertActions
from forecast_service.store.alerts import AlertReader
from forecast_service.store.database import AsyncPool
from forecast_service.store.demand_state import DemandStateReader
from forecast_service.store.model_views import ModelViews
from forecast_service.store.trails import Trails
from gridseal.runtime.clock import Clock


def insight_routes(
    pool: AsyncPool, alerts: AlertReader, trainings: Trainings, settings: ForecastSettings, catalog: Catalog,
    clock: Clock,
) -> tuple[APIRouter, ...]:  # fmt: skip
    """All of them. After ``/api/v1/alerts/recent``, which ``/api/v1/alerts/{alert_id}`` would else take."""

    def names(known: Catalog) -> Sequence[ModelName]:
        return model_names(settings, known)

    parts = ModelInsight(ModelViews(pool), trainings, DemandStateReader(pool), names, settings.drift_share_threshold)
    return (
        accuracy_routes(AccuracyStore(pool), catalog, clock.now),
        model_insight_routes(parts, catalog, clock.now),
        inbox_routes(alerts, AlertActions(pool), clock.now),
        trail_routes(Trails(pool)),
    )


def model_names(settings: ForecastSettings, catalog: Catalog) -> list[ModelName]:
    """The model of every product, the most often issued first, then that of ``/predict``."""
    served = [
        ModelName(model=model_of(settings, p.product_id), product_id=p.product_id, name=p.name, unit="W")
        for p in sorted(catalog.products, key=lambda product: product.slot_s)
    ]
    return [*served, ModelName(model=settings.demand_model, product_id=None, name="Demand", unit="MWh")]
