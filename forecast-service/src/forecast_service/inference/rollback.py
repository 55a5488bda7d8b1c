"""Has the champion become worse since it serves? Judged on what was issued and what came. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast_service.training.statistics import compare, worse_after

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LiveLosses:
    """Mean pinball loss of each hour's runs, in ranges of the series; both for the same targets."""

    served: Floats
    """``(n,)`` of what one version served, in time order."""
    baseline: Floats
    """``(n,)`` of the analogues that were issued beside it: how hard the hour was."""

    @property
    def hours(self) -> int:
        """How many there are."""
        return len(self.served)


@dataclass(frozen=True, slots=True)
class RollbackRule:
    """When a champion is taken back."""

    alpha: float = 0.01
    worse_by: float = 0.05
    """Share of the loss that it must at least have risen by: what is only certain is not yet bad."""
    block: int = 24
    """Hours that depend on each other; four such blocks are the least that is judged."""


def worsened(before: LiveLosses, after: LiveLosses, rule: RollbackRule) -> str | None:
    """Why the champion should be taken back, or nothing.

    Args:
        before: Hours of the version that served before, its last ones.
        after: Hours of the champion.
        rule: Limits.

    Both versions met other weather. So their excess over the baseline is compared, not their loss; and
    a champion that loses to the baseline itself is taken back whatever served before.
    """
    if not after.hours:
        return None
    against = compare(after.baseline, after.served, rule.block)
    if against.better(rule.alpha) and against.theirs > against.mine * (1 + rule.worse_by):
        return (
            f"live pinball {against.theirs:.4f} lost to the baseline's {against.mine:.4f} on {against.slots} hours,"
            f" p {max(against.p_bootstrap, against.p_dm):.3f}"
        )
    if not before.hours:
        return None
    rise, p = worse_after(before.served - before.baseline, after.served - after.baseline, rule.block)
    usual = float(np.nanmean(before.served))
    if p < rule.alpha and rise > rule.worse_by * usual:
        return (
            f"live pinball rose by {rise / usual:.0%} of what the version before lost, measured against the baseline,"
            f" on {after.hours} hours, p {p:.3f}"
        )
    return None
