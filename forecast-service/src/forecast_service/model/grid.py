"""Arithmetic on regular UTC grids with holes.

Each function computes element ``k`` of its result from element ``k`` of its arguments alone, in a
fixed order of operations. That makes a feature computed for one slot while serving equal, bit for
bit, to the same feature computed for a whole history while training.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_S = 86_400


def take(values: Floats, index: Ints) -> Floats:
    """``values[..., index]``, NaN where the index lies outside."""
    steps = values.shape[-1]
    if steps == 0:
        return np.full((*values.shape[:-1], *index.shape), np.nan)
    inside = (index >= 0) & (index < steps)
    return np.where(inside, values[..., np.clip(index, 0, steps - 1)], np.nan)


def lag_mean(values: Floats, index: Ints, lags: Sequence[int]) -> Floats:
    """Mean over ``values[index - lag]`` of what is there; NaN where nothing is."""
    total, count = _zeros(values, index), _zeros(values, index)
    for lag in lags:
        x = take(values, index - lag)
        there = np.isfinite(x)
        total += np.where(there, x, 0.0)
        count += there
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def lag_std(values: Floats, index: Ints, lags: Sequence[int], mean: Floats) -> Floats:
    """Population standard deviation over the same elements as ``lag_mean``; 0 where nothing is."""
    total, count = _zeros(values, index), _zeros(values, index)
    for lag in lags:
        x = take(values, index - lag)
        there = np.isfinite(x) & np.isfinite(mean)
        total += np.where(there, (x - mean) ** 2, 0.0)
        count += there
    return np.sqrt(total / np.maximum(count, 1))


def lag_sum(values: Floats, index: Ints, lags: Sequence[int]) -> Floats:
    """Sum over ``values[index - lag]``, holes counting as 0."""
    total = _zeros(values, index)
    for lag in lags:
        x = take(values, index - lag)
        total += np.where(np.isfinite(x), x, 0.0)
    return total


def lag_quantiles(values: Floats, index: Ints, lags: Sequence[int], probabilities: Sequence[float]) -> Floats:
    """Empirical quantiles over ``values[..., index - lag]``: ``(len(probabilities), ..., *index.shape)``."""
    samples = np.stack([take(values, index - lag) for lag in lags], axis=-1)
    return quantiles_of(samples, probabilities)


def quantiles_of(samples: Floats, probabilities: Sequence[float]) -> Floats:
    """Quantiles along the last axis, linear between order statistics, NaN left out, NaN where all are."""
    ordered = np.sort(samples, axis=-1)
    count = np.isfinite(ordered).sum(axis=-1)
    out = np.empty((len(probabilities), *ordered.shape[:-1]))
    for k, p in enumerate(probabilities):
        place = p * np.maximum(count - 1, 0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        a = np.take_along_axis(ordered, low[..., None], axis=-1)[..., 0]
        b = np.take_along_axis(ordered, high[..., None], axis=-1)[..., 0]
        out[k] = np.where(count > 0, a + (place - low) * (b - a), np.nan)
    return out


def last_index(values: Floats) -> Ints:
    """Index of the newest finite element at or before each position of the last axis, -1 where there is none."""
    here = np.where(np.isfinite(values), np.arange(values.shape[-1]), -1)
    return np.maximum.accumulate(here, axis=-1).astype(np.int64) if here.size else here.astype(np.int64)


def _zeros(values: Floats, index: Ints) -> Floats:
    return np.zeros((*values.shape[:-1], *index.shape))


def slot_index(start_s: int, resolution_s: int, slot_s: int) -> int:
    """Position of the period that starts at the slot.

    Raises:
        ValueError: The slot is not on the grid of the series.
    """
    steps, rest = divmod(slot_s - start_s, resolution_s)
    if rest:
        raise ValueError("the slot is not on the grid of the series")
    return steps
