"""The drift score that every forecast carries: how far a series' last week lies from the four before. Pure."""

import numpy as np

from forecast_service.monitoring.distribution import ks_distance
from forecast_service.ports import Floats, SeriesHistory

DAY_S = 86_400
RECENT_S, REFERENCE_S = 7 * DAY_S, 28 * DAY_S
LEAST_SHARE = 0.25
"""Of the periods of a span that must have a window: less says nothing about a distribution."""


def drift_score(history: SeriesHistory, slot_s: int) -> float | None:
    """Kolmogorov-Smirnov distance between the last 7 days before a slot and the 28 days before those.

    Whole days on both sides, so that the daily cycle weighs the same. 0: alike; 1: nothing in common. None where
    either side has less than a quarter of its windows.

    Args:
        history: Windows of the series; those that ended after the slot are left out.
        slot_s: Unix seconds.
    """
    recent = _between(history, slot_s - RECENT_S, slot_s)
    reference = _between(history, slot_s - RECENT_S - REFERENCE_S, slot_s - RECENT_S)
    if recent is None or reference is None:
        return None
    return ks_distance(reference, recent)


def _between(history: SeriesHistory, since_s: int, until_s: int) -> Floats | None:
    step = history.series.resolution_s
    first, last = ((moment - history.start_s) // step for moment in (since_s, until_s))
    values = history.values[max(first, 0) : max(last, 0)]
    known = values[np.isfinite(values)]
    return known if len(known) >= LEAST_SHARE * (until_s - since_s) / step else None
