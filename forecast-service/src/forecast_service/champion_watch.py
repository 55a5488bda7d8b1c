"""Looks after the versions that serve without a person: takes bad ones back, knows up to when they learned."""

from collections.abc import Callable
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from forecast_service.catalog import Catalog
from forecast_service.inference.registry import TRAINED_UNTIL_TAG
from forecast_service.inference.rollback import RollbackRule
from forecast_service.inference.rollback_watch import RollbackWatch
from forecast_service.product_models import registry_of
from forecast_service.settings import SITE_PRODUCT, ForecastSettings, model_of
from forecast_service.stewardship import steward_of
from forecast_service.store.database import Pool
from forecast_service.store.live_losses import LiveLossStore
from gridseal.runtime.clock import Clock
from gridseal.runtime.settings import CoreSettings


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


def champion_trained_until(core: CoreSettings, settings: ForecastSettings) -> Callable[[], datetime | None]:
    """Up to when the champion of the sites learned; none while there is none, or where it does not say."""
    registry = registry_of(core, settings, SITE_PRODUCT)

    def look() -> datetime | None:
        champion = registry.champion()
        told = champion.tags.get(TRAINED_UNTIL_TAG) if champion else None
        return datetime.fromisoformat(told) if told else None

    return look
