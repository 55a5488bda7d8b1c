"""Rung 4: the last stored forecast, with its age and wider bands. Pure."""

import numpy as np

from forecast_service.model.grid import DAY_S, Floats, Ints
from forecast_service.model.levels import at_levels, to_milli
from forecast_service.ports import QuantileForecast, StoredForecast
from forecast_service.products.plan import Delivery
from gridseal.wire.catalog import SeriesKind

RUNG = 4
WIDENS_S = 21_600
"""Age at which bands are the square root of two times as wide as they were stored."""
_NEVER_NEGATIVE: frozenset[SeriesKind] = frozenset({"pv", "home_pv", "home_load", "household", "demand"})


def from_stored(stored: StoredForecast, delivery: Delivery, levels_bps: tuple[int, ...]) -> QuantileForecast | None:
    """Say again what was said last, for the periods of ``delivery``; none where the resolution is another one.

    A period that the stored forecast covered gets its quantiles, one on a later day those of the same time of day. Any
    other gets the widest of them: the lowest of each level below the middle, the highest of each above, their mean at
    it. Bands then widen around the middle with the age of the forecast and the width of what was there.
    """
    if stored.resolution_s != delivery.resolution_s:
        return None
    slot_s = int(delivery.slot.timestamp())
    age_s = max(slot_s - stored.slot_s, 0)
    values = at_levels(stored.values_milli / 1_000, stored.levels_bps, levels_bps)
    targets = delivery.first_s + np.arange(delivery.periods) * delivery.resolution_s
    values = _widened(_at(values, targets, stored), levels_bps, age_s)
    if stored.kind in _NEVER_NEGATIVE:
        values = np.maximum(values, 0.0)
    return QuantileForecast(
        series_id=stored.series_id,
        first_target_s=delivery.first_s,
        values_milli=to_milli(values),
        model="stored",
        rung=RUNG,
        data_age_s=age_s + stored.data_age_s,
    )


def _at(values: Floats, targets: Ints, stored: StoredForecast) -> Floats:
    """Stored quantiles at target periods: ``(T, Q)``."""
    place = (targets - stored.first_target_s) // stored.resolution_s
    per_day, count = DAY_S // stored.resolution_s, len(values)
    if place.size and count:
        days_back = np.maximum(-(-(place - count + 1) // per_day), 0)
        place = place - days_back * per_day
    inside = (place >= 0) & (place < count)
    return np.asarray(np.where(inside[:, None], values[np.clip(place, 0, count - 1)], _widest(values)))


def _widest(values: Floats) -> Floats:
    """One distribution that holds every stored one: ``(Q,)``."""
    middle = np.median(np.arange(values.shape[-1]))
    low, high = values.min(axis=0), values.max(axis=0)
    level = np.arange(values.shape[-1])
    return np.asarray(np.where(level < middle, low, np.where(level > middle, high, values.mean(axis=0))))


def _widened(values: Floats, levels_bps: tuple[int, ...], age_s: int) -> Floats:
    """Bands around the middle, wider by the square root of one plus age over ``WIDENS_S``."""
    middle = at_levels(values, levels_bps, (5_000,)) if len(levels_bps) > 1 else values
    return np.asarray(middle + (values - middle) * np.sqrt(1 + age_s / WIDENS_S))
