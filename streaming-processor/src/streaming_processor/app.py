"""Operational routes of the stream: health, metrics, and ``/status`` for people and the report."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gridseal.access.guard import Access, install_guard
from gridseal.runtime.health import Probe, install_health
from gridseal.runtime.problems import install_problem_handlers
from streaming_processor.policies import POLICIES


def create_app(
    status: Callable[[], dict[str, Any]],
    latency: Callable[[], dict[int, int]],
    probes: Mapping[str, Probe],
    registry: CollectorRegistry,
    access: Access | None = None,
) -> FastAPI:
    """Routes over ``status``; no state of their own. Without ``access``: development mode."""
    app = FastAPI(title="streaming-processor", docs_url=None, redoc_url=None)
    install_guard(app, access or Access("streaming-processor"), POLICIES)
    install_health(app, "streaming-processor", probes, registry)
    install_problem_handlers(app)

    @app.get("/status", operation_id="get_stream_status")
    async def get_status() -> dict[str, Any]:
        return status()

    @app.get("/status/latency", operation_id="get_stream_latency")
    async def get_latency() -> dict[int, int]:
        """Readings, live or not, by the milliseconds until they were queryable; subtract two answers for a span."""
        return latency()

    return app
