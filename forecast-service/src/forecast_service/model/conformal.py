"""Corrects quantiles by how far they were off on a window they were not fitted on.

Per kind, lead bucket and level: an offset in units of the local band width. Applied only where the
measured coverage is off by more than three points, and the less the fewer days were seen: where
the network is already calibrated a correction costs more than it repairs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.grid import Floats, Ints

BUCKETS = 3
BUCKET_MIDDLES_H = (1.0, 3.0, 5.0)
MIN_ERRORS = 100
TOLERANCE = 0.03
TRUST_DAYS = 5.0
"""Days at which an offset counts half."""
FLOOR_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Calibration:
    """Offsets per kind: ``(3, Q)``, in band widths. A kind that is not in it stays as it is."""

    offsets: Mapping[str, Floats]


def bucket_of(leads: Ints, resolution_s: int) -> Ints:
    """0 for leads up to two hours, 1 up to four, 2 beyond; leads count periods from 1."""
    return np.minimum((leads - 1) * resolution_s // 7_200, BUCKETS - 1)


def band_width(quantiles: Floats, range_w: Floats) -> Floats:
    """Outer band plus a little, so that night divides by something: ``(n, H)`` W."""
    return np.asarray(quantiles[..., -1] - quantiles[..., 0] + FLOOR_SHARE * range_w[:, None])


def offsets_of(
    actual: Floats, quantiles: Floats, range_w: Floats, buckets: Ints, levels: Sequence[float], days: float
) -> Floats:
    """Learn the offsets of one kind.

    Args:
        actual: ``(n, H)`` W, NaN where nothing is to be judged.
        quantiles: ``(n, H, Q)`` W as forecast.
        range_w: ``(n,)``.
        buckets: ``(H,)`` of ``bucket_of``.
        levels: Probabilities, ascending.
        days: Days that the window covers.

    Returns:
        ``(3, Q)``, 0 where the coverage was right or too little was seen.
    """
    out = np.zeros((BUCKETS, len(levels)))
    score = (actual[..., None] - quantiles) / band_width(quantiles, range_w)[..., None]
    for bucket in range(BUCKETS):
        mine = score[:, buckets == bucket].reshape(-1, len(levels))
        mine = mine[np.isfinite(mine).all(axis=1)]
        if len(mine) < MIN_ERRORS or not _off(mine, levels):
            continue
        offset = np.array([np.quantile(mine[:, k], p) for k, p in enumerate(levels)])
        out[bucket] = offset * days / (days + TRUST_DAYS)
    return out


def calibrated(quantiles: Floats, range_w: Floats, leads: Ints, resolution_s: int, offsets: Floats | None) -> Floats:
    """Quantiles moved by the offsets and put in order again: ``(n, H, Q)``.

    Between the middles of two buckets the offset goes over evenly: a step there would be a step in the fan.
    """
    if offsets is None:
        return quantiles
    hours = leads * resolution_s / 3_600
    smooth = np.stack([np.interp(hours, BUCKET_MIDDLES_H, offsets[:, k]) for k in range(offsets.shape[1])], axis=-1)
    return np.sort(quantiles + smooth * band_width(quantiles, range_w)[..., None], axis=-1)


def _off(score: NDArray[np.float64], levels: Sequence[float]) -> bool:
    """Whether the share of outcomes below any level is off: a score of 0 or less is an outcome below."""
    below = (score <= 0).mean(axis=0)
    return bool((np.abs(below - np.asarray(levels)) > TOLERANCE).any())
