"""Every Kafka and MQTT topic name, in one place.

Kafka keys: device id for ``telemetry.*``; series id for ``features.*``, ``demand.raw`` and ``market.raw``;
location for ``weather.raw``; run id for ``forecasts.*``; product and slot for ``rounds.changed``; record key for
``assets.changed``. Values are JSON; headers are CloudEvents 1.0 binary mode (``ce_id``, ``ce_type``, ``ce_source``,
``ce_time``, ``ce_specversion``) plus ``traceparent``.
"""

from dataclasses import dataclass
from typing import Final, Literal

TelemetryClass = Literal["meter", "solar", "wind", "storage", "weather"]
TELEMETRY_CLASSES: Final[tuple[TelemetryClass, ...]] = ("meter", "solar", "wind", "storage", "weather")

TELEMETRY_PREFIX: Final = "telemetry."
DEMAND_RAW: Final = "demand.raw"
WEATHER_RAW: Final = "weather.raw"
MARKET_RAW: Final = "market.raw"
"""What providers publish, as they publish it: see ``ingestion_gateway.feeds``."""
FEATURES_WINDOWS: Final = "features.windows"
FEATURES_VECTORS: Final = "features.vectors"
FORECASTS_ISSUED: Final = "forecasts.issued"
FORECASTS_SEALED: Final = "forecasts.sealed"
ROUNDS_CHANGED: Final = "rounds.changed"
ALERTS: Final = "alerts"
DEAD_LETTER: Final = "dead-letter"
QUARANTINE: Final = "quarantine"
"""Sound messages of a clock that cannot be right: kept and receipted, never in a feature."""
ASSETS_CHANGED: Final = "assets.changed"

HEADER_REASON: Final = "gs-reason"
"""On ``dead-letter`` and ``quarantine``: why the message is there (a bounded label)."""
HEADER_DETAIL: Final = "gs-detail"
"""There too: one sentence for a person, field names only."""
HEADER_SOURCE: Final = "gs-source"
"""There too: the MQTT or Kafka topic the message came from."""
HEADER_DIALECT: Final = "gs-dialect"
"""On ``telemetry.*``: the dialect that the message was translated from; absent where the device speaks telemetry/1."""
HEADER_RECEIVED_AT_MS: Final = "gs-received-at-ms"
"""On ``telemetry.*``: wall-clock milliseconds at which the gateway took the message from MQTT."""


def telemetry_topic(telemetry_class: TelemetryClass) -> str:
    """``telemetry.meter``, ``telemetry.wind`` and so on."""
    return TELEMETRY_PREFIX + telemetry_class


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a Kafka topic is created. ``retention_hours`` of -1 keeps it for ever."""

    name: str
    partitions: int
    compacted: bool = False
    retention_hours: int = 168


KAFKA_TOPICS: Final[tuple[TopicSpec, ...]] = (
    *(TopicSpec(telemetry_topic(c), partitions=2) for c in TELEMETRY_CLASSES),
    *(TopicSpec(name, partitions=1) for name in (DEMAND_RAW, WEATHER_RAW, MARKET_RAW)),
    TopicSpec(FEATURES_WINDOWS, partitions=2),
    TopicSpec(FEATURES_VECTORS, partitions=2),
    TopicSpec(FORECASTS_ISSUED, partitions=1),
    TopicSpec(FORECASTS_SEALED, partitions=1),
    TopicSpec(ROUNDS_CHANGED, partitions=1),
    TopicSpec(ALERTS, partitions=1),
    TopicSpec(DEAD_LETTER, partitions=1, retention_hours=-1),
    TopicSpec(QUARANTINE, partitions=1, retention_hours=-1),
    TopicSpec(ASSETS_CHANGED, partitions=1, compacted=True, retention_hours=-1),
)


def mqtt_telemetry_topic(tenant: str, site: str, device: str) -> str:
    """The one topic that a device may write."""
    return f"v1/{tenant}/{site}/{device}/telemetry"


def mqtt_receipt_topic(tenant: str, site: str, device: str) -> str:
    """The one topic that a device may read: what the gateway has made durable."""
    return f"v1/{tenant}/{site}/{device}/receipt"


MQTT_TELEMETRY_FILTER: Final = "v1/+/+/+/telemetry"
