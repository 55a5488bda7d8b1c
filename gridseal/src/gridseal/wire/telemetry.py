"""What a device says, as it travels from the device over MQTT to the ``telemetry.*`` topics.

Written by edge_agent (or any MQTT 5 client); checked by ingestion-gateway, which passes the
bytes on unchanged; decoded by streaming-processor. Identity of a message is
``(device_id, boot_id, seq)``; identity of a reading is ``(device_id, quantity, period_start_ms)``.

Values carry the unit of the device. Everything behind the stream uses thousandths of the base
unit, as whole numbers.
"""

from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import Field

from gridseal.wire.fields import Message, Slug

Quantity = Literal[
    "active_power",
    "active_energy_import",
    "active_energy_export",
    "wind_speed",
    "air_temperature",
    "irradiance",
    "state_of_charge",
]
"""``active_power`` is positive when the asset feeds the grid. Energy counts one direction over the period."""

Quality = Literal["good", "suspect", "bad"]

UNITS: Final[dict[str, dict[str, Fraction]]] = {
    "active_power": {"W": Fraction(1), "kW": Fraction(1_000), "MW": Fraction(1_000_000)},
    "active_energy_import": {"W.h": Fraction(1), "kW.h": Fraction(1_000)},
    "active_energy_export": {"W.h": Fraction(1), "kW.h": Fraction(1_000)},
    "wind_speed": {"m/s": Fraction(1), "km/h": Fraction(10, 36)},
    "air_temperature": {"Cel": Fraction(1)},
    "irradiance": {"W/m2": Fraction(1), "kW/m2": Fraction(1_000)},
    "state_of_charge": {"%": Fraction(1)},
}
"""UCUM unit → factor to the base unit of the quantity (W, W.h, m/s, Cel, W/m2, %)."""

BASE_UNITS: Final[dict[str, str]] = {
    "active_power": "W",
    "wind_speed": "m/s",
    "air_temperature": "Cel",
    "irradiance": "W/m2",
    "state_of_charge": "%",
}
"""Unit of each quantity behind the stream. Energy becomes mean ``active_power`` of its period."""

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
    sent_at_ms: Annotated[int, Field(strict=True, ge=0)]
    readings: Annotated[tuple[Reading, ...], Field(min_length=1, max_length=MAX_READINGS)]


class RefusedSeq(Message):
    """A message the gateway took but will never deliver, and why."""

    seq: int
    reason: str


class Receipt(Message):
    """The gateway's word that messages are durable: sent on ``…/receipt`` after Kafka acknowledged.

    ``ranges`` are inclusive ``(first, last)`` sequence numbers of this ``boot_id``. A device
    forgets a message only when a receipt covers it, as delivered or as refused.
    """

    schema_: Annotated[Literal["receipt/1"], Field(alias="schema")] = "receipt/1"
    device_id: Slug
    boot_id: str
    ranges: tuple[tuple[int, int], ...]
    refused: tuple[RefusedSeq, ...] = ()
    issued_at_ms: int
