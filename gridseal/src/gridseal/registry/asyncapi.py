"""The AsyncAPI 3 document of what travels on Kafka, MQTT and the WebSocket, from the types that read and write it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gridseal import __version__
from gridseal.registry.announce import SCHEMA_OF
from gridseal.wire import live
from gridseal.wire.fields import Message
from gridseal.wire.schemas import MESSAGES
from gridseal.wire.topics import KAFKA_TOPICS, mqtt_receipt_topic, mqtt_telemetry_topic

CLIENT_FRAMES: Final[Mapping[str, type[Message]]] = {
    "authenticate": live.Authenticate,
    "subscribe": live.Subscribe,
    "unsubscribe": live.Unsubscribe,
    "ping": live.Ping,
}
SERVER_FRAMES: Final[Mapping[str, type[Message]]] = {
    "hello": live.Hello,
    "ack": live.Ack,
    "snapshot": live.Snapshot,
    "delta": live.Delta,
    "complete": live.Complete,
    "error": live.ErrorFrame,
    "pong": live.Ping,
}
Examples = Mapping[str, Sequence[Any]]
"""By name of the message: payloads that the reader of the message accepts."""
_DEVICE: Final = {
    "tenant": {"description": "Tenant"},
    "site": {"description": "Site"},
    "device": {"description": "Device"},
}
_HEADERS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "CloudEvents 1.0 in binary mode, and the trace",
    "properties": {
        name: {"type": "string"}
        for name in ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type", "traceparent")
    },
}


def asyncapi(examples: Examples) -> str:
    """The document, stable from run to run."""
    schemas: dict[str, Any] = {}
    messages = {name: _message(name, kind, schemas, examples) for name, kind in MESSAGES.items()}
    for name in SCHEMA_OF.values():
        messages[name]["headers"] = _HEADERS
    for name, kind in {**CLIENT_FRAMES, **SERVER_FRAMES}.items():
        messages[f"frame-{name}"] = _message(f"frame-{name}", kind, schemas, examples)
    channels = {**_kafka(), **_mqtt(), "live": _live()}
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gridseal messages",
            "version": __version__,
            "license": {"name": "Apache-2.0"},
            "description": "Values are whole thousandths of the unit beside them. Times are UTC.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {"host": "127.0.0.1:29092", "protocol": "kafka"},
            "mqtt": {"host": "127.0.0.1:28883", "protocol": "secure-mqtt", "protocolVersion": "5"},
            "live": {"host": "127.0.0.1:28000", "protocol": "ws"},
        },
        "channels": channels,
        "operations": _operations(channels),
        "components": {"messages": messages, "schemas": schemas},
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _message(name: str, kind: type[Message], schemas: dict[str, Any], examples: Examples) -> dict[str, Any]:
    schema = kind.model_json_schema(by_alias=True, ref_template="#/components/schemas/" + name + ".{model}")
    for inner, content in schema.pop("$defs", {}).items():
        schemas[f"{name}.{inner}"] = content
    schemas[name] = schema
    message: dict[str, Any] = {
        "name": name,
        "summary": (kind.__doc__ or name).strip().splitlines()[0],
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{name}"},
    }
    if examples.get(name):
        message["examples"] = [{"payload": payload} for payload in examples[name]]
    return message


def _carries(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _kafka() -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for spec in KAFKA_TOPICS:
        cleanup = ["compact"] if spec.compacted else ["delete"]
        hours = spec.retention_hours
        topic = {"cleanup.policy": cleanup, "retention.ms": hours * 3_600_000 if hours >= 0 else -1}
        carried = _carries(SCHEMA_OF[spec.name]) if spec.name in SCHEMA_OF else {}
        channels[spec.name] = {
            "address": spec.name,
            "servers": [{"$ref": "#/servers/kafka"}],
            "messages": carried,
            "bindings": {"kafka": {"topic": spec.name, "partitions": spec.partitions, "topicConfiguration": topic}},
        }
    return channels


def _mqtt() -> dict[str, Any]:
    places = ("{tenant}", "{site}", "{device}")
    return {
        f"device.{name}": {
            "address": address(*places),
            "servers": [{"$ref": "#/servers/mqtt"}],
            "parameters": _DEVICE,
            "messages": _carries(message),
        }
        for name, address, message in (
            ("telemetry", mqtt_telemetry_topic, "telemetry-1"),
            ("receipt", mqtt_receipt_topic, "receipt-2"),
        )
    }


def _live() -> dict[str, Any]:
    frames = [f"frame-{name}" for name in {**CLIENT_FRAMES, **SERVER_FRAMES}]
    return {
        "address": "/ws/forecasts",
        "title": live.SUBPROTOCOL,
        "description": (live.__doc__ or "").strip(),
        "servers": [{"$ref": "#/servers/live"}],
        "messages": _carries(*frames),
        "bindings": {"ws": {"method": "GET"}},
    }


def _operations(channels: Mapping[str, Any]) -> dict[str, Any]:
    """From where the services stand."""
    operations: dict[str, Any] = {}
    for name in channels:
        if name == "live":
            continue
        action = "receive" if name == "device.telemetry" else "send"
        operations[f"{action}.{name}"] = {"action": action, "channel": {"$ref": f"#/channels/{name}"}}
    for action, frames in (("receive", CLIENT_FRAMES), ("send", SERVER_FRAMES)):
        operations[f"{action}.live"] = {
            "action": action,
            "channel": {"$ref": "#/channels/live"},
            "messages": [{"$ref": f"#/channels/live/messages/frame-{name}"} for name in frames],
        }
    return operations
