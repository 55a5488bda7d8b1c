"""The spellings of units that meters use, in UCUM."""

from typing import Final

_SPELLINGS: Final = {
    "Wh": "W.h",
    "kWh": "kW.h",
    "MWh": "MW.h",
    "Ws": "W.s",
    "VA": "V.A",
    "kVA": "kV.A",
    "MVA": "MV.A",
    "VAr": "var",
    "VAR": "var",
    "kvar": "kvar",
    "kVAr": "kvar",
    "kVAR": "kvar",
    "MVAr": "Mvar",
    "C": "Cel",
    "degC": "Cel",
    "°C": "Cel",
    "%RH": "%",
    "Pct": "%",
    "/": "1",
    "": "1",
    "W/m²": "W/m2",
    "W/m^2": "W/m2",
    "°": "deg",
}
_POWERS: Final = frozenset({"W", "W.h", "J", "m/s", "W/m2", "var", "V.A", "V", "A", "Hz", "Pa"})


def ucum(unit: str) -> str:
    """The UCUM form of a unit as meters write it; unknown spellings stay as they are."""
    return _SPELLINGS.get(unit, unit)


def scaled(value: float, power: int, unit: str) -> tuple[float, str]:
    """A value times a power of ten: in the unit where UCUM has a form for it, so that the number stays exact."""
    if power == 0:
        return value, unit
    if unit in _POWERS and -9 <= power <= 9:
        return value, f"10*{power}.{unit}"
    return (value * 10**power if power > 0 else value / 10**-power), unit
