"""How far luck reaches: block bootstrap of any figure, and Diebold-Mariano against a rival. Pure."""

import math

import numpy as np

from forecast_service.backtest.ports import Floats, Ints
from forecast_service.model.grid import DAY_S
from forecast_service.training.statistics import diebold_mariano

RESAMPLES = 400
BLOCK_S = 7 * 86_400
INTERVAL = (0.05, 0.95)
LEAST_ISSUES = 8


def block_counts(issues_s: Ints, block_s: int = BLOCK_S, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """How often each issue is drawn, ``(B, I)``: circular blocks of consecutive issues, a week each.

    Errors of neighboring issues are alike; drawing whole weeks keeps that (Politis and Romano 1992).
    """
    count = len(issues_s)
    spacing = float(np.median(np.diff(issues_s))) if count > 1 else block_s
    block = min(max(round(block_s / spacing), 1), count)
    random = np.random.default_rng(seed)
    starts = random.integers(0, count, size=(resamples, math.ceil(count / block)))
    drawn = ((starts[..., None] + np.arange(block)) % count).reshape(resamples, -1)[:, :count]
    counts = np.zeros((resamples, count))
    np.add.at(counts, (np.arange(resamples)[:, None], drawn), 1.0)
    return counts


def interval(draws: Floats) -> tuple[float, float]:
    """5 and 95 % of the finite draws."""
    known = draws[np.isfinite(draws)]
    if len(known) == 0:
        return math.nan, math.nan
    low, high = np.quantile(known, INTERVAL)
    return float(low), float(high)


def better_than(own: Floats, other: Floats, issues_s: Ints, target_span_s: int) -> float:
    """One-sided Diebold-Mariano p that ``own`` has the lower mean loss; one element per issue, NaN left out.

    Issues that share targets, and those of one day, count as dependent; at least as many neighbors as the
    usual rule 4 (n / 100) ** (2 / 9) asks for.
    """
    known = np.isfinite(own - other)
    difference = (own - other)[known]
    if len(difference) < LEAST_ISSUES or not np.any(difference):
        return 1.0
    spacing = float(np.median(np.diff(issues_s)))
    lags = math.ceil(max(target_span_s / spacing, DAY_S / spacing, 4 * (len(difference) / 100) ** (2 / 9)))
    return diebold_mariano(difference, lags)
