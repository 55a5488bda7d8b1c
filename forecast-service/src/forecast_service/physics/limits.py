"""Limits of the power of a series, period by period, and quantiles within them. Pure."""

from dataclasses import dataclass

import numpy as np

from forecast_service.model.grid import Floats
from forecast_service.model.kinds import SOLAR
from forecast_service.physics.sky import clear_sky_share
from gridseal.wire.catalog import Series, Site

WIND_OWN_USE_SHARE = 0.03
"""A turbine that stands still draws power for its own needs: up to this share of its capacity."""
NO_LIMIT = np.inf
NEVER_NEGATIVE = frozenset({"home_load", "household", "demand"})
"""Kinds that only draw power."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a series can do. ``(H,)`` each, W in the direction of the series, ``low_w <= high_w``."""

    low_w: Floats
    high_w: Floats


def limits_of(series: Series, site: Site | None, first_s: int, periods: int) -> Limits | None:
    """Limits of the periods from ``first_s`` on; none where nothing limits the series.

    Loads: nothing below 0. PV: nothing below 0; nothing at all at night; by day its capacity times the clear-sky
    share of its place, at most its capacity. Wind: its capacity, and its own use when it stands still. Without a
    known capacity only the sign and the night count.
    """
    if series.kind in NEVER_NEGATIVE and series.direction == "from_grid":
        return Limits(np.zeros(periods), np.full(periods, NO_LIMIT))
    if series.direction != "into_grid":
        return None
    capacity = float(series.capacity_w) if series.capacity_w is not None else NO_LIMIT
    if series.kind == "wind":
        if series.capacity_w is None:
            return None
        return Limits(np.full(periods, -WIND_OWN_USE_SHARE * capacity), np.full(periods, capacity))
    if series.kind not in SOLAR:
        return None
    high = np.full(periods, capacity)
    if site is not None:
        share = clear_sky_share(site.latitude, site.longitude, first_s, series.resolution_s, periods)
        day = share > 0
        high = np.where(day, capacity * np.where(day, np.minimum(share, 1.0), 1.0), 0.0)
    return Limits(np.zeros(periods), high)


def within(quantiles: Floats, limits: Limits) -> Floats:
    """Quantiles ``(H, Q)`` cut to the limits of their periods: what is in order stays in order."""
    return np.clip(quantiles, limits.low_w[:, None], limits.high_w[:, None])
