"""Values in the unit of the device become whole thousandths of the base unit, exactly.

The result is that of exact rational arithmetic on the 64-bit float that travelled, rounded half to
even. Floating point does the bulk; the few values so near a tie that its error could matter are
computed with fractions.
"""

from fractions import Fraction
from typing import Final

import numpy as np

from streaming_processor.arrays import Floats, Ints, Mask
from streaming_processor.quantities import CONVERSIONS, Conversion

MAX_MILLI: Final = 2**50
"""Results beyond this are not computed; every range of ``quality.rules`` lies far inside."""
_ERROR: Final = 2.0**-51
"""Bound of the relative error of one multiplication and one division, doubled."""

_NUMERATOR: Final = np.array([c.factor.numerator for c in CONVERSIONS], np.float64)
_DENOMINATOR: Final = np.array([c.factor.denominator for c in CONVERSIONS], np.float64)
_PER_PERIOD: Final = np.array([c.per_period for c in CONVERSIONS])


def exact_milli(value: float, conversion: Conversion, period_s: int) -> int:
    """The definition: one value by rational arithmetic."""
    scaled = Fraction(value) * conversion.factor
    return round(scaled / period_s if conversion.per_period else scaled)


def to_milli(values: Floats, conversion: Ints, period_s: Ints) -> tuple[Ints, Mask]:
    """Convert many values.

    Args:
        values: Finite, in the unit of the device.
        conversion: Index into ``CONVERSIONS`` for each value.
        period_s: Length of the period of each value, more than 0.

    Returns:
        The integers, and where they are valid: elsewhere the result exceeds ``MAX_MILLI`` and is 0.
    """
    divisor = _DENOMINATOR[conversion] * np.where(_PER_PERIOD[conversion], period_s, 1)
    approximate = values * _NUMERATOR[conversion] / divisor
    fits = np.abs(approximate) <= MAX_MILLI
    approximate = np.where(fits, approximate, 0.0)
    milli = np.rint(approximate).astype(np.int64)
    to_tie = np.abs(approximate - np.floor(approximate) - 0.5)
    for i in np.flatnonzero(fits & (to_tie <= np.abs(approximate) * _ERROR + 1e-12)):
        milli[i] = exact_milli(float(values[i]), CONVERSIONS[conversion[i]], int(period_s[i]))
    return milli, fits
