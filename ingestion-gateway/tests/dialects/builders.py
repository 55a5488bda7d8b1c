"""Entries and messages with sensible defaults; a test names only what it is about."""

import json
from pathlib import Path
from typing import Any

from gridseal.wire.telemetry import Reading, Telemetry
from ingestion_gateway.dialects.dialect import Adapted, Dialect
from ingestion_gateway.dialects.entries import DialectName, Entry
from ingestion_gateway.dialects.registry import ADAPTERS

RECORDINGS = Path(__file__).parent / "recordings"
NOW_MS = 1_780_272_000_000
"""2026-06-01T00:00:00Z."""
MINUTE_MS = 60_000
Value = tuple[float, str]

SPOKEN: dict[DialectName, tuple[str, str]] = {
    "senml": ("senml/+", "senml/x"),
    "sparkplug-b": ("spBv1.0/plant/#", "spBv1.0/plant/NDATA/x"),
    "shelly-gen2": ("+/events/rpc", "x/events/rpc"),
    "tasmota": ("tele/+/SENSOR", "tele/x/SENSOR"),
    "zigbee2mqtt": ("zigbee2mqtt/#", "zigbee2mqtt/x"),
    "sinapsi-alfa": ("/user/iomtsgdata/+", "/user/iomtsgdata/x"),
    "cim-rtd": ("cim/+", "cim/x"),
    "dsmr-p1": ("p1/+", "p1/x"),
    "ieee2030.5": ("sep2/+", "sep2/x"),
    "sunspec": ("sunspec/+", "sunspec/x"),
}
"""Filter and topic that the tests use; the foreign device is called x."""


def an_entry(dialect: DialectName, **changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "filter": SPOKEN[dialect][0],
        "dialect": dialect,
        "tenant": "demo",
        "site": "home-01",
        "devices": {"plant/x": "x"} if dialect == "sparkplug-b" else {"x": "x"},
        "time_zone": "Europe/Amsterdam",
    }
    return Entry.model_validate(fields | changes)


def a_dialect(dialect: DialectName, **changes: Any) -> Dialect:
    return ADAPTERS[dialect](an_entry(dialect, **changes))


def said(dialect: DialectName, payload: bytes | str | dict[str, Any] | list[Any], **changes: Any) -> Adapted:
    """What one message says, to an adapter that has heard nothing before."""
    if isinstance(payload, dict | list):
        payload = json.dumps(payload)
    topic = changes.pop("topic", SPOKEN[dialect][1])
    received_at_ms = changes.pop("received_at_ms", NOW_MS)
    raw = payload.encode() if isinstance(payload, str) else payload
    return a_dialect(dialect, **changes).adapt(topic, raw, received_at_ms)


def recorded(path: str) -> bytes:
    return (RECORDINGS / path).read_bytes()


def of_device(adapted: Adapted, device_id: str = "x") -> Telemetry:
    (message,) = [message for message in adapted.messages if message.device_id == device_id]
    return message


def values(adapted: Adapted, device_id: str = "x") -> dict[str, Value]:
    """Quantity → value and unit, of a device that says each quantity once."""
    readings: tuple[Reading, ...] = of_device(adapted, device_id).readings
    found = {str(reading.quantity): (reading.value, reading.unit) for reading in readings}
    assert len(found) == len(readings)
    return found
