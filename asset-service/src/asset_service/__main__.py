"""Assembles asset-service: presets to MongoDB, MongoDB to Kafka, and the REST face."""

from typing import Any

from pymongo import AsyncMongoClient

from asset_service.app import Parts, create_app
from asset_service.catalog_topic import KafkaCatalogTopic
from asset_service.metrics import CatalogMetrics
from asset_service.mongo_store import MongoCatalogStore
from asset_service.performance_source import PostgresPerformance
from asset_service.presets import load_presets
from asset_service.quality_source import PostgresQuality
from asset_service.settings import AssetSettings, optional_of
from asset_service.sync import CatalogSync
from asset_service.validity import check_catalog
from gridseal.http.install import conventions_of
from gridseal.registry.announce import announce
from gridseal.runtime.clock import clock_from
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import configure_traces
from gridseal.wire.topics import ASSETS_CHANGED


async def run() -> None:
    """Serve until stopped."""
    core = load_settings(CoreSettings)
    settings = load_settings(AssetSettings)
    require_loopback(core)
    configure_logs("asset-service", core.log_level)
    configure_traces("asset-service", core.otlp_endpoint)
    presets = load_presets(core.tenant, settings.catalog_dir, optional_of(settings))
    check_catalog(presets)

    registry = new_registry()
    timeout_ms = int(settings.dependency_timeout_s * 1_000)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        core.mongo_url, serverSelectionTimeoutMS=timeout_ms, connectTimeoutMS=timeout_ms, socketTimeoutMS=timeout_ms
    )
    store = MongoCatalogStore(client, settings.mongo_database, core.tenant)
    schema_ids = await announce(core.schema_registry_url, [ASSETS_CHANGED])
    topic = KafkaCatalogTopic(core.kafka_bootstrap, settings.dependency_timeout_s, schema_ids, core.tenant)
    sync = CatalogSync(
        presets,
        store,
        topic,
        CatalogMetrics(registry),
        retry_max_s=settings.retry_max_s,
        relay_interval_s=settings.relay_interval_s,
    )
    parts = Parts(
        store=store,
        topic=topic,
        performance=PostgresPerformance(
            core.postgres_dsn, settings.performance_product, settings.dependency_timeout_s, core.tenant
        ),
        quality=PostgresQuality(core.postgres_dsn, settings.dependency_timeout_s, core.tenant),
        sync=sync,
        clock=clock_from(core),
        registry=registry,
        conventions=conventions_of(core, "asset-service"),
        dashboard_origins=(core.dashboard_url, core.dashboard_url.replace("127.0.0.1", "localhost")),
    )
    port = settings.port if settings.port is not None else core.port_base + 8_010
    try:
        await run_parts([sync.run, http_part(create_app(parts), core.host, port)])
    finally:
        await client.close()


if __name__ == "__main__":
    main(run)
