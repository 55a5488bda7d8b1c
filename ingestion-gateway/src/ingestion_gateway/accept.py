"""Whether a message is believed: pure, and the only place where telemetry is refused.

A message is taken, set aside in quarantine or refused as a whole. A refusal names fields, never values.
Nesting is bounded by the parser, which follows no more than 200 levels; a message itself has three.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
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
    "revoked",
    "unsigned",
    "bad_signature",
]
"""Bounded: a label of counters and a header on ``dead-letter``. A dialect adds its own."""

QuarantineReason = Literal["clock_ahead", "clock_behind", "future_period", "past_period"]
"""Bounded: a label of counters and a header on ``quarantine``."""

READ_FOR_ID_BYTES: Final = 8_192
"""How far into a message that is too large its id is looked for."""
_TOPIC: Final = re.compile(r"v1/(?P<tenant>[^/]+)/(?P<site>[^/]+)/(?P<device>[^/]+)/telemetry")
_BOOT_ID: Final = re.compile(r"[0-9a-f]{16}")
_CODEC_REASONS: Final[dict[str, Reason]] = {"not_json": "not_json", "not_finite": "not_finite"}


class MessageId(msgspec.Struct, frozen=True):
    """What a receipt names: one message of one life of a device."""

    boot_id: str
    seq: int


class Accepted(msgspec.Struct, frozen=True):
    """A message that goes to ``telemetry.<class>`` as it is."""

    device_id: str
    telemetry_class: TelemetryClass
    message_id: MessageId
    readings: int


class Quarantined(msgspec.Struct, frozen=True):
    """A sound message from a clock that cannot be right: kept on ``quarantine``, never in a feature."""

    reason: QuarantineReason
    detail: str
    device_id: str
    message_id: MessageId


class Refused(msgspec.Struct, frozen=True):
    """A message that goes to ``dead-letter``. Without ``message_id`` nobody can be told."""

    reason: str
    detail: str
    device_id: str = ""
    message_id: MessageId | None = None


Verdict = Accepted | Quarantined | Refused


@dataclass(frozen=True, slots=True)
class TimeBounds:
    """Between what moments a message may lie; all inclusive, in milliseconds."""

    earliest_start_ms: int
    """Domain time before which no period may begin."""
    latest_end_ms: int
    """Domain time after which no period may end."""
    earliest_sent_ms: int
    """Wall clock before which nothing can have been sent: devices keep messages for weeks, not for years."""
    latest_sent_ms: int
    """Wall clock after which nothing can have been sent yet."""


def accept(topic: str, payload: bytes, devices: DeviceDirectory, bounds: TimeBounds) -> Verdict:
    """Judge one message.

    Args:
        topic: MQTT topic it came on; the broker has bound it to the sender's certificate.
        payload: Its bytes.
        devices: Who exists.
        bounds: When it may be of.
    """
    place = _TOPIC.fullmatch(topic)
    if place is None:
        return Refused("foreign_topic", "topic is not v1/{tenant}/{site}/{device}/telemetry")
    name = place["device"]
    if len(payload) > MAX_MESSAGE_BYTES:
        detail = f"payload is longer than {MAX_MESSAGE_BYTES} bytes"
        return Refused("too_large", detail, name, _id_near_the_start(payload))
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
    for number, reading in enumerate(message.readings):
        fault = _fault(reading, device)
        if fault is not None:
            reason, detail = fault
            return Refused(reason, f"readings.{number}.{detail}", name, message_id)
    doubt = _doubt(message, bounds)
    if doubt is not None:
        return Quarantined(doubt[0], doubt[1], name, message_id)
    return Accepted(name, device.telemetry_class, message_id, len(message.readings))


def _fault(reading: Reading, device: Device) -> tuple[Reason, str] | None:
    if reading.quantity not in device.units:
        return "foreign_quantity", "quantity is not one of the device"
    if reading.unit not in UNITS[reading.quantity]:
        return "wrong_unit", "unit is not one of the quantity"
    if reading.period_start_ms % 1_000 or reading.period_ms % 1_000:
        return "bad_period", "period_start_ms and period_ms must be whole seconds"
    return None


def _doubt(message: Telemetry, bounds: TimeBounds) -> tuple[QuarantineReason, str] | None:
    for number, reading in enumerate(message.readings):
        if reading.period_start_ms + reading.period_ms > bounds.latest_end_ms:
            return "future_period", f"readings.{number}.period_start_ms lies too far in the future"
        if reading.period_start_ms < bounds.earliest_start_ms:
            return "past_period", f"readings.{number}.period_start_ms lies too far in the past"
    if message.sent_at_ms > bounds.latest_sent_ms:
        return "clock_ahead", "sent_at_ms is ahead of the gateway's clock"
    if message.sent_at_ms < bounds.earliest_sent_ms:
        return "clock_behind", "sent_at_ms is behind the gateway's clock by more than a device keeps messages"
    return None


def _refused(device_id: str, payload: bytes, reason: Reason, detail: str) -> Refused:
    return Refused(reason, detail, device_id, claimed_id(payload))


def claimed_id(payload: bytes) -> MessageId | None:
    """What a refused message says it is, as far as it can be read, so that its sender can be told."""
    try:
        # Not `json`: its parser follows nesting as deep as the stack allows, and poison 100,000 deep ended the process.
        return _id_in(from_json(payload))
    except ValueError:
        return None


def _id_near_the_start(payload: bytes) -> MessageId | None:
    try:
        content: Any = from_json(payload[:READ_FOR_ID_BYTES], allow_partial=True)
    except ValueError:
        return None
    # The last value of the cut may be cut itself: 12 of 1234.
    if not isinstance(content, dict) or next(reversed(content), None) in {"boot_id", "seq"}:
        return None
    return _id_in(content)


def _id_in(content: Any) -> MessageId | None:
    if not isinstance(content, dict):
        return None
    boot_id, seq = content.get("boot_id"), content.get("seq")
    if not isinstance(boot_id, str) or not _BOOT_ID.fullmatch(boot_id):
        return None
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**53:
        return None
    return MessageId(boot_id, seq)
