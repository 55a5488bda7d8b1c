"""How far coverage is off, two to four weeks after the level of real demand shifted.

EIA-930 hourly demand of eight balancing authorities (Ruggles et al., CC BY 4.0), forecast day-ahead at noon: half the
value of a week before, half the mean of the last seven days, with the quantiles of what that missed in the 220 days
until 80 days before. On seven days of 2018 and 2019 a share of the area's range is added from then on. ``seen``: the
forecast has its values from the shifted series, as a model in service has; ``unseen``: it has them from the series
without the shift, as a model that never notices. Off is the mean coverage of days 15 to 28 against what the band
claims, in points, over the 56 cases.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast_service.calibration.rolling import RollingCalibration
from forecast_service.model.grid import DAY_S, Floats
from forecast_service.model.levels import SITE_LEVELS_BPS, probabilities
from tests.bench.figures import ROOT, Figure

EIA = ROOT.parent / "shared" / "data" / "eia930_8ba_2015_2020_hourly_flags_forecast.parquet"
SHIFT_DAYS = range(1_000, 1_500, 80)
CASES = (("seen", 0.15), ("seen", 0.3), ("unseen", 0.15), ("unseen", 0.3))
BANDS = {80: (1, 5), 90: (0, 6)}
GOAL_POINTS = 3.0
BEFORE, AFTER = 75, 30
"""Days forecast before and after the shift."""


def measure() -> Iterator[Figure]:
    """Points that the 80 and 90 % bands are off, calibrated and as they come."""
    areas = [area["cleaned_mw"].to_numpy(dtype=np.float64) for _, area in pd.read_parquet(EIA).groupby("ba")]
    for sees, share in CASES:
        own: dict[int, list[float]] = {band: [] for band in BANDS}
        plain: dict[int, list[float]] = {band: [] for band in BANDS}
        for values in areas:
            for day in SHIFT_DAYS:
                for into, covered in zip((own, plain), _covered(values, day, share, sees == "seen"), strict=True):
                    for band, value in covered.items():
                        into[band].append(value)
        for band in BANDS:
            yield Figure(
                f"forecast_recovery_{sees}_{share * 100:.0f}pct_cover{band}_off_points", _off(own[band], band),
                "points", "less", GOAL_POINTS, "without calibration", _off(plain[band], band), len(own[band]),
            )  # fmt: skip


def _covered(values: Floats, day: int, share: float, seen: bool) -> tuple[dict[int, float], dict[int, float]]:
    """Coverage of days 15 to 28 after the shift, calibrated and not."""
    flat = values[: len(values) // 24 * 24].reshape(-1, 24)
    span = float(np.nanquantile(flat, 0.99) - np.nanquantile(flat, 0.01))
    shifted = flat.copy()
    shifted[day:] += share * span
    past = range(day - 300, day - 80)
    missed = np.stack([flat[d + 1] - _point(flat, d) for d in past])
    bands = np.nanquantile(missed, probabilities(SITE_LEVELS_BPS), axis=0).T
    issued = np.arange(day - BEFORE, day + AFTER)
    point = np.stack([_point(shifted if seen else flat, int(d)) for d in issued])
    raw, actual = point[..., None] + bands, shifted[issued + 1]
    ends_s = (issued[:, None] + 1) * DAY_S + 3_600 * (1 + np.arange(24))
    moved = RollingCalibration(SITE_LEVELS_BPS).run(
        raw[None], actual[None], issued * DAY_S + 12 * 3_600, ends_s, ["area"], np.array([span])
    )[0]
    judged = slice(BEFORE - 1 + 14, BEFORE - 1 + 28)
    return _shares(actual[judged], moved[judged]), _shares(actual[judged], raw[judged])


def _point(days: Floats, day: int) -> Floats:
    """Forecast for the day after ``day`` from the days before it."""
    return np.asarray(0.5 * np.nanmean(days[day - 7 : day], axis=0) + 0.5 * days[day - 6])


def _shares(actual: Floats, quantiles: Floats) -> dict[int, float]:
    return {
        band: float(((actual >= quantiles[..., low]) & (actual <= quantiles[..., high])).mean())
        for band, (low, high) in BANDS.items()
    }


def _off(shares: list[float], band: int) -> float:
    return abs(float(np.mean(shares)) * 100 - band)
