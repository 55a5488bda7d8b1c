"""A battery gives what it holds and takes what it has room for. Pure."""

from dataclasses import dataclass

import numpy as np

from forecast_service.model.grid import Floats

HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Battery:
    """What bounds the power of a battery."""

    capacity_wh: float
    stored_wh: float
    """At the slot."""
    rating_w: float | None = None


def within_energy(paths_w: Floats, battery: Battery, resolution_s: int, lead_in_s: int = 0) -> Floats:
    """Power paths that the energy allows: ``(..., H)`` W, positive out of the battery.

    Period by period: no more comes out than is left, no more goes in than there is room for, never more than the
    rating. A path that is cut goes on with what the cut left.

    Args:
        paths_w: ``(..., H)`` W.
        battery: Its limits, and what it holds at the slot.
        resolution_s: Width of a period.
        lead_in_s: Seconds between the slot and the first period; as they are not forecast, the battery may have
            given or taken in them whatever its rating allows.
    """
    hours = resolution_s / HOUR_S
    slack = (battery.rating_w if battery.rating_w is not None else np.inf) * lead_in_s / HOUR_S if lead_in_s else 0.0
    low = np.full(paths_w.shape[:-1], max(battery.stored_wh - slack, 0.0))
    high = np.full(paths_w.shape[:-1], min(battery.stored_wh + slack, battery.capacity_wh))
    rating = np.inf if battery.rating_w is None else battery.rating_w
    out = np.empty(paths_w.shape)
    for h in range(paths_w.shape[-1]):
        # ``low`` and ``high`` hold the least and most that the battery may hold; what one of them allows is possible.
        most, least = np.minimum(high / hours, rating), -np.minimum((battery.capacity_wh - low) / hours, rating)
        out[..., h] = np.clip(paths_w[..., h], least, most)
        low = np.clip(low - out[..., h] * hours, 0.0, battery.capacity_wh)
        high = np.clip(high - out[..., h] * hours, 0.0, battery.capacity_wh)
    return out
