"""The HTTP face of asset-service."""

from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from prometheus_client import CollectorRegistry

from asset_service.api.asset_routes import editing_routes, quality_routes
from asset_service.api.catalog_routes import place_routes, series_routes
from asset_service.api.performance_routes import performance_routes
from asset_service.policies import POLICIES
from asset_service.ports import CatalogStore, CatalogTopic, PerformanceSource, QualitySource
from asset_service.sync import CatalogSync
from gridseal import __version__
from gridseal.errors import UnavailableError
from gridseal.http.install import Conventions, install_conventions
from gridseal.runtime.clock import Clock
from gridseal.runtime.health import install_health


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of."""

    store: CatalogStore
    topic: CatalogTopic
    performance: PerformanceSource
    quality: QualitySource
    sync: CatalogSync
    clock: Clock
    registry: CollectorRegistry
    dashboard_origins: tuple[str, ...]
    conventions: Conventions = field(default_factory=Conventions)


def create_app(parts: Parts) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="Gridseal asset-service", version=__version__, docs_url=None, redoc_url=None)
    install_conventions(app, parts.conventions, policies=POLICIES)
    app.add_middleware(CORSMiddleware, allow_origins=list(parts.dashboard_origins), allow_methods=["GET"])

    async def catalog_on_topic() -> None:
        if not parts.sync.reconciled:
            raise UnavailableError("the catalog is not on Kafka yet")

    probes = {
        "mongo": parts.store.ping,
        "kafka": parts.topic.ping,
        "postgres": parts.performance.ping,
        "catalog": catalog_on_topic,
    }
    install_health(app, "asset-service", probes, parts.registry)
    # Before the places: `/assets/performance` would else be taken for an asset id.
    app.include_router(performance_routes(parts.store, parts.performance, parts.clock))
    app.include_router(quality_routes(parts.store, parts.quality, parts.clock))
    app.include_router(editing_routes(parts.store, parts.sync.publish_soon))
    app.include_router(place_routes(parts.store))
    app.include_router(series_routes(parts.store))
    return app
