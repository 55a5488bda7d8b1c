"""How far two samples of one feature lie apart: PSI says how much, KS whether it can be chance. Pure."""

import math
from dataclasses import dataclass

import numpy as np

from forecast_service.ports import Floats

BINS = 10
_FLOOR = 1e-4
"""Share that an empty bin counts as: without it one value in an unknown place would be an infinite shift."""
_FEW = 2 * BINS
"""A feature with no more distinct values than this is compared value by value."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Distance of a sample from its reference."""

    psi: float
    ks: float
    """Largest gap between the two distribution functions, 0 to 1."""
    p_value: float
    """Chance of such a gap between two samples of one distribution."""


def shift(reference: Floats, current: Floats, reference_size: float, current_size: float) -> Shift:
    """Compare two samples without gaps.

    Args:
        reference: ``(N,)`` sorted or not.
        current: ``(M,)``.
        reference_size: How many independent values the reference is worth, see ``effective_size``.
        current_size: The same of ``current``.
    """
    gap = ks_distance(reference, current)
    return Shift(psi(reference, current), gap, ks_p_value(gap, reference_size, current_size))


def psi(reference: Floats, current: Floats) -> float:
    """Population stability index: sum over bins of (c - r) ln(c / r), with c and r the shares of both samples.

    Bins are the tenths of the reference, or its single values where it has few.
    """
    values = np.unique(reference)
    if len(values) <= _FEW:
        known, counted = np.unique(np.concatenate([reference, current]), return_inverse=True)
        shares = [np.bincount(part, minlength=len(known)) for part in np.split(counted, [len(reference)])]
    else:
        edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
        shares = [np.bincount(np.searchsorted(edges, s), minlength=len(edges) + 1) for s in (reference, current)]
    r, c = (np.maximum(counts / counts.sum(), _FLOOR) for counts in shares)
    return float(np.sum((c - r) * np.log(c / r)))


def ks_distance(reference: Floats, current: Floats) -> float:
    """Largest distance between the two empirical distribution functions."""
    a, b = np.sort(reference), np.sort(current)
    everywhere = np.concatenate([a, b])
    gap = np.searchsorted(a, everywhere, "right") / len(a) - np.searchsorted(b, everywhere, "right") / len(b)
    return float(np.max(np.abs(gap)))


def ks_p_value(distance: float, n: float, m: float) -> float:
    """Asymptotic p-value of a two-sample Kolmogorov-Smirnov distance (Stephens 1970, with his small-sample term)."""
    size = n * m / (n + m)
    x = (math.sqrt(size) + 0.12 + 0.11 / math.sqrt(size)) * distance
    if x < 0.2:
        return 1.0
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return min(max(math.fsum(terms), 0.0), 1.0)


def effective_size(values: Floats, days: float) -> float:
    """How many independent values a sequence is worth.

    Weather and load of one hour resemble those of the next. A first-order process with autocorrelation r carries
    n (1 - r) / (1 + r) independent values; the daily cycle raises r without making days alike, so each day counts
    as one at least. Taking every hour for independent would find drift in almost every ordinary week.

    Args:
        values: ``(N,)`` in the order of time.
        days: Days that they span.
    """
    n = len(values)
    moved = values - values.mean()
    power = float(moved @ moved)
    if n < 3 or power <= 0:
        return float(max(n, 1))
    r = min(max(float(moved[1:] @ moved[:-1]) / power, 0.0), 0.999)
    return min(max(n * (1 - r) / (1 + r), days, 1.0), float(n))
