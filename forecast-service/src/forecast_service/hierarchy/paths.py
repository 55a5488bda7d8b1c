"""Sample paths of series that hang together: drawn from each one's own quantiles, then made to add up.

Dimensions: N nodes, B bottom nodes, H target periods, Q levels, M paths.

Dependence over time and between series comes from the past: path ``m`` takes at every period the rank that day
``m`` of the past had there among all days (Schaake shuffle, Clark et al. 2004), so the quantiles of each series
stay what they are. Each path is then projected onto what can add up, the less sure giving way to the surer
(weighted least squares on the variances of the paths, the diagonal form of Wickramasuriya et al. 2019).
"""

import numpy as np

from forecast_service.hierarchy.structure import Hierarchy
from forecast_service.model.grid import Floats, Ints
from forecast_service.model.levels import at_levels

PATHS = 100
"""Days of the past that a run looks at, at most; fewer are repeated."""
_BPS = tuple(round(10_000 * (m + 0.5) / PATHS) for m in range(PATHS))
_VARIANCE_FLOOR = 1e-6
"""Of the largest variance of a period: what is certain outweighs the rest, and divides by something."""


def ranks_of(past: Floats) -> Ints:
    """Rank templates from days of the past: ``(N, M, H)``, each a permutation of 0 … M-1 along M.

    Args:
        past: ``(N, D, H)`` deviations from what was usual, on D days, newest first; NaN where nothing is known. Such
            a day stands in the middle. With D below M the days take turns, each time a rank further.
    """
    days = past.shape[1]
    if days == 0:
        order = np.arange(PATHS)[None, :, None]
        return np.broadcast_to(order, (past.shape[0], PATHS, past.shape[2])).copy()
    known = np.where(np.isfinite(past), past, 0.0)
    repeated = known[:, np.arange(PATHS) % days]
    return np.asarray(np.argsort(np.argsort(repeated, axis=1, kind="stable"), axis=1, kind="stable"), dtype=np.int64)


def drawn(quantiles: Floats, levels_bps: tuple[int, ...], ranks: Ints) -> Floats:
    """Paths with these quantiles at each period: ``(N, M, H)`` from ``(N, H, Q)`` and rank templates."""
    even = at_levels(quantiles, levels_bps, _BPS) if len(levels_bps) > 1 else np.repeat(quantiles, PATHS, axis=-1)
    return np.take_along_axis(np.moveaxis(even, -1, 1), ranks, axis=1)


def reconciled(hierarchy: Hierarchy, paths: Floats) -> Floats:
    """Bottom paths that lie closest to all drawn ones: ``(B, M, H)`` from ``(N, M, H)``."""
    sums = hierarchy.sums.astype(np.float64)
    variance = paths.var(axis=1)
    floor = np.maximum(variance.max(axis=0) * _VARIANCE_FLOOR, 1e-12)
    out = np.empty((hierarchy.bottom, *paths.shape[1:]))
    for h in range(paths.shape[2]):
        weight = 1 / np.maximum(variance[:, h], floor[h])
        weighted = sums.T * (weight / weight.max())
        out[:, :, h] = np.linalg.solve(weighted @ sums, weighted @ paths[:, :, h])
    return out


def summed(hierarchy: Hierarchy, bottom_milli: Ints) -> Ints:
    """Paths of every node in whole thousandths, exact sums of the bottom ones: ``(N, M, H)``."""
    return np.asarray(np.einsum("nb,bmh->nmh", hierarchy.sums, bottom_milli))


def quantiles_of_paths(paths_milli: Ints, levels_bps: tuple[int, ...]) -> Ints:
    """Quantiles over the paths: ``(N, H, Q)`` whole thousandths. Drawn and unmoved paths give back their quantiles."""
    at = np.quantile(paths_milli, [b / 10_000 for b in levels_bps], axis=1, method="hazen")
    return np.asarray(np.rint(np.moveaxis(at, 0, -1)), dtype=np.int64)
