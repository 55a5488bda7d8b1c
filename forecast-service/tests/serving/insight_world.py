"""Matured forecasts, alerts and an application with the routes of what people look at."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from forecast_service.catalog import Catalog
from forecast_service.inference.trainings import PastTraining
from forecast_service.insight_parts import insight_routes
from forecast_service.settings import ForecastSettings
from forecast_service.store.alerts import AlertReader
from forecast_service.store.database import AsyncPool, Pool
from gridseal.runtime.problems import install_problem_handlers
from gridseal.wire.alerts import Alert

from .builders import SLOT, a_product, a_record, a_series, a_site

HOUR = timedelta(hours=1)
LEVELS = [500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_500]


class Still:
    """A clock that stands."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class KeptAlerts(AlertReader):
    """Alerts in memory."""

    def __init__(self, alerts: Sequence[Alert]) -> None:
        self.alerts = list(alerts)

    async def recent(
        self, limit: int, site_id: str | None = None, severity: str | None = None,
        before: tuple[datetime, str] | None = None,
    ) -> list[Alert]:  # fmt: skip
        found = [a for a in self.alerts if site_id in (None, a.site_id) and severity in (None, a.severity)]
        return sorted(found, key=lambda a: (a.raised_at, a.alert_id), reverse=True)[:limit]

    async def one(self, alert_id: str) -> Alert | None:
        return next((a for a in self.alerts if a.alert_id == alert_id), None)


class KeptTrainings:
    """Trainings in memory."""

    def __init__(self, past: Sequence[PastTraining] = ()) -> None:
        self.past = list(past)

    def read(self, model: str, limit: int) -> list[PastTraining]:
        return self.past[:limit]


def an_alert(n: int, **changes: Any) -> Alert:
    given = {
        "alert_id": f"a{n}", "tenant_id": "demo", "severity": "warning", "rule": "stuck", "site_id": "home-01",
        "subject": "home-01-meter", "title": "stuck", "detail": "d", "period_start": SLOT - HOUR, "period_end": SLOT,
        "raised_at": SLOT + timedelta(minutes=n),
    }  # fmt: skip
    return Alert.model_validate(given | changes)


def insight_app(pool: AsyncPool, alerts: AlertReader, clock: Still, trainings: KeptTrainings | None = None) -> FastAPI:
    catalog = Catalog()
    for item in (a_product(), a_site(), a_site("home-02"), a_series(), a_series("home-02/net")):
        catalog.apply(*a_record(item))
    app = FastAPI()
    install_problem_handlers(app)
    parts = trainings or KeptTrainings()
    for router in insight_routes(pool, alerts, parts, ForecastSettings(), catalog, clock):
        app.include_router(router)
    return app


def asking(app: FastAPI, host: str = "127.0.0.1") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(host, 1)), base_url="http://insight")


def put_scored(
    pool: Pool, slot: datetime, start: datetime, actual: int, *, median: int = 2_000, spread: int = 100,
    base_loss: float = 0.2, series_id: str = "home-01/net", model: str = "lstm", product_id: str = "site-6h",
) -> str:  # fmt: skip
    """A run with one matured target, as worker and score loop leave it; values in thousandths, range 10,000."""
    from forecast_service.monitoring.pinball import score

    run_id = f"{product_id}-{slot.isoformat()}"
    values = [median + k * spread for k in (-3, -2, -1, 0, 1, 2, 3)]
    own = score(values, LEVELS, actual, 10_000)
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO forecast.runs (run_id, product_id, slot, version, issued_at, delivery_start, gate_closure,"
            " levels_bps, model_name, model_version, model_hash, feature_hash, document) VALUES (%s, %s, %s, 1, %s,"
            " %s, %s, %s, %s, '1', '0x', '0x', '{}') ON CONFLICT DO NOTHING",
            (run_id, product_id, slot, slot, slot, slot, LEVELS, model),
        )
        connection.execute(
            "INSERT INTO forecast.values (run_id, series_id, target_start, resolution_s, issued_at, values_milli,"
            " model, rung, data_age_s) VALUES (%s, %s, %s, 3600, %s, %s, %s, 0, 0)",
            (run_id, series_id, start, slot, values, model),
        )
        connection.execute(
            "INSERT INTO forecast.scores (run_id, series_id, target_start, kind, model, actual_milli, window_version,"
            " range_milli, level_ratios, pinball_ratio, covered_90, baseline_ratio, baseline_covered_90)"
            " VALUES (%s, %s, %s, 'home_net', %s, %s, 1, 10000, %s, %s, %s, %s, true)",
            (run_id, series_id, start, model, actual, list(own.level_ratios), own.pinball_ratio, own.covered_90,
             base_loss),
        )  # fmt: skip
    return run_id
