"""What a server says about the unit of a node (OPC 10000-8, ``EUInformation``), against what the node list says."""

from typing import Final

from gridseal.wire.units import UNITS

UNECE: Final = {
    "C31": "mW",
    "WTT": "W",
    "KWT": "kW",
    "MAW": "MW",
    "A90": "GW",
    "WHR": "W.h",
    "KWH": "kW.h",
    "MWH": "MW.h",
    "JOU": "J",
    "KJO": "kJ",
    "3B": "MJ",
    "MTS": "m/s",
    "KMH": "km/h",
    "CEL": "Cel",
    "D54": "W/m2",
    "P1": "%",
    "C62": "1",
    "D44": "var",
    "KVR": "kvar",
    "MAR": "Mvar",
    "D46": "V.A",
    "KVA": "kV.A",
    "MVA": "MV.A",
    "2Z": "mV",
    "VLT": "V",
    "KVT": "kV",
    "4K": "mA",
    "AMP": "A",
    "B22": "kA",
    "HTZ": "Hz",
    "PAL": "Pa",
    "A97": "hPa",
    "KPA": "kPa",
    "MBR": "mbar",
    "DD": "deg",
    "MMT": "mm",
}
"""Common code of UNECE Recommendation 20 → UCUM."""

_SYMBOLS: Final = {"°C": "Cel", "°": "deg", "Wh": "W.h", "kWh": "kW.h", "MWh": "MW.h", "VA": "V.A", "kVA": "kV.A"}


def unit_id(code: str) -> int:
    """The ``UnitId`` of a common code: its characters as the bytes of one number."""
    return int.from_bytes(code.encode("ascii"), "big")


_BY_ID: Final = {unit_id(code): unit for code, unit in UNECE.items()}


def told_unit(number: int, symbol: str | None) -> str | None:
    """The UCUM unit behind ``UnitId`` and ``DisplayName``; None where neither is known here."""
    known = _BY_ID.get(number)
    if known is not None:
        return known
    text = (symbol or "").strip()
    return _SYMBOLS.get(text, text or None)


def agrees(quantity: str, configured: str, told: str) -> bool | None:
    """Whether two units of a quantity are one and the same size; None where the server's is not known here."""
    units = UNITS[quantity]
    if told in units:
        return units[told] == units[configured]
    known_elsewhere = told in _BY_ID.values() or any(told in others for others in UNITS.values())
    return False if known_elsewhere else None
