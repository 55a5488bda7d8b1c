"""Health, metrics and status of the agent while it reads an OPC-UA server."""

from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from edge_agent.app import StatusPage
from edge_agent.dispatcher import Dispatcher
from edge_agent.opcua.source import OpcuaSource, Reporter
from edge_agent.policies import POLICIES
from gridseal.access.guard import Access, install_guard
from gridseal.errors import UnavailableError
from gridseal.runtime.health import install_health
from gridseal.runtime.problems import install_problem_handlers


def create_opcua_app(
    page: StatusPage,
    source: OpcuaSource,
    reporter: Reporter,
    dispatcher: Dispatcher,
    registry: CollectorRegistry,
    access: Access | None = None,
) -> FastAPI:
    """``/status`` and the operational routes; ready while both ends are there."""
    app = FastAPI(title="Gridseal edge agent, OPC-UA", version="1")
    install_guard(app, access or Access("edge-agent"), POLICIES)

    async def broker() -> None:
        if dispatcher.ready_devices == 0:
            raise UnavailableError("no device is connected to the MQTT broker")

    install_problem_handlers(app)
    install_health(app, "edge-agent", {"mqtt": broker, "opcua": source.require}, registry)

    @app.get("/status", operation_id="readAgentStatus")
    async def status() -> dict[str, Any]:
        return page.read() | {"opcua": source.status() | reporter.status()}

    return app
