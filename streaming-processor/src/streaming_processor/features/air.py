"""What air does to turbines, buildings and people: density, wind at hub height, felt temperature, degree hours."""

import math
from typing import Final

import numpy as np
from windpowerlib.density import ideal_gas
from windpowerlib.wind_speed import hellman, logarithmic_profile

from streaming_processor.arrays import Floats

BASE_C: Final = 18.3
"""65 °F: no heating or cooling is needed at this mean temperature (S3)."""
_ZERO_C: Final = 273.15
_VAPOR_SHARE: Final = 0.378
"""1 - ratio of the molar masses of water and dry air."""


def vapor_pressure_hpa(temperature_c: Floats, humidity_pct: Floats) -> Floats:
    """Partial pressure of water (Tetens, in the form of the Bureau of Meteorology)."""
    saturated = [6.105 * math.exp(17.27 * t / (237.7 + t)) if t > -200 else 0.0 for t in temperature_c.tolist()]
    share: Floats = humidity_pct / 100
    pressure: Floats = share * np.array(saturated, float)
    return pressure


def density_kg_m3(temperature_c: Floats, pressure_pa: Floats, humidity_pct: Floats | None = None) -> Floats:
    """Ideal gas law (windpowerlib), with the lighter water vapor taken into account where humidity is known."""
    moist = np.full(temperature_c.shape, np.nan) if humidity_pct is None else humidity_pct
    damp = ~np.isnan(moist)
    vapor_pa = np.where(
        damp, vapor_pressure_hpa(np.where(damp, temperature_c, 0.0), np.where(damp, moist, 0.0)) * 100, 0.0
    )
    effective = pressure_pa - _VAPOR_SHARE * vapor_pa
    return np.round(np.asarray(ideal_gas(effective, 0.0, 0.0, temperature_c + _ZERO_C), float), 6)


def hub_speed_m_s(speed_m_s: Floats, measured_at_m: float, hub_m: float, *, roughness_m: float | None = None) -> Floats:
    """Wind at hub height: logarithmic profile where the roughness length is known, else Hellman's power law (1/7)."""
    if roughness_m is not None:
        return np.asarray(logarithmic_profile(speed_m_s, measured_at_m, hub_m, roughness_m), float)
    return np.asarray(hellman(speed_m_s, measured_at_m, hub_m, None, 1 / 7), float)


def apparent_temperature_c(temperature_c: Floats, humidity_pct: Floats, speed_m_s: Floats) -> Floats:
    """Steadman (1994) without radiation, as the Bureau of Meteorology publishes it."""
    known = ~(np.isnan(temperature_c) | np.isnan(humidity_pct) | np.isnan(speed_m_s))
    vapor = vapor_pressure_hpa(np.where(known, temperature_c, 0.0), np.where(known, humidity_pct, 0.0))
    felt = temperature_c + 0.33 * vapor - 0.70 * speed_m_s - 4.00
    return np.where(known, np.round(felt, 3), np.nan)


def cooling_degree_hours(temperature_c: Floats) -> Floats:
    """Kelvin above the base; NaN stays NaN."""
    return np.maximum(0.0, np.round(temperature_c - BASE_C, 3))


def heating_degree_hours(temperature_c: Floats) -> Floats:
    """Kelvin below the base; NaN stays NaN."""
    return np.maximum(0.0, np.round(BASE_C - temperature_c, 3))
