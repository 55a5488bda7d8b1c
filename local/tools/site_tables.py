"""Writes the demo's sites as tables for ``make backtest SET=sites-6h``: one Parquet file a kind.

The same loaders as the edge agent's, so the same corrected clocks; windows as the stream builds them,
mean power over a period that readings cover whole. Stamps are those of the sources, not of the demo.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from edge_agent.datasets.sources import SOURCES, load_source
from edge_agent.datasets.tracks import Floats, Track

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
OUT = LOCAL / "backtest" / "data" / "sites-6h"
WATTS = {"W": 1.0, "kW": 1_000.0}
HOUR_S = 3_600


def kind_of(device_id: str) -> tuple[str, int] | None:
    """Kind of a device's series and its resolution; None for what is not forecast."""
    if device_id.startswith("lhb-r"):
        return "wind", 900
    if device_id == "nrel-pv-ac":
        return "pv", 900
    if device_id == "uk-household-meter":
        return "household", HOUR_S
    if device_id.startswith("home-"):
        return ("home_pv" if device_id.endswith("-pv") else "home_load"), HOUR_S
    return None


def power_w(track: Track) -> Floats:
    """Mean power of each record, W, in the series' own direction."""
    channel = track.channels[0]
    values = track.values[:, 0]
    if channel.unit == "kW.h":
        return np.asarray(values * 1_000.0 * HOUR_S / track.period_s)
    return np.asarray(values * WATTS[channel.unit])


def windows(track: Track, resolution_s: int) -> tuple[int, Floats]:
    """First window's start and the mean power of each window; NaN where readings do not cover it."""
    fine = int(np.gcd(track.period_s, resolution_s))
    first = int(track.starts_s[0]) // resolution_s * resolution_s
    last = -(-(int(track.starts_s[-1]) + track.period_s) // resolution_s) * resolution_s
    steps = np.full((last - first) // fine, np.nan)
    at = (track.starts_s - first) // fine
    for part in range(track.period_s // fine):
        # Of equal stamps the first counts, so the last is written first.
        steps[at[::-1] + part] = power_w(track)[::-1]
    return first, steps.reshape(-1, resolution_s // fine).mean(axis=1)


def main() -> int:
    """Read the wheels that set-up has downloaded and write the tables."""
    rows: dict[str, list[pd.DataFrame]] = {}
    for source in SOURCES:
        for track in load_source(source, LOCAL / "wheels", LOCAL / "cache" / "edge-agent"):
            found = kind_of(track.device_id)
            if found is None:
                continue
            kind, resolution_s = found
            first, values = windows(track, resolution_s)
            starts = first + np.arange(len(values)) * resolution_s
            stamps = pd.to_datetime(starts, unit="s", utc=True)
            rows.setdefault(kind, []).append(
                pd.DataFrame({"period_start": stamps, "series": track.device_id, "power_w": values})
            )
    OUT.mkdir(parents=True, exist_ok=True)
    for kind, tables in rows.items():
        table = pd.concat(tables, ignore_index=True)
        table.to_parquet(OUT / f"{kind}.parquet", index=False)
        missing = int(table["power_w"].isna().sum())
        print(f"{kind}: {table['series'].nunique()} series, {len(table)} rows, {missing} missing")
    return 0


if __name__ == "__main__":
    sys.exit(main())
