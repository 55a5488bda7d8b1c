"""What a service does at its start: register the schemas of the topics it writes, and learn their ids."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from typing import Final

from gridseal.errors import ConfigError, UnavailableError
from gridseal.registry.client import SchemaRegistry
from gridseal.runtime.logs import get_logger
from gridseal.wire.schemas import MESSAGES
from gridseal.wire.topics import (
    ALERTS,
    ASSETS_CHANGED,
    DEMAND_RAW,
    FEATURES_VECTORS,
    FEATURES_WINDOWS,
    FORECASTS_ISSUED,
    FORECASTS_SEALED,
    MARKET_RAW,
    ROUNDS_CHANGED,
    TELEMETRY_CLASSES,
    WEATHER_RAW,
    telemetry_topic,
)

log = get_logger(__name__)
HEADER_SCHEMA_ID: Final = "gs-schema-id"
"""On every topic with a schema, where a registry is configured: its id there, in decimal."""
TELEMETRY_TOPICS: Final = tuple(telemetry_topic(name) for name in TELEMETRY_CLASSES)
SCHEMA_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(TELEMETRY_TOPICS, "telemetry-1"),
    DEMAND_RAW: "demand-1",
    WEATHER_RAW: "weather-1",
    MARKET_RAW: "market-1",
    FEATURES_WINDOWS: "window-1",
    FEATURES_VECTORS: "feature-vector-1",
    ALERTS: "alert-1",
    FORECASTS_ISSUED: "forecast-run-1",
    FORECASTS_SEALED: "seal-1",
    ROUNDS_CHANGED: "round-1",
    ASSETS_CHANGED: "catalog-1",
}
"""Kafka topic → schema of its values. ``dead-letter`` and ``quarantine`` hold what a device sent, whatever that is."""
DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_PAUSE_S: Final = 1.0


def value_subject(topic: str) -> str:
    """Confluent's TopicNameStrategy."""
    return f"{topic}-value"


def schema_text(name: str) -> str:
    """A schema as it is registered: one line, the same each time.

    Registries check it by the draft it names, and without a name by draft 4 (Apicurio), in which
    ``exclusiveMinimum`` is no number. Draft 7 is the newest that all of them know.
    """
    content = {"$schema": DRAFT} | MESSAGES[name].model_json_schema(by_alias=True)
    return json.dumps(content, separators=(",", ":"), sort_keys=True)


class SchemaIds:
    """The ids of the topics that a service writes; empty without a registry."""

    def __init__(self, by_topic: Mapping[str, int] | None = None) -> None:
        self._headers = {
            topic: [(HEADER_SCHEMA_ID, str(schema_id).encode())] for topic, schema_id in (by_topic or {}).items()
        }

    def headers(self, topic: str) -> list[tuple[str, bytes]]:
        """To be added to the headers of a record of this topic."""
        return self._headers.get(topic, [])


async def announce(url: str | None, topics: Iterable[str], *, patience_s: float = 30.0) -> SchemaIds:
    """Check that each topic's schema fits what its subject had, then register it.

    Raises:
        ConfigError: The registry refuses a schema; the text names subject and difference.
        UnavailableError: It did not answer in time.
    """
    if url is None:
        return SchemaIds()
    deadline = time.monotonic() + patience_s
    async with SchemaRegistry(url) as registry:
        while True:
            try:
                return SchemaIds({topic: await _announce(registry, topic) for topic in topics})
            except UnavailableError as error:
                if time.monotonic() >= deadline:
                    raise
                log.warning("schema_registry_waits", error=str(error))
                await asyncio.sleep(_PAUSE_S)


async def _announce(registry: SchemaRegistry, topic: str) -> int:
    subject, text = value_subject(topic), schema_text(SCHEMA_OF[topic])
    verdict = await registry.check(subject, text)
    if not verdict.compatible:
        why = "; ".join(verdict.messages[:3]) or "it does not say why"
        raise ConfigError(
            f"schema {SCHEMA_OF[topic]} does not fit what the registry has under {subject}: {why}. "
            "Give the message a new version, or correct the subject in the registry"
        )
    schema_id = await registry.register(subject, text)
    log.info("schema_registered", subject=subject, schema=SCHEMA_OF[topic], schema_id=schema_id)
    return schema_id
