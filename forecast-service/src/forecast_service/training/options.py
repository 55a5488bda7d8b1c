"""What a training can be told. The service's settings fill it in; the defaults are the recipe."""

from dataclasses import dataclass, replace

from forecast_service.model.levels import SITE_LEVELS_BPS

FULL_DAYS, LEAST_SHARE = 365, 0.25


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """Recipe and limits of one training."""

    model_name: str = "gridseal-site-6h"
    levels_bps: tuple[int, ...] = SITE_LEVELS_BPS
    horizon_s: int = 21_600

    history_days: int = 548
    """Eighteen months: the longest that helps wind and solar; a shorter history is taken whole."""
    holdout_days: int = 30
    """Newest days that the first fit never sees: calibration, then the test. At most a third of the history."""
    test_share: float = 1 / 3
    """Part of the holdout, at its end, that judges."""
    min_days: float = 21.0
    """A series with less history is left to the analogues."""

    fit_steps: int = 1_800
    tune_steps: int = 600
    """Steps on all days including the holdout, from the fitted weights."""
    max_seconds: float = 95.0
    """CPU seconds for both together: three minutes on the wall beside a running stack, features included.

    The schedule is compressed when a step takes longer than planned.
    """
    batch: int = 256
    learning_rate: float = 4e-3
    tune_rate_share: float = 0.4
    seed: int = 0
    nets: int = 2
    """Networks from seeds ``seed``, ``seed + 1``, …; they share steps' time evenly."""

    trees: int = 150
    """Boosting rounds a kind and level; 0 leaves everything to the networks."""
    tree_rows: int = 45_000
    """Rows drawn a kind."""
    tree_rate: float = 0.05
    tree_leaf: int = 120
    """Rows that a leaf needs."""
    tree_columns: float = 0.4
    """Share of the columns that one tree may use."""
    tree_seconds: float = 150.0
    """CPU seconds after which no further kind gets trees; they grow beside the networks, on the other core."""

    git_commit: str = ""

    def for_days(self, days: float) -> "TrainingOptions":
        """The same with fewer steps and less time where under a year is there: little data is soon known by heart."""
        share = min(max(days / FULL_DAYS, LEAST_SHARE), 1.0)
        fit, tune = round(self.fit_steps * share), round(self.tune_steps * share)
        return replace(self, fit_steps=fit, tune_steps=tune, max_seconds=self.max_seconds * share)
