"""The admin face of the gateway: health, metrics, totals for the report."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gridseal import __version__
from gridseal.errors import UnavailableError
from gridseal.http.install import Conventions, install_conventions
from gridseal.runtime.health import Probe, install_health
from gridseal.wire.fields import Message, UtcTime
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.lanes import DeviceLanes
from ingestion_gateway.policies import POLICIES
from ingestion_gateway.ports import TelemetrySource
from ingestion_gateway.totals import GatewayTotals


class GatewayStatus(Message):
    """Answer of ``GET /api/v1/gateway/status``. Down to ``quarantined`` the figures count earlier lives too."""

    started_at: UtcTime
    """Wall clock."""
    mqtt_connected: bool
    devices_known: int
    messages_received: int
    messages_accepted: int
    refused: dict[str, int]
    """By reason."""
    quarantined: dict[str, int]
    """By reason."""
    replayed: int
    """Messages that Kafka had from before; since this process started, as everything below."""
    shed_qos0: int
    """Messages that asked for no acknowledgement and were thrown away in a flood."""
    slowed: int
    """Messages that waited because their device is beyond its rate."""
    stalls: int
    in_flight: int
    oldest_unacknowledged_s: float
    readings_accepted: int
    readings_dropped: int
    """Readings in a dialect that the catalog does not ask for."""
    receipts_sent: int
    receipts_undelivered: int


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of."""

    source: TelemetrySource
    devices: DeviceDirectory
    totals: GatewayTotals
    lanes: DeviceLanes
    kafka_probe: Probe
    registry: CollectorRegistry
    conventions: Conventions = field(default_factory=Conventions)


def create_app(parts: Parts) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="Gridseal ingestion-gateway", version=__version__, docs_url=None, redoc_url=None)
    install_conventions(app, parts.conventions, policies=POLICIES)

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
            quarantined=dict(totals.quarantined),
            replayed=totals.replayed,
            shed_qos0=parts.source.shed,
            slowed=parts.lanes.slowed,
            stalls=totals.stalls,
            in_flight=totals.in_flight,
            oldest_unacknowledged_s=round(totals.oldest_s(), 3),
            readings_accepted=totals.readings,
            readings_dropped=totals.dropped_readings,
            receipts_sent=totals.receipts,
            receipts_undelivered=totals.receipts_undelivered,
        )

    return app
