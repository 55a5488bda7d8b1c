"""Tables of series for the tests: a real excerpt, and shapes that real data has now and then."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np

from forecast_service.backtest.ports import TableSeries, Task

LEVELS = (500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_500)
DAY_AHEAD = Task(LEVELS, first_lead=18, horizon=24)
ZONES = {"DUK": "America/New_York", "SRP": "America/Phoenix"}
SOURCE = Path(__file__).parent / "eia930_2ba_2019_hourly.csv"


def eia() -> list[TableSeries]:
    """Two areas, 122 days, hourly."""
    rows = list(csv.DictReader(SOURCE.read_text().splitlines()))
    start = int(datetime.fromisoformat(rows[0]["time_utc"]).timestamp())
    return [
        TableSeries(
            series_id=name,
            start_s=start,
            resolution_s=3_600,
            target=np.array([float(row[name] or "nan") for row in rows]),
            zone=zone,
            country="US",
        )
        for name, zone in ZONES.items()
    ]


def made(target: np.ndarray, resolution_s: int = 3_600, **more: object) -> TableSeries:
    """One series from 2020-01-01 on."""
    return TableSeries("made", 1_577_836_800, resolution_s, np.asarray(target, dtype=np.float64), **more)  # type: ignore[arg-type]


def until(series: TableSeries, days: float) -> int:
    """So many days after its start."""
    return series.start_s + int(days * 86_400)


def daily_issues(series: TableSeries, first_day: int, days: int, hour: int = 10) -> np.ndarray:
    """One issue a day."""
    return series.start_s + (np.arange(first_day, first_day + days) * 24 + hour) * 3_600
