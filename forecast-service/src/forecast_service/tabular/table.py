"""The rows that a demand model learns from, and how they are split. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEATURES = (
    "temperature", "apparent_temperature", "humidity", "wind_speed", "cloud_cover", "solar_radiation",
    "precipitation", "hour_of_day", "day_of_week", "month", "is_weekend", "is_holiday", "demand_lag_1h",
    "demand_lag_24h", "demand_lag_168h", "demand_rolling_mean_24h", "demand_rolling_std_24h", "temp_squared",
    "cooling_degree_hours", "heating_degree_hours",
)  # fmt: skip
"""The columns, in the order in which every model reads them."""
LAG_WEEK = FEATURES.index("demand_lag_168h")
HOLDOUT_HOURS = 672
"""Four weeks at the end that judge, and as many before them that stop the training."""
LEAST_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class DemandTable:
    """Complete hours in time order.

    Dimensions: n hours, 20 features.
    """

    respondent: str
    times: tuple[datetime, ...]
    """Starts of the hours."""
    features: Floats
    """``(n, 20)``, in the order of ``FEATURES``. A column that nobody ever knew is all 0 and named in ``unknown``."""
    demand_mwh: Floats
    """``(n,)``."""
    unknown: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.times)

    def part(self, start: int, end: int) -> "DemandTable":
        """Rows ``[start, end)``."""
        rows = slice(start, end)
        return DemandTable(self.respondent, self.times[rows], self.features[rows], self.demand_mwh[rows], self.unknown)


def table_of(respondent: str, times: Sequence[datetime], features: Floats, demand_mwh: Floats) -> DemandTable:
    """Complete rows only; a row with a gap is left out, except where the whole column is one.

    Args:
        respondent: Whose demand.
        times: ``(n,)`` in order.
        features: ``(n, 20)``, NaN for a gap.
        demand_mwh: ``(n,)``, NaN where the hour has not ended.
    """
    there: NDArray[np.bool_] = np.isfinite(features)
    empty = np.asarray(~there.any(axis=0))
    filled = np.where(empty[None, :], 0.0, features)
    keep = [int(i) for i in np.flatnonzero((there | empty).all(axis=1) & np.isfinite(demand_mwh))]
    names = tuple(name for name, gone in zip(FEATURES, empty.tolist(), strict=True) if gone)
    return DemandTable(respondent, tuple(times[i] for i in keep), filled[keep], demand_mwh[keep], names)


@dataclass(frozen=True, slots=True)
class Split:
    """In time order, nothing shuffled: learn, stop, judge."""

    train: DemandTable
    validation: DemandTable
    test: DemandTable

    @property
    def seen(self) -> DemandTable:
        """Everything but the test."""
        return DemandTable(
            self.train.respondent,
            self.train.times + self.validation.times,
            np.concatenate([self.train.features, self.validation.features]),
            np.concatenate([self.train.demand_mwh, self.validation.demand_mwh]),
            self.train.unknown,
        )


def split(table: DemandTable, holdout: int = HOLDOUT_HOURS) -> Split:
    """The last ``holdout`` rows judge; those before them end the training, so that the judges never do.

    A table that is too short for twice the holdout gives a sixth of itself to each.
    """
    hold = min(holdout, len(table) // 6)
    end, middle = len(table), len(table) - hold
    return Split(table.part(0, middle - hold), table.part(middle - hold, middle), table.part(middle, end))
