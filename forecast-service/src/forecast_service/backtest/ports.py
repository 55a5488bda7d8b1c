"""What a backtest gives to a forecaster and what it takes back.

Dimensions: N periods of history, I issues, H target periods, Q levels. Times are Unix seconds, UTC,
and name the start of a period. Arrays of one series share one regular grid, NaN is "missing".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TableSeries:
    """One series with its covariates; element ``i`` speaks for the period from ``start_s + i * resolution_s`` on."""

    series_id: str
    start_s: int
    resolution_s: int
    target: Floats
    """``(N,)`` in any unit. A value has arrived when its period has ended, not before."""
    past: Mapping[str, Floats] = field(default_factory=dict)
    """``(N,)`` each, arriving like the target."""
    future: Mapping[str, Floats] = field(default_factory=dict)
    """``(N,)`` each, known at the issue for all target periods: weather as forecast, or as measured (an oracle)."""
    zone: str = "UTC"
    """IANA zone of the calendar."""
    country: str | None = None
    subdivision: str | None = None
    """For public holidays, as the package ``holidays`` names them."""
    kind: str = "load"
    """``load``, ``pv``, ``wind`` or a kind of ``gridseal.wire.catalog.SeriesKind``; may bound the quantiles."""


@dataclass(frozen=True, slots=True)
class Task:
    """Which targets an issue is asked for."""

    levels_bps: tuple[int, ...]
    first_lead: int
    """Periods between the issue and the start of the first target period; 0 is the period that begins at the issue."""
    horizon: int
    """H: target periods, ``issue_s + (first_lead + h) * resolution_s`` for h in 0…H-1."""


class TableForecaster(Protocol):
    """A model under test. It must not read a target or past covariate whose period ends after the issue."""

    @property
    def name(self) -> str:
        """Name in the tables; our own model's rows are ``champion``."""
        ...

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        """Learn from issues whose targets all ended by ``until_s``. Called again at every refit."""
        ...

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        """Quantiles ``(S, I, H, Q)`` in the unit of each target, non-decreasing along Q, for ascending issues.

        Outcomes that had matured by an issue may correct that issue's bands (rolling calibration).
        """
        ...
