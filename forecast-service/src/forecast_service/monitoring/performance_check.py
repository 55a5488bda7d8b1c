"""The flow ``performance-check``: late actuals, rolling figures, and a retraining where they are bad."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from forecast_service.jobs.flows import Ended, FlowRun
from forecast_service.monitoring.drift_check import Retrain
from forecast_service.store.performance import DemandErrors, Rolling
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
WINDOW = timedelta(days=7)
LATE = timedelta(days=60)
"""For which an actual may still arrive or be corrected: EIA revises months back."""
LEAST_FORECASTS = 336
"""Matured targets below which rolling figures are no reason to train: two weeks of one hourly series."""


@dataclass(frozen=True, slots=True)
class PerformanceRule:
    """When figures are bad enough."""

    mae_mwh: float
    """``PERFORMANCE_MAE_THRESHOLD``, of the demand model."""
    region: str
    """Region of predictions that name none."""


class Store(Protocol):
    """What the check reads and writes."""

    def fill_actuals(self, region: str, since: datetime) -> int:
        """Write late actuals; how many."""
        ...

    def rolling(self, since: datetime, until: datetime) -> list[Rolling]:
        """Figures of a span."""
        ...

    def keep(self, figures: Sequence[Rolling], looked_at: datetime, since: datetime, until: datetime) -> None:
        """Keep them."""
        ...

    def demand(self, since: datetime, until: datetime) -> list[DemandErrors]:
        """Errors of logged predictions."""
        ...


class PerformanceCheck:
    """One look."""

    def __init__(
        self, store: Store, retrain: Retrain, clock: Clock, rule: PerformanceRule,
        told: Callable[[Sequence[Rolling]], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._retrain = retrain
        self._clock = clock
        self._rule = rule
        self._told = told

    async def __call__(self, run: FlowRun) -> Ended:
        """Look."""
        return await asyncio.to_thread(self.check)

    def check(self) -> Ended:
        """The same, blocking."""
        now = self._clock.now()
        filled = self._store.fill_actuals(self._rule.region, now - LATE)
        figures = self._store.rolling(now - WINDOW, now)
        demand = self._store.demand(now - WINDOW, now)
        self._store.keep(figures, now, now - WINDOW, now)
        self._told(figures)
        if not figures and not demand:
            return Ended("skipped", f"nothing has matured in the last {WINDOW.days} days")
        reasons = too_bad(figures, demand, self._rule)
        asked = self._retrain("performance", "; ".join(reasons)) if reasons else None
        if reasons:
            log.warning("performance_bad", reasons=reasons, retrain=asked)
        counted = sum(f.forecasts for f in figures) + sum(d.predictions for d in demand)
        tail = f"; {'; '.join(reasons)}" if reasons else ""
        tail += f"; {asked} was asked for" if asked else ""
        return Ended("done", f"{counted} matured, {filled} late actuals{tail}")


def too_bad(figures: Sequence[Rolling], demand: Sequence[DemandErrors], rule: PerformanceRule) -> list[str]:
    """Why a model should be trained again; empty where all is well. Pure.

    A trained model is bad where the analogues would have done better on the same targets; the demand model, where
    its mean absolute error is above the limit.
    """
    reasons = [
        f"{f.model} on {f.kind} of {f.product_id}: pinball {f.pinball_ratio:.4f}, analogues {f.baseline_ratio:.4f}"
        for f in figures
        if f.model != "analogue" and f.forecasts >= LEAST_FORECASTS and f.pinball_ratio > f.baseline_ratio
    ]
    if demand and demand[0].mae_mwh > rule.mae_mwh:
        newest = demand[0]
        reasons.append(f"demand model {newest.model_version}: MAE {newest.mae_mwh:.0f} MWh > {rule.mae_mwh:g}")
    return reasons
