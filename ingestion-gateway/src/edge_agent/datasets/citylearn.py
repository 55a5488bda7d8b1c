"""Seventeen homes in Fontana, California: meter and PV, one year, hourly (in ``CityLearn``).

The files have no stamps, only Month, Hour and Day Type. Hour h starts at h on the local wall
clock: the PV centroid jumps by one hour at both clock changes. Row 0 (Sunday, hour 24) is
2016-08-01 00:00. The wall grid has one row for an hour that spring skips, which names no moment
and is left out, and no row for the hour that autumn repeats, which stays a gap.
"""

import io
import json

import numpy as np
import pandas as pd

from edge_agent.datasets.tracks import Channel, Ints, Track, make_track
from edge_agent.datasets.wheel import Members
from edge_agent.fleet import HOMES, home_device

FOLDER = "citylearn/data/citylearn_challenge_2022_phase_all/"
FIRST_HOUR = "2016-08-01 00:00"
ZONE = "America/Los_Angeles"
HOUR_S = 3_600
LOAD = "Equipment Electric Power [kWh]"
PV = "Solar Generation [W/kW]"


def load(wheel: Members) -> list[Track]:
    """Meter (import energy) and PV (mean power) of every home."""
    schema = json.loads(wheel.read(FOLDER + "schema.json"))["buildings"]
    tracks = []
    for number in HOMES:
        name = f"Building_{number}"
        rows = pd.read_csv(io.BytesIO(wheel.read(f"{FOLDER}{name}.csv")), usecols=[LOAD, PV])
        kilowatts_peak = float(schema[name]["pv"]["attributes"]["nominal_power"])
        starts, real = wall_hours(len(rows))
        columns = {"meter": rows[LOAD].to_numpy(), "pv": rows[PV].to_numpy() * kilowatts_peak}
        channels = {"meter": Channel("active_energy_import", "kW.h"), "pv": Channel("active_power", "W")}
        for part, channel in channels.items():
            device_id = home_device(number, part)
            tracks.append(make_track(device_id, HOUR_S, {channel: columns[part][real]}, starts, int((~real).sum())))
    return tracks


def wall_hours(rows: int) -> tuple[Ints, "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    """UTC seconds of the wall-clock hours that exist, and which rows those are."""
    wall = pd.date_range(FIRST_HOUR, periods=rows, freq="h")
    moments = wall.tz_localize(ZONE, ambiguous=np.ones(rows, dtype=bool), nonexistent="NaT")
    real = np.asarray(moments.notna())
    utc = moments[real].tz_convert("UTC").tz_localize(None)
    return utc.to_numpy(dtype="datetime64[s]").astype(np.int64), real
