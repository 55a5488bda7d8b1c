"""What a new subscription is shown first, per channel."""

from datetime import timedelta
from typing import Any

from forecast_service.catalog import Catalog
from forecast_service.live.hub import Snapshots
from forecast_service.live.narrow import alert_event, passes, seal_event
from forecast_service.store.alerts import AlertReader
from forecast_service.store.views import ForecastViews
from gridseal.runtime.clock import Clock
from gridseal.wire.codec import encode_dict
from gridseal.wire.live import Filter

ACTUALS = timedelta(hours=24)
SEALS, ALERTS = 200, 100


def snapshots(views: ForecastViews, alerts: AlertReader, catalog: Catalog, clock: Clock) -> Snapshots:
    """Readers by channel; ``windows`` has none, its history is in the forecasts' actuals."""

    async def forecasts(wanted: Filter) -> list[dict[str, Any]]:
        speaking, now = catalog.speaking, clock.now()
        series = [
            catalog.as_forecast(s, speaking.get(s.series_id, ""))
            for s in catalog.series.values()
            if wanted.site_id in (None, s.site_id) and wanted.series_id in (None, s.series_id) and s.forecast
        ]
        found = await views.latest(series, catalog.sites, now - ACTUALS, now, products=speaking)
        return [encode_dict(v) for v in found]

    async def seals(wanted: Filter) -> list[dict[str, Any]]:
        events = [seal_event(encode_dict(seal), series_ids) for seal, series_ids in await views.seals(SEALS)]
        return [event.data for event in events if passes(wanted, event)]

    async def recent(wanted: Filter) -> list[dict[str, Any]]:
        events = [alert_event(encode_dict(a)) for a in await alerts.recent(ALERTS, wanted.site_id)]
        return [event.data for event in reversed(events) if passes(wanted, event)]

    async def rounds(wanted: Filter) -> list[dict[str, Any]]:
        return []  # what the hub took in is all that is known here; the rest is settlement-service's

    return {"forecasts": forecasts, "seals": seals, "alerts": recent, "rounds": rounds}
