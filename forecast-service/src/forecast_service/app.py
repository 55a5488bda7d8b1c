"""FastAPI applications of the processes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from fastapi import APIRouter, Depends, FastAPI, Request
from prometheus_client import CollectorRegistry

from forecast_service.api.access import AccessMiddleware
from forecast_service.api.alerts import alert_routes
from forecast_service.api.beliefs import belief_routes
from forecast_service.api.forecasts import SummaryReader, forecast_routes
from forecast_service.api.lifecycle import Lifecycle, lifecycle_routes
from forecast_service.api.models import ImportanceReader, model_routes
from forecast_service.api.origin import InputsReader, origin_routes
from forecast_service.api.predict import DemandParts, predict_routes
from forecast_service.api.products import product_routes
from forecast_service.api.requests import RequestBook, request_routes
from forecast_service.catalog import Catalog
from forecast_service.jobs.routes import Jobs, reading_routes
from forecast_service.jobs.scheduler import SchedulerState
from forecast_service.live.endpoint import install_live
from forecast_service.live.hub import Hub
from forecast_service.policies import POLICIES
from forecast_service.store.alerts import AlertReader
from forecast_service.store.beliefs import BeliefReader
from forecast_service.store.views import ForecastViews
from gridseal import __version__
from gridseal.http.formats import Flatten
from gridseal.http.install import Conventions, install_conventions
from gridseal.runtime.health import Probe, install_health
from gridseal.runtime.problems import not_found
from gridseal.wire.beliefs import BeliefsAt
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.tables import Row, belief_rows, forecast_rows, run_rows
from gridseal.wire.views import LatestForecasts

SERVICE = "forecast-service"


@dataclass(frozen=True, slots=True)
class ApiParts:
    """What the API is made of."""

    views: ForecastViews
    alerts: AlertReader
    catalog: Catalog
    hub: Hub
    registry: CollectorRegistry
    probes: Mapping[str, Probe]
    now: Callable[[], datetime]
    time_scale: float
    allowed_origins: frozenset[str]
    demand: DemandParts | None = None
    """Without: no ``/predict``."""
    importance: ImportanceReader | None = None
    """Without: no route for the importance of features."""
    requests: RequestBook | None = None
    """Without: no forecasts on request."""
    lifecycle: Lifecycle | None = None
    """Without: no approval and no roll-back."""
    jobs: Jobs | None = None
    """Without: nothing about flows and no drift report."""
    beliefs: BeliefReader | None = None
    """Without: nothing about what was believed when."""
    insight: Sequence[APIRouter] = ()
    """Accuracy, models, the inbox, trails: ``insight_parts.insight_routes``."""
    conventions: Conventions = field(default_factory=Conventions)
    inputs: InputsReader | None = None
    """Without: nothing about what a run was computed from."""
    models: Callable[[], Collection[str]] | None = None
    """Names of the tenant's models, the only ones that routes tell about. Without: whichever the registry has."""


def _listed(body: bytes) -> list[Row]:
    return forecast_rows(decode(LatestForecasts, body).items)


TABLES: dict[str, Flatten] = {
    "latestForecasts": _listed,
    "dayAheadForecasts": _listed,
    "intradayForecasts": _listed,
    "forecastRun": lambda body: run_rows(decode(ForecastRun, body)),
    "forecastsAt": lambda body: belief_rows(decode(BeliefsAt, body)),
}
"""Routes of which a row is one target period, not one item."""


def create_app(parts: ApiParts) -> FastAPI:
    """REST, WebSocket, health and the OpenAPI document at ``/docs``."""
    app = FastAPI(
        title="Gridseal forecasts",
        version=__version__,
        description="Quantile forecasts, their seals and what came of them. Values are whole thousandths of their unit;"
        " levels are probabilities of not exceeding, in basis points. Live frames: `/ws/forecasts`.",
        docs_url=None,
        redoc_url=None,
    )
    install_conventions(app, parts.conventions, TABLES, POLICIES)
    app.add_middleware(AccessMiddleware, registry=parts.registry)
    install_health(app, SERVICE, parts.probes, parts.registry)
    summary = SummaryReader(parts.views, parts.catalog, parts.now, parts.time_scale)
    if parts.requests is not None:
        app.include_router(request_routes(parts.requests, parts.catalog, parts.now))
    app.include_router(product_routes(parts.catalog, parts.now))
    if parts.beliefs is not None:
        app.include_router(belief_routes(parts.beliefs, parts.catalog, parts.now))
    if parts.inputs is not None:
        app.include_router(origin_routes(parts.inputs))
    app.include_router(forecast_routes(parts.views, parts.catalog, summary, parts.now))
    app.include_router(alert_routes(parts.alerts, parts.now))
    if parts.demand is not None:
        app.include_router(predict_routes(parts.demand, parts.now))
    own = [Depends(_own_model(parts.models))] if parts.models is not None else []
    if parts.importance is not None:
        app.include_router(model_routes(parts.importance), dependencies=own)
    if parts.lifecycle is not None:
        app.include_router(lifecycle_routes(parts.lifecycle), dependencies=own)
    if parts.jobs is not None:
        app.include_router(reading_routes(parts.jobs))
    for router in parts.insight:
        app.include_router(router)
    install_live(app, parts.hub, parts.allowed_origins, parts.now, parts.time_scale)
    return app


def _own_model(models: Callable[[], Collection[str]]) -> Callable[[Request], None]:
    def check(request: Request) -> None:
        model = request.path_params["model"]
        if model not in models():
            raise not_found(f"model {model}")

    return check


def create_operator_app(
    registry: CollectorRegistry, probes: Mapping[str, Probe], state: SchedulerState | None = None,
    conventions: Conventions | None = None,
) -> FastAPI:  # fmt: skip
    """Health and metrics of a process without an API of its own; ``/status`` of the scheduler."""
    app = FastAPI(title="Gridseal forecast operations", version=__version__, docs_url=None, redoc_url=None)
    install_conventions(app, conventions or Conventions(), policies=POLICIES)
    install_health(app, SERVICE, probes, registry)
    if state is not None:

        @app.get("/status", operation_id="schedulerStatus")
        async def status() -> dict[str, object]:
            return asdict(state)

    return app
