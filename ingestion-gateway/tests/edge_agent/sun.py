"""Two judges of a clock: the sun above the site, and its reanalysed wind."""

import numpy as np
import pandas as pd
import pvlib

from edge_agent.datasets.tracks import Track


def quantity(track: Track, name: str) -> "pd.Series[float]":
    """One quantity by period start."""
    column = [channel.quantity for channel in track.channels].index(name)
    return pd.Series(track.values[:, column], pd.to_datetime(track.starts_s, unit="s", utc=True))


def minutes_from_noon(
    power: "pd.Series[float]", period_s: int, latitude: float, longitude: float
) -> "pd.Series[float]":
    """By local day, how long after solar noon the middle of the day's energy lies, in minutes."""
    zone_hours = round(longitude / 15)
    days = pd.date_range(power.index[0].floor("D"), power.index[-1].floor("D"), freq="D")
    noons = pvlib.solarposition.sun_rise_set_transit_spa(days, latitude, longitude)["transit"]
    middle = power.index + pd.Timedelta(seconds=period_s / 2)
    frame = pd.DataFrame(
        {"power": power.to_numpy(), "middle": middle, "day": (middle + pd.Timedelta(hours=zone_hours)).floor("D")}
    )
    noon = frame["day"].map(noons)
    frame["off"] = (frame["middle"] - noon).dt.total_seconds() / 60
    frame = frame[frame["off"].abs() < 9 * 60]
    frame["moment"] = frame["off"] * frame["power"]
    sums = frame.groupby("day")[["moment", "power"]].sum()
    whole = frame.groupby("day")["power"].count() >= 0.9 * 18 * 3_600 / period_s
    sums = sums[whole & (sums["power"] > 0.2 * sums["power"].median())]
    return sums["moment"] / sums["power"]


def jump_minutes(offsets: "pd.Series[float]", change: str, weeks: int = 3) -> float:
    """How far the middle of the day moves across a clock change."""
    moment, span = pd.Timestamp(change, tz="UTC"), pd.Timedelta(weeks=weeks)
    before = offsets[(offsets.index >= moment - span) & (offsets.index < moment)]
    after = offsets[(offsets.index > moment) & (offsets.index <= moment + span)]
    assert min(len(before), len(after)) >= 8
    return float(after.median() - before.median())


def best_lag_minutes(signal: "pd.Series[float]", judge: "pd.Series[float]", months: set[int]) -> float:
    """How many minutes the signal comes after the judge, from the peak of their correlation.

    Args:
        signal: 10-min values.
        judge: Hourly samples.
        months: Calendar months to look at.
    """
    smooth = signal.rolling(6, center=True, min_periods=4).mean()
    lags = np.arange(-180, 181, 10)
    inside = judge[judge.index.month.isin(list(months))]
    scores = []
    for lag in lags:
        # smooth is centred on the start of its fourth record: half an hour into its hour.
        shifted = smooth.reindex(inside.index + pd.Timedelta(minutes=int(lag)))
        scores.append(np.corrcoef(*_complete(shifted.to_numpy(), inside.to_numpy()))[0, 1])
    best = int(np.argmax(scores))
    left, peak, right = scores[best - 1 : best + 2]
    return float(lags[best] + 10 * 0.5 * (left - right) / (left - 2 * peak + right))


def _complete(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = ~np.isnan(first) & ~np.isnan(second)
    return first[both], second[both]
