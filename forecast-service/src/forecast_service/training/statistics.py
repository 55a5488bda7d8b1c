"""Is one forecaster better than another? Paired tests for losses that depend on each other in time. Pure.

Losses are paired: element ``i`` of both arrays is the mean loss of the same targets of the same slot.
Neighbouring slots share weather, targets and luck, so neither test takes them as independent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
ROUNDS = 2_000
MIN_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the tests say about ``mine - theirs``; below zero is better."""

    slots: int
    mine: float
    """Mean loss."""
    theirs: float
    low: float
    """90 % interval of the mean difference, by block bootstrap."""
    high: float
    p_bootstrap: float
    """Chance of a mean difference this far below zero, or further, if there were none. 1 where too little was seen."""
    p_dm: float
    """Of the Diebold–Mariano test, one-sided the same way."""

    @property
    def change(self) -> float:
        """Relative: -0.05 is a loss 5 % smaller."""
        return self.mine / self.theirs - 1 if self.theirs else 0.0

    def better(self, alpha: float) -> bool:
        """Whether both tests say so."""
        return self.mine < self.theirs and max(self.p_bootstrap, self.p_dm) < alpha


def compare(mine: Floats, theirs: Floats, block: int, seed: int = 0) -> Comparison:
    """Compare paired losses.

    Args:
        mine: ``(n,)`` mean loss per slot, in time order. NaN where nothing could be judged.
        theirs: ``(n,)`` of the rival for the same targets.
        block: Slots that depend on each other, a day of slots as a rule; also the lags of the variance.
        seed: Of the resampling.
    """
    known = np.isfinite(mine) & np.isfinite(theirs)
    mine, theirs = mine[known], theirs[known]
    if not len(mine):
        return Comparison(0, float("nan"), float("nan"), float("nan"), float("nan"), 1.0, 1.0)
    difference = mine - theirs
    means = resampled_means(difference, block, seed)
    low, high = (float(q) for q in np.quantile(means, [0.05, 0.95]))
    centre = float(difference.mean())
    enough = len(difference) >= MIN_BLOCKS * block
    # Under "no difference" the resampled means lie around zero instead of around what was seen.
    p_bootstrap = float((1 + (means - centre <= centre).sum()) / (1 + len(means))) if enough else 1.0
    p_dm = diebold_mariano(difference, block) if enough else 1.0
    return Comparison(len(difference), float(mine.mean()), float(theirs.mean()), low, high, p_bootstrap, p_dm)


def resampled_means(values: Floats, block: int, seed: int = 0, rounds: int = ROUNDS) -> Floats:
    """Means of ``rounds`` circular block bootstrap samples: ``(rounds,)``.

    Politis and Romano (1992): blocks that wrap around the end, so that every value is drawn equally often.
    """
    size, block = len(values), max(min(block, len(values)), 1)
    count = -(-size // block)
    wrapped = np.concatenate([values, values[: block - 1]])
    sums = np.concatenate([[0.0], np.cumsum(wrapped)])
    of_block = sums[block:] - sums[:-block]
    starts = np.random.default_rng(seed).integers(0, size, (rounds, count))
    return np.asarray(of_block[starts].sum(axis=1) / (count * block))


def diebold_mariano(difference: Floats, lags: int) -> float:
    """One-sided p-value that the mean difference is below zero.

    Diebold and Mariano (1995) with Bartlett weights (Newey and West, 1987), which keep the variance
    above zero, and the small-sample correction of Harvey, Leybourne and Newbold (1997): Student's t.

    Args:
        difference: ``(n,)`` in time order, without gaps.
        lags: Up to which distance slots depend on each other.
    """
    size = len(difference)
    lags = max(min(lags, size // 3), 1)
    away = difference - difference.mean()
    variance = float(away @ away) / size
    for lag in range(1, lags):
        variance += 2 * (1 - lag / lags) * float(away[lag:] @ away[:-lag]) / size
    if variance <= 0:
        return 0.0 if difference.mean() < 0 else 1.0
    shrink = max((size + 1 - 2 * lags + lags * (lags - 1) / size) / size, 1 / size)
    statistic = float(difference.mean()) / np.sqrt(variance / size) * np.sqrt(shrink)
    # As many degrees of freedom as there are stretches that do not depend on each other, not as slots.
    return float(stats.t.cdf(statistic, df=max(size // lags - 1, 1)))


def worse_after(before: Floats, after: Floats, block: int) -> tuple[float, float]:
    """How much higher a loss is after a change than before, for two stretches of time that are not paired.

    Welch's t-test on the means of whole blocks: with few blocks it is more careful than resampling.

    Args:
        before: ``(n,)`` per slot, in time order.
        after: ``(m,)``.
        block: Slots that depend on each other.

    Returns:
        Difference of the means, and the chance of one this high, or higher, if there were none; 1 where
        either stretch is shorter than four blocks.
    """
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if min(len(before), len(after)) < MIN_BLOCKS * block:
        return (float(after.mean() - before.mean()) if len(before) and len(after) else 0.0), 1.0
    old, new = (stretch[len(stretch) % block :].reshape(-1, block).mean(axis=1) for stretch in (before, after))
    p = float(stats.ttest_ind(new, old, equal_var=False, alternative="greater").pvalue)
    return float(after.mean() - before.mean()), p if np.isfinite(p) else float(new.mean() <= old.mean())
