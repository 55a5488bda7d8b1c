"""Quantities that devices report, the UCUM units each may come in, and the exact factor to the base unit.

Besides the usual prefixes every quantity takes the UCUM power-of-ten form of its coherent unit,
``10*3.W`` or ``10*-1.V``: the shape in which IEEE 2030.5, SunSpec and DLMS meters scale their values.
"""

from fractions import Fraction
from typing import Final, Literal

Quantity = Literal[
    "active_power",
    "active_energy_import",
    "active_energy_export",
    "wind_speed",
    "air_temperature",
    "irradiance",
    "state_of_charge",
    "reactive_power",
    "apparent_power",
    "voltage",
    "current",
    "frequency",
    "power_factor",
    "energy_import_register",
    "energy_export_register",
    "relative_humidity",
    "air_pressure",
    "wind_direction",
    "precipitation",
    "cloud_cover",
]
"""``active_power`` is positive when the asset feeds the grid. ``active_energy_*`` counts one direction
over the period; ``energy_*_register`` is the running total of a meter at the end of the period."""

_ENERGY: Final = {
    "W.h": Fraction(1),
    "kW.h": Fraction(1_000),
    "MW.h": Fraction(1_000_000),
    "J": Fraction(1, 3_600),
    "kJ": Fraction(1_000, 3_600),
    "MJ": Fraction(1_000_000, 3_600),
    "W.s": Fraction(1, 3_600),
}
_PERCENT: Final = {"%": Fraction(1), "1": Fraction(100)}

_NAMED: Final[dict[str, dict[str, Fraction]]] = {
    "active_power": {
        "W": Fraction(1),
        "mW": Fraction(1, 1_000),
        "kW": Fraction(1_000),
        "MW": Fraction(1_000_000),
        "GW": Fraction(1_000_000_000),
    },
    "active_energy_import": _ENERGY,
    "active_energy_export": _ENERGY,
    "wind_speed": {"m/s": Fraction(1), "km/h": Fraction(10, 36)},
    "air_temperature": {"Cel": Fraction(1)},
    "irradiance": {"W/m2": Fraction(1), "kW/m2": Fraction(1_000)},
    "state_of_charge": _PERCENT,
    "reactive_power": {"var": Fraction(1), "kvar": Fraction(1_000), "Mvar": Fraction(1_000_000)},
    "apparent_power": {"V.A": Fraction(1), "kV.A": Fraction(1_000), "MV.A": Fraction(1_000_000)},
    "voltage": {"V": Fraction(1), "mV": Fraction(1, 1_000), "kV": Fraction(1_000)},
    "current": {"A": Fraction(1), "mA": Fraction(1, 1_000), "kA": Fraction(1_000)},
    "frequency": {"Hz": Fraction(1), "mHz": Fraction(1, 1_000)},
    "power_factor": {"1": Fraction(1), "%": Fraction(1, 100)},
    "energy_import_register": _ENERGY,
    "energy_export_register": _ENERGY,
    "relative_humidity": _PERCENT,
    "air_pressure": {"Pa": Fraction(1), "hPa": Fraction(100), "kPa": Fraction(1_000), "mbar": Fraction(100)},
    "wind_direction": {"deg": Fraction(1)},
    "precipitation": {"mm": Fraction(1)},
    "cloud_cover": _PERCENT,
}

_COHERENT: Final = {"W", "W.h", "J", "m/s", "W/m2", "var", "V.A", "V", "A", "Hz", "Pa"}
"""Units that are also accepted with a power of ten in front."""
_POWERS: Final = range(-9, 10)


def _with_powers(named: dict[str, Fraction]) -> dict[str, Fraction]:
    scaled = {
        f"10*{n}.{unit}": factor * Fraction(10) ** n
        for unit, factor in named.items()
        if unit in _COHERENT
        for n in _POWERS
    }
    return {**named, **scaled}


UNITS: Final[dict[str, dict[str, Fraction]]] = {quantity: _with_powers(named) for quantity, named in _NAMED.items()}
"""UCUM unit → exact factor to the base unit of the quantity (W.h for ``active_energy_*``)."""

BASE_UNITS: Final[dict[str, str]] = {
    "active_power": "W",
    "wind_speed": "m/s",
    "air_temperature": "Cel",
    "irradiance": "W/m2",
    "state_of_charge": "%",
    "reactive_power": "var",
    "apparent_power": "V.A",
    "voltage": "V",
    "current": "A",
    "frequency": "Hz",
    "power_factor": "1",
    "energy_import_register": "W.h",
    "energy_export_register": "W.h",
    "relative_humidity": "%",
    "air_pressure": "Pa",
    "wind_direction": "deg",
    "precipitation": "mm",
    "cloud_cover": "%",
}
"""Unit of each quantity behind the stream, in the order of their numbers in the database.
``active_energy_*`` becomes mean ``active_power`` of its period."""

ENERGY_SIGN: Final = {"active_energy_import": -1, "active_energy_export": 1}
"""Direction of each quantity that becomes power: import takes from the grid, and positive feeds it."""


def stored_as(quantity: str) -> str:
    """What a quantity on the wire is behind the stream, where series take it."""
    return "active_power" if quantity in ENERGY_SIGN else quantity
