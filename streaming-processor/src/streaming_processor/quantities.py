"""Numbers for the names of the wire: quantities as devices send them, and as the stores keep them."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, get_args

from gridseal.wire.telemetry import Quality
from gridseal.wire.units import BASE_UNITS, ENERGY_SIGN, UNITS, Quantity

SENT: Final[tuple[str, ...]] = get_args(Quantity)
"""Quantities on the wire; the position is the number used in arrays."""
STORED: Final[tuple[str, ...]] = tuple(BASE_UNITS)
"""Quantities behind the stream; position + 1 is ``quantity_no`` in the database."""
QUALITIES: Final[tuple[str, ...]] = get_args(Quality)
"""``good``, ``suspect``, ``bad``; the position is the number in the database."""
GOOD: Final = QUALITIES.index("good")
SUSPECT: Final = QUALITIES.index("suspect")
BAD: Final = QUALITIES.index("bad")


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a value in one unit becomes thousandths of the base unit."""

    sent: int
    unit: str
    stored: int
    factor: Fraction
    """Exact; for energy the result still has to be divided by the period in seconds."""
    per_period: bool


def _conversion(sent: int, quantity: str, unit: str, to_base: Fraction) -> Conversion:
    if quantity in ENERGY_SIGN:
        factor = to_base * 1_000 * 3_600 * ENERGY_SIGN[quantity]
        return Conversion(sent, unit, STORED.index("active_power"), factor, per_period=True)
    return Conversion(sent, unit, STORED.index(quantity), to_base * 1_000, per_period=False)


CONVERSIONS: Final[tuple[Conversion, ...]] = tuple(
    _conversion(i, quantity, unit, factor)
    for i, quantity in enumerate(SENT)
    for unit, factor in UNITS[quantity].items()
)
POWER_SOURCES: Final[frozenset[str]] = frozenset({"active_power", *ENERGY_SIGN})
"""Quantities that all become ``active_power``: a device may send only one of them."""
