"""Errors of a model over time: the histogram and the rolling mean that the demand design asks for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

BINS = 50
ROLLING = timedelta(hours=168)


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts[i]`` errors lie in ``[edges[i], edges[i + 1])``; the last bin has both ends."""

    edges: list[float]
    counts: list[int]


def histogram(errors: Sequence[float], bins: int = BINS) -> Histogram:
    """Errors in bins of equal width from the least to the greatest; no bins where there are no errors."""
    if not errors:
        return Histogram([], [])
    counts, edges = np.histogram(np.asarray(errors, dtype=np.float64), bins=bins)
    return Histogram([float(e) for e in edges], [int(c) for c in counts])


def rolling_mae(
    times: Sequence[datetime], errors: Sequence[float], window: timedelta = ROLLING
) -> list[tuple[float, int]]:
    """Mean absolute error over the ``window`` that ends with each period, and how many periods it rests on.

    Args:
        times: Starts of periods, increasing.
        errors: Predicted less actual, one per period.
        window: Periods that start after ``time - window`` count.
    """
    at = np.array([t.timestamp() for t in times])
    sums = np.concatenate([[0.0], np.cumsum(np.abs(np.asarray(errors, dtype=np.float64)))])
    first = np.searchsorted(at, at - window.total_seconds(), side="right")
    return [(float((sums[i + 1] - sums[k]) / (i + 1 - k)), int(i + 1 - k)) for i, k in enumerate(first)]
