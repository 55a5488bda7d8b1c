"""A PV system in Golden, Colorado, and its satellite weather (NREL PVDAQ and NSRDB, in ``pvanalytics``).

AC stamps stand in the column ``measured_on``, labelled -07:00, but their digits are the Denver wall
clock: with the label taken at its word the offset to the irradiance jumps by one hour at each clock
change. Stamps in the hour that spring skips name no moment, stamps in the hour that autumn
repeats name two; both are at night and are left out. The weather file's -07:00 is true all year;
its values are samples at the stamp.
"""

import io

import numpy as np
import pandas as pd

from edge_agent.datasets.tracks import Channel, Ints, Track, make_track
from edge_agent.datasets.wheel import Members

STEM = "pvanalytics/data/system_50_ac_power_2_full_DST"
ZONE = "America/Denver"
AC_S = 900
WEATHER_S = 1_800


def load(wheel: Members) -> list[Track]:
    """AC power at 15 min, irradiance and temperature at 30 min."""
    return [_power(wheel), _weather(wheel)]


def _power(wheel: Members) -> Track:
    rows = pd.read_parquet(io.BytesIO(wheel.read(f"{STEM}.parquet")))
    wall = rows["measured_on"].dt.tz_localize(None)
    moments = wall.dt.tz_localize(ZONE, ambiguous="NaT", nonexistent="NaT")
    real = moments.notna()
    columns = {Channel("active_power", "W"): rows.loc[real, "ac_power_2"].to_numpy()}
    return make_track("nrel-pv-ac", AC_S, columns, _seconds(moments[real]), int((~real).sum()))


def _weather(wheel: Members) -> Track:
    rows = pd.read_parquet(io.BytesIO(wheel.read(f"{STEM}_psm3.parquet")))
    columns = {
        Channel("irradiance", "W/m2"): rows["ghi"].to_numpy(),
        Channel("air_temperature", "Cel"): rows["temp_air"].to_numpy(),
    }
    return make_track("nrel-pv-weather", WEATHER_S, columns, _seconds(rows["index"]))


def _seconds(moments: "pd.Series[pd.Timestamp]") -> Ints:
    utc = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    return utc.to_numpy(dtype="datetime64[s]").astype(np.int64)
