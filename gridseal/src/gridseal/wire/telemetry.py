"""What a device says, as it travels from the device over MQTT to the ``telemetry.*`` topics.

Written by edge_agent (or any MQTT 5 client); checked by ingestion-gateway, which passes the
bytes on unchanged; decoded by streaming-processor. Identity of a message is
``(device_id, boot_id, seq)``; identity of a reading is ``(device_id, quantity, period_start_ms)``.

Values carry the unit of the device. Everything behind the stream uses thousandths of the base
unit, as whole numbers.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from gridseal.wire.fields import Message, Slug
from gridseal.wire.units import Quantity

Quality = Literal["good", "suspect", "bad"]

MAX_READINGS: Final = 1_000
MAX_MESSAGE_BYTES: Final = 262_144
MIN_PERIOD_MS: Final = 1_000
MAX_PERIOD_MS: Final = 86_400_000


class Reading(Message):
    """One value over ``[period_start_ms, period_start_ms + period_ms)`` UTC: mean, or energy of the period."""

    quantity: Quantity
    unit: str
    period_start_ms: Annotated[int, Field(strict=True, ge=0, le=253_402_300_799_000)]
    period_ms: Annotated[int, Field(strict=True, ge=MIN_PERIOD_MS, le=MAX_PERIOD_MS)]
    value: Annotated[float, Field(strict=True, ge=-1e12, le=1e12)]
    quality: Quality = "good"


class Telemetry(Message):
    """One message of one device. ``sent_at_ms`` is the device's wall clock, for latency only."""

    schema_: Annotated[Literal["telemetry/1"], Field(alias="schema")] = "telemetry/1"
    device_id: Slug
    boot_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """Changes whenever the device lost its sequence counter."""
    seq: Annotated[int, Field(strict=True, ge=0, lt=2**53)]
    sent_at_ms: Annotated[int, Field(strict=True, ge=0, lt=2**53)]
    readings: Annotated[tuple[Reading, ...], Field(min_length=1, max_length=MAX_READINGS)]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$")] | None = Field(
        default=None, exclude_if=lambda value: value is None
    )
    """Ed25519 over the RFC 8785 form of the message without this field, base64url without padding.
    Asked for where the device was enrolled with a key; see ``gridseal.wire.signing``."""
