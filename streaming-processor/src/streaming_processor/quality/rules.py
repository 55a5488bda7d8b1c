"""The rules, as data: what each quantity can be, and when it is doubted.

Bounds are in thousandths of the base unit. Outside ``range`` a reading is refused from the windows
and kept with its reason; a doubtful one is stored as ``suspect`` and takes part.
"""

from dataclasses import dataclass
from typing import Final, Literal

from streaming_processor.quantities import STORED

Reason = Literal[
    "undecodable",
    "unknown_device",
    "unknown_quantity",
    "unit",
    "period",
    "time",
    "value",
    "device_bad",
    "range",
]
"""Why a reading, or for ``undecodable`` a whole message, is not in ``telemetry.readings``."""


@dataclass(frozen=True, slots=True)
class QuantityRule:
    """Limits of one stored quantity."""

    low: int
    high: int
    stuck_after: int | None
    """So many equal non-zero values in a row make a sensor suspect; None where that is normal."""
    unit: str


RULES: Final[dict[str, QuantityRule]] = {
    "active_power": QuantityRule(-(10**13), 10**13, 12, "W"),
    "wind_speed": QuantityRule(0, 75_000, 12, "m/s"),
    "air_temperature": QuantityRule(-50_000, 60_000, 24, "Cel"),
    "irradiance": QuantityRule(-10_000, 1_600_000, 12, "W/m2"),
    "state_of_charge": QuantityRule(0, 100_000, None, "%"),
    "reactive_power": QuantityRule(-(10**13), 10**13, None, "var"),
    "apparent_power": QuantityRule(0, 10**13, None, "V.A"),
    "voltage": QuantityRule(0, 10**9, 12, "V"),
    "current": QuantityRule(-(10**9), 10**9, None, "A"),
    "frequency": QuantityRule(40_000, 70_000, 12, "Hz"),
    "power_factor": QuantityRule(-1_000, 1_000, None, "1"),
    "energy_import_register": QuantityRule(0, 10**13, None, "W.h"),
    "energy_export_register": QuantityRule(0, 10**13, None, "W.h"),
    "relative_humidity": QuantityRule(0, 105_000, 24, "%"),
    "air_pressure": QuantityRule(50_000_000, 110_000_000, 24, "Pa"),
    "wind_direction": QuantityRule(0, 360_000, 24, "deg"),
    "precipitation": QuantityRule(0, 500_000, None, "mm"),
    "cloud_cover": QuantityRule(0, 100_000, None, "%"),
}
RATING_NUMERATOR: Final = 11
RATING_DENOMINATOR: Final = 10
"""More than 11/10 of the rating is suspect: sensors and ratings are not better than that."""

BY_NUMBER: Final[tuple[QuantityRule, ...]] = tuple(RULES[name] for name in STORED)

EARLIEST_S: Final = 946_684_800
"""2000-01-01: a period before it comes from a clock that was never set."""
FUTURE_S: Final = 3_600
"""A period may end at most this long after domain now."""
