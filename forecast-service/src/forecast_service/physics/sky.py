"""The most that the sun can give at a place and time, from its position and a clean, dry atmosphere."""

from functools import lru_cache

import numpy as np
import pandas as pd
from pvlib.clearsky import simplified_solis
from pvlib.solarposition import get_solarposition

from forecast_service.model.grid import Floats

STANDARD_W_M2 = 1_000.0
"""Irradiance at which a module gives its rating."""
CLEAN_AOD, DRY_CM = 0.05, 0.5
"""Aerosol depth at 700 nm and precipitable water of a very clear day: an upper limit, not a typical one."""
SAMPLES = 5
"""Moments looked at within a period, its ends among them."""
HORIZON_DEG = -1.0
"""Apparent elevation of the sun's center below which no direct or scattered light is worth counting."""


@lru_cache(maxsize=512)
def clear_sky_share(latitude: float, longitude: float, first_s: int, resolution_s: int, periods: int) -> Floats:
    """Most irradiance on a plane of any tilt, as a share of 1000 W/m²: ``(periods,)``, 0 at night.

    Direct plus diffuse light of the simplified Solis model (Ineichen 2008, in pvlib), the largest of ``SAMPLES``
    moments in each period. A plane that faces the sun gets all of the direct light; no plane gets more.

    Args:
        latitude: Degrees north.
        longitude: Degrees east.
        first_s: Unix seconds at which the first period starts.
        resolution_s: Width of a period.
        periods: How many.
    """
    offsets = np.linspace(0, resolution_s, SAMPLES)
    moments = first_s + resolution_s * np.arange(periods)[:, None] + offsets
    stamps = pd.DatetimeIndex(pd.to_datetime(moments.ravel(), unit="s", utc=True))
    sun = get_solarposition(stamps, latitude, longitude, method="nrel_numpy")
    elevation = sun["apparent_elevation"].to_numpy(dtype=np.float64)
    sky = simplified_solis(np.maximum(elevation, 0.0), aod700=CLEAN_AOD, precipitable_water=DRY_CM)
    light = np.asarray(sky["dni"], dtype=np.float64) + np.asarray(sky["dhi"], dtype=np.float64)
    share = np.where(elevation > HORIZON_DEG, light / STANDARD_W_M2, 0.0).reshape(periods, SAMPLES)
    return np.asarray(share.max(axis=1))
