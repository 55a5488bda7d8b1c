"""The loops of a scheduler that leads."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from forecast_service.notify.address import networks_of
from forecast_service.notify.deliver import Deliverer
from forecast_service.notify.outbox import Outbox
from forecast_service.notify.post import Poster
from forecast_service.notify.sources import TableSource, TopicSource
from forecast_service.notify.targets import read_targets
from forecast_service.settings import ForecastSettings
from forecast_service.store.database import Pool
from forecast_service.store.notifications import Notifications
from gridseal.runtime.clock import Clock
from gridseal.runtime.serve import Part
from gridseal.runtime.settings import CoreSettings


def notification_loops(
    core: CoreSettings, settings: ForecastSettings, pool: Pool, clock: Clock, registry: CollectorRegistry
) -> list[Part]:
    """None where nobody is to be told.

    Raises:
        ConfigError: The file of targets or the networks are wrong.
    """
    targets, allowed = read_targets(settings.notify_file), networks_of(settings.notify_networks)
    if not targets:
        return []
    rows = Notifications(pool)
    outbox = Outbox(rows, targets, registry, timedelta(seconds=settings.notify_quiet_s))
    deliverer = Deliverer(rows, targets, Poster(allowed), core.dashboard_url, registry)
    return [TopicSource(core.kafka_bootstrap, outbox, clock).run, TableSource(rows, outbox).run, deliverer.run]
