"""``python -m forecast_service api``: REST and WebSocket."""

from typing import Any

from pymongo import AsyncMongoClient

from forecast_service.app import ApiParts, create_app, create_operator_app
from forecast_service.catalog import Catalog
from forecast_service.demand import demand_parts
from forecast_service.inference.importance import RegistryImportance
from forecast_service.inference.trainings import TrainingHistory
from forecast_service.insight_parts import insight_routes, model_names
from forecast_service.jobs.routes import Jobs
from forecast_service.live.feed import LiveFeed
from forecast_service.live.hub import Hub
from forecast_service.live.snapshots import snapshots
from forecast_service.programs.start import started
from forecast_service.settings import origins
from forecast_service.stewardship import lifecycle_of
from forecast_service.store.alerts import AlertReader
from forecast_service.store.beliefs import BeliefReader
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.database import migrate, open_async_pool, open_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.pages import Pages
from forecast_service.store.requests import RequestTable
from forecast_service.store.run_inputs import RunInputsReader
from forecast_service.store.views import ForecastViews
from forecast_service.trust import trusted_keys
from gridseal.access.tenant_rows import SERVICE, tenant_options
from gridseal.http.install import conventions_of
from gridseal.runtime.clock import clock_from
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, run_parts


async def run() -> None:
    """REST and WebSocket."""
    core, settings = started("api")
    migrate(core.postgres_dsn)
    clock, registry, catalog = clock_from(core), new_registry(), Catalog(core.tenant)
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        core.mongo_url, tz_aware=True, serverSelectionTimeoutMS=3_000
    )
    bound = tenant_options(core.tenant, SERVICE)
    pool = await open_async_pool(core.postgres_dsn, settings.postgres_pool, bound)
    slow = open_pool(core.postgres_dsn, 2, bound)  # of what people ask about models and jobs, in threads
    try:
        views, alerts = ForecastViews(pool), AlertReader(mongo, settings.mongo_database, core.tenant)
        reader = CatalogReader(core.kafka_bootstrap, catalog, registry)
        hub = Hub(snapshots(views, alerts, catalog, clock), registry)
        feed = LiveFeed(core.kafka_bootstrap, hub, views, catalog, clock, registry, core.tenant)
        demand, loops = demand_parts(core, settings, trusted_keys(core, settings), pool, clock, registry)
        trainings = TrainingHistory(core.mlflow_url, settings.mlflow_experiment)
        probes = {"postgres": views.probe, "mongo": alerts.probe, "catalog": reader.probe, "kafka": feed.probe}
        app = create_app(
            ApiParts(
                views, alerts, catalog, hub, registry, probes, clock.now, core.time_scale, origins(settings), demand,
                RegistryImportance(core.mlflow_url), RequestTable(pool), lifecycle_of(core, settings, slow),
                Jobs(FlowRuns(slow), Pages(slow), clock), BeliefReader(pool),
                insight_routes(pool, alerts, trainings, settings, catalog, clock),
                conventions_of(core, "forecast-service"), RunInputsReader(slow),
                lambda: {one.model for one in model_names(settings, catalog)},
            )
        )  # fmt: skip
        https = [http_part(app, core.host, settings.api_port)]
        if settings.prometheus_port is not None:
            https.append(http_part(create_operator_app(registry, probes), core.host, settings.prometheus_port))
        await run_parts([reader.run, feed.run, *loops, *https])
    finally:
        slow.close()
        await pool.close()
        await mongo.close()
