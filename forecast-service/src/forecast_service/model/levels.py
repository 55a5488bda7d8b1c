"""Quantile levels: scoring weights, moving between sets of levels, whole numbers."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.grid import Floats

SITE_LEVELS_BPS = (500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_500)
_NORMAL = NormalDist()


def probabilities(levels_bps: Sequence[int]) -> Floats:
    """Levels in (0, 1)."""
    return np.asarray(levels_bps, dtype=np.float64) / 10_000


def interval_weights(levels_bps: Sequence[int]) -> Floats:
    """Share of the probability axis that each level stands for, summing to 1."""
    p = probabilities(levels_bps)
    if len(p) == 1:
        return np.ones(1)
    middle = (p[1:] + p[:-1]) / 2
    edges = np.concatenate([[p[0] - (p[1] - p[0]) / 2], middle, [p[-1] + (p[-1] - p[-2]) / 2]])
    width = np.diff(edges)
    return np.asarray(width / width.sum())


def crps(actual: Floats, quantiles: Floats, levels_bps: Sequence[int]) -> Floats:
    """Twice the interval-weighted pinball loss: ``(...)`` from ``(...)`` and ``(..., Q)``; NaN where no actual."""
    p = probabilities(levels_bps)
    error = actual[..., None] - quantiles
    pinball = np.maximum(p * error, (p - 1) * error)
    return np.asarray(2 * (pinball * interval_weights(levels_bps)).sum(axis=-1))


def at_levels(quantiles: Floats, known_bps: Sequence[int], wanted_bps: Sequence[int]) -> Floats:
    """Quantiles at other levels, linear in the normal score, so their order is kept.

    Args:
        quantiles: ``(..., K)`` at ``known_bps``, ascending.
        known_bps: At least two ascending levels, or exactly those wanted.
        wanted_bps: Levels to return, in this order. Beyond the outermost known levels the outermost
            slope goes on.
    """
    if tuple(known_bps) == tuple(wanted_bps):
        return quantiles
    known = np.array([_NORMAL.inv_cdf(b / 10_000) for b in known_bps])
    wanted = np.array([_NORMAL.inv_cdf(b / 10_000) for b in wanted_bps])
    left = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    share = (wanted - known[left]) / (known[left + 1] - known[left])
    low, high = quantiles[..., left], quantiles[..., left + 1]
    return np.asarray(low + share * (high - low))


def to_milli(quantiles: Floats) -> NDArray[np.int64]:
    """Whole thousandths of the base unit."""
    return np.rint(quantiles * 1_000).astype(np.int64)
