"""The admin face of the gateway: health, metrics, totals for the report, refused messages."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Query
from prometheus_client import CollectorRegistry

from gridseal import __version__
from gridseal.errors import UnavailableError
from gridseal.runtime.health import Probe, install_health
from gridseal.runtime.problems import install_problem_handlers
from gridseal.wire.fields import Message, UtcTime
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.kafka_history import DeadLetter, KafkaHistory
from ingestion_gateway.ports import TelemetrySource
from ingestion_gateway.totals import GatewayTotals


class GatewayStatus(Message):
    """Answer of ``GET /api/v1/gateway/status``. ``messages_*`` and ``refused`` count earlier lives too."""

    started_at: UtcTime
    """Wall clock."""
    mqtt_connected: bool
    devices_known: int
    messages_received: int
    messages_accepted: int
    refused: dict[str, int]
    """By reason."""
    shed_qos0: int
    """Messages that asked for no acknowledgement and were thrown away in a flood."""
    in_flight: int
    oldest_unacknowledged_s: float
    readings_accepted: int
    """Since this process started, as are receipts."""
    receipts_sent: int


class DeadLetterList(Message):
    """Answer of ``GET /api/v1/gateway/dead-letters``."""

    items: tuple[DeadLetter, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of."""

    source: TelemetrySource
    devices: DeviceDirectory
    totals: GatewayTotals
    history: KafkaHistory
    kafka_probe: Probe
    registry: CollectorRegistry


def create_app(parts: Parts) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="Gridseal ingestion-gateway", version=__version__)
    install_problem_handlers(app)

    async def mqtt() -> None:
        if not parts.source.connected:
            raise UnavailableError("the MQTT broker is not connected")

    async def catalog() -> None:
        if len(parts.devices) == 0:
            raise UnavailableError("the catalog is not read yet")

    install_health(
        app, "ingestion-gateway", {"mqtt": mqtt, "kafka": parts.kafka_probe, "catalog": catalog}, parts.registry
    )

    @app.get("/api/v1/gateway/status", operation_id="get_gateway_status", tags=["gateway"])
    async def status() -> GatewayStatus:
        """Totals of what came in, what was passed on and what was refused."""
        totals = parts.totals
        return GatewayStatus(
            started_at=datetime.fromtimestamp(totals.started_at, UTC),
            mqtt_connected=parts.source.connected,
            devices_known=len(parts.devices),
            messages_received=totals.received,
            messages_accepted=totals.accepted,
            refused=dict(totals.refused),
            shed_qos0=parts.source.shed,
            in_flight=totals.in_flight,
            oldest_unacknowledged_s=round(totals.oldest_s(), 3),
            readings_accepted=totals.readings,
            receipts_sent=totals.receipts,
        )

    @app.get("/api/v1/gateway/dead-letters", operation_id="list_dead_letters", tags=["gateway"])
    async def dead_letters(limit: Annotated[int, Query(ge=1, le=500)] = 50) -> DeadLetterList:
        """The newest refused messages, newest first."""
        return DeadLetterList(items=tuple(await parts.history.dead_letters(limit)))

    return app
