"""Where the sun stands and what a sky without clouds would give, from pvlib.

Models: solar position NREL SPA, clear sky Ineichen-Perez (2002) with the Linke turbidity climatology
and the altitude map that pvlib brings. Computed for whole calendar months and rounded to thousandths,
so the same moment has the same figures whatever else is computed with it.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from pvlib.atmosphere import alt2pres
from pvlib.irradiance import clearsky_index
from pvlib.location import Location, lookup_altitude

from streaming_processor.arrays import Floats, Ints, Mask

_FEWEST_W_M2: Final = 20.0
"""Below this clear-sky irradiance the index is noise."""
_INDEX_AT_MOST: Final = 2.0


@dataclass(frozen=True, slots=True)
class Sky:
    """Of the middle of each period. Degrees and W/m²; azimuth from north over east."""

    elevation_deg: Floats
    azimuth_deg: Floats
    ghi_w_m2: Floats
    dni_w_m2: Floats
    dhi_w_m2: Floats


def sky(latitude: float, longitude: float, start_s: Ints, width_s: int) -> Sky:
    """The clear sky over periods that begin at multiples of ``width_s``."""
    months = start_s.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    columns = [np.empty(start_s.shape) for _ in range(5)]
    for month in np.unique(months):
        first_s, table = _month(latitude, longitude, int(month), width_s)
        here = months == month
        rows = (start_s[here] - first_s) // width_s
        for column, values in zip(columns, table, strict=True):
            column[here] = values[rows]
    return Sky(*columns)


def clear_sky_index(irradiance_w_m2: Floats, clear_w_m2: Floats) -> tuple[Floats, Mask]:
    """Measured over clear-sky irradiance, at most 2; unknown where the sun gives almost nothing anyway."""
    known = (clear_w_m2 >= _FEWEST_W_M2) & ~np.isnan(irradiance_w_m2)
    measured = np.where(known, irradiance_w_m2, 0.0)
    index = clearsky_index(measured, np.where(known, clear_w_m2, 1.0), max_clearsky_index=_INDEX_AT_MOST)
    return np.round(index, 6), known


@lru_cache(maxsize=1_000)
def standard_pressure_pa(latitude: float, longitude: float) -> float:
    """Pressure of the standard atmosphere at the altitude of a place."""
    return round(float(alt2pres(lookup_altitude(latitude, longitude))), 3)


@lru_cache(maxsize=128)
def _month(latitude: float, longitude: float, month: int, width_s: int) -> tuple[int, tuple[Floats, ...]]:
    begin = pd.Timestamp(np.datetime64(month, "M").astype("datetime64[s]"), tz="UTC")
    middles = pd.date_range(begin, begin + pd.DateOffset(months=1), freq=f"{width_s}s", inclusive="left")
    middles = middles + pd.Timedelta(seconds=width_s / 2)
    place = Location(latitude, longitude, tz="UTC")
    with warnings.catch_warnings():
        # pvlib 0.16.1 asks pandas for the day of the year by its old name.
        warnings.simplefilter("ignore", pd.errors.Pandas4Warning)
        position = place.get_solarposition(middles)
        clear = place.get_clearsky(middles, model="ineichen", solar_position=position)
    columns = (position["elevation"], position["azimuth"], clear["ghi"], clear["dni"], clear["dhi"])
    return int(begin.timestamp()), tuple(np.round(column.to_numpy(dtype=float), 3) for column in columns)
