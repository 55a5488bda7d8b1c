"""Values of devices become whole thousandths of the base unit: the integers of exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridseal.wire.units import UNITS
from streaming_processor.quantities import CONVERSIONS, SENT
from streaming_processor.transforms.units import MAX_MILLI, to_milli

conversions = st.integers(0, len(CONVERSIONS) - 1)
periods = st.integers(1, 86_400)
# Halves of thousandths are where rounding is decided.
near_ties = st.builds(
    lambda n, d: n / d, st.integers(-(10**9), 10**9), st.sampled_from([2, 20, 2_000, 2_000_000, 3_600])
)
values = st.floats(-1e12, 1e12) | near_ties | st.floats(-2.0, 2.0)


def by_definition(value: float, number: int, period_s: int) -> int:
    """Written from ``gridseal.wire`` alone."""
    conversion = CONVERSIONS[number]
    quantity = SENT[conversion.sent]
    base = Fraction(value) * UNITS[quantity][conversion.unit]
    if quantity == "active_energy_import":
        base = -base * 3_600 / period_s
    if quantity == "active_energy_export":
        base = base * 3_600 / period_s
    return round(base * 1_000)


@given(st.lists(st.tuples(values, conversions, periods), min_size=1, max_size=20))
def test_the_integer_is_that_of_exact_arithmetic(cases: list[tuple[float, int, int]]) -> None:
    milli, fits = to_milli(*(np.array(column) for column in zip(*cases, strict=True)))

    for i, (value, conversion, period_s) in enumerate(cases):
        expected = by_definition(value, conversion, period_s)
        if fits[i]:
            assert milli[i] == expected
        else:
            assert abs(expected) >= MAX_MILLI
            assert milli[i] == 0


@pytest.mark.parametrize(
    ("value", "quantity", "unit", "period_s", "expected"),
    [
        (0.0005, "active_power", "W", 600, 1),  # the float is a little more than a half
        (0.5, "active_power", "W", 600, 500),
        (0.0009765625, "irradiance", "W/m2", 600, 1),
        (0.5 / 1024, "wind_speed", "m/s", 600, 0),
        (0.0025, "air_temperature", "Cel", 600, 3),  # a little more than two and a half
        (0.0045, "air_temperature", "Cel", 600, 4),  # a little less than four and a half
        (1.5, "active_energy_import", "kW.h", 3_600, -1_500_000),
        (0.25, "active_energy_export", "kW.h", 900, 1_000_000),
        (36.0, "wind_speed", "km/h", 600, 10_000),
    ],
)
def test_known_values(value: float, quantity: str, unit: str, period_s: int, expected: int) -> None:
    number = next(i for i, c in enumerate(CONVERSIONS) if SENT[c.sent] == quantity and c.unit == unit)

    milli, fits = to_milli(np.array([value]), np.array([number]), np.array([period_s]))

    assert fits[0]
    assert milli[0] == expected == by_definition(value, number, period_s)
