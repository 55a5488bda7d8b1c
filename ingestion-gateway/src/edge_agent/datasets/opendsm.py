"""One household in Great Britain: electricity and outdoor temperature, hourly (samples of ``opendsm``).

Stamps are UTC as they say: the daily shape of the load moves by one hour against them at each
clock change, as people do, and the temperature does not, as the sun does not. Where the home is
was never published.
"""

import gzip
import io

import numpy as np
import pandas as pd

from edge_agent.datasets.tracks import Channel, Ints, Track, make_track
from edge_agent.datasets.wheel import Members

FOLDER = "opendsm/eemeter/samples/"
HOUR_S = 3_600


def load(wheel: Members) -> list[Track]:
    """The meter (import energy) and the weather station (temperature)."""
    meter = _csv(wheel, "uk-electricity-hdd-only-hourly-sample-0.csv.gz")
    weather = _csv(wheel, "uk-tempC-sample-0.csv.gz")
    energy = {Channel("active_energy_import", "kW.h"): meter["value"].to_numpy()}
    temperature = {Channel("air_temperature", "Cel"): weather["tempC"].to_numpy()}
    return [
        make_track("uk-household-meter", HOUR_S, energy, _seconds(meter["start"])),
        make_track("uk-household-weather", HOUR_S, temperature, _seconds(weather["dt"])),
    ]


def _csv(wheel: Members, name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(gzip.decompress(wheel.read(FOLDER + name))))


def _seconds(stamps: "pd.Series[str]") -> Ints:
    moments = pd.to_datetime(stamps, utc=True).dt.tz_localize(None)
    return moments.to_numpy(dtype="datetime64[s]").astype(np.int64)
