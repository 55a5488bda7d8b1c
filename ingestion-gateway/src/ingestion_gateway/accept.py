"""Whether a message is believed: pure, and the only place where telemetry is refused.

A message is taken or refused as a whole. A refusal names fields, never values.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic_core import from_json

from gridseal.errors import WireError
from gridseal.wire.codec import decode
from gridseal.wire.telemetry import MAX_MESSAGE_BYTES, Reading, Telemetry
from gridseal.wire.topics import TelemetryClass
from gridseal.wire.units import UNITS
from ingestion_gateway.devices import Device, DeviceDirectory

Reason = Literal[
    "too_large",
    "foreign_topic",
    "unknown_device",
    "not_json",
    "malformed",
    "not_finite",
    "foreign_device",
    "foreign_quantity",
    "wrong_unit",
    "bad_period",
    "future_period",
    "revoked",
    "unsigned",
    "bad_signature",
]
"""Bounded: a label of counters and a header on ``dead-letter``."""

_TOPIC: Final = re.compile(r"v1/(?P<tenant>[^/]+)/(?P<site>[^/]+)/(?P<device>[^/]+)/telemetry")
_BOOT_ID: Final = re.compile(r"[0-9a-f]{16}")
_CODEC_REASONS: Final[dict[str, Reason]] = {"not_json": "not_json", "not_finite": "not_finite"}


@dataclass(frozen=True, slots=True)
class MessageId:
    """What a receipt names: one message of one life of a device."""

    boot_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that goes to ``telemetry.<class>`` as it is."""

    device_id: str
    telemetry_class: TelemetryClass
    message_id: MessageId
    readings: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that goes to ``dead-letter``. Without ``message_id`` nobody can be told."""

    reason: Reason
    detail: str
    device_id: str = ""
    message_id: MessageId | None = None


def accept(
    topic: str, payload: bytes, devices: DeviceDirectory, *, now_ms: int, future_limit_ms: int
) -> Accepted | Refused:
    """Judge one message.

    Args:
        topic: MQTT topic it came on; the broker has bound it to the sender's certificate.
        payload: Its bytes.
        devices: Who exists.
        now_ms: Domain time.
        future_limit_ms: How far beyond ``now_ms`` a period may end.
    """
    place = _TOPIC.fullmatch(topic)
    if place is None:
        return Refused("foreign_topic", "topic is not v1/{tenant}/{site}/{device}/telemetry")
    name = place["device"]
    if len(payload) > MAX_MESSAGE_BYTES:
        return Refused("too_large", f"payload is longer than {MAX_MESSAGE_BYTES} bytes", name)
    device = devices.find(name)
    if device is None:
        return _refused(name, payload, "unknown_device", "device in the topic is not in the catalog")
    if (place["tenant"], place["site"]) != (device.tenant_id, device.site_id):
        return _refused(name, payload, "foreign_topic", "tenant or site in the topic is not that of the device")
    try:
        message = decode(Telemetry, payload)
    except WireError as error:
        return _refused(name, payload, _CODEC_REASONS.get(error.reason, "malformed"), str(error))
    message_id = MessageId(message.boot_id, message.seq)
    if message.device_id != name:
        return Refused("foreign_device", "device_id is not the device in the topic", name, message_id)
    latest_end_ms = now_ms + future_limit_ms
    for number, reading in enumerate(message.readings):
        fault = _fault(reading, device, latest_end_ms)
        if fault is not None:
            reason, detail = fault
            return Refused(reason, f"readings.{number}.{detail}", name, message_id)
    return Accepted(name, device.telemetry_class, message_id, len(message.readings))


def _fault(reading: Reading, device: Device, latest_end_ms: int) -> tuple[Reason, str] | None:
    if reading.quantity not in device.quantities:
        return "foreign_quantity", "quantity is not one of the device"
    if reading.unit not in UNITS[reading.quantity]:
        return "wrong_unit", "unit is not one of the quantity"
    if reading.period_start_ms % 1_000 or reading.period_ms % 1_000:
        return "bad_period", "period_start_ms and period_ms must be whole seconds"
    if reading.period_start_ms + reading.period_ms > latest_end_ms:
        return "future_period", "period_start_ms lies too far in the future"
    return None


def _refused(device_id: str, payload: bytes, reason: Reason, detail: str) -> Refused:
    return Refused(reason, detail, device_id, _claimed_id(payload))


def _claimed_id(payload: bytes) -> MessageId | None:
    """What a refused message says it is, as far as it can be read, so that its sender can be told."""
    try:
        # Not `json`: its parser follows nesting as deep as the stack allows, and poison 100,000 deep ended the process.
        content: Any = from_json(payload)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    boot_id, seq = content.get("boot_id"), content.get("seq")
    if not isinstance(boot_id, str) or not _BOOT_ID.fullmatch(boot_id):
        return None
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**53:
        return None
    return MessageId(boot_id, seq)
