"""Point rules with learned residual quantiles, and the analogue ensemble: what costs nothing to run."""

from collections.abc import Callable, Sequence

import numpy as np

from forecast_service.backtest.peers.clock import arrived, local_time, positions, training_issues
from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.model.grid import DAY_S, last_index, quantiles_of, take
from forecast_service.model.levels import probabilities

Rule = Callable[[TableSeries, Ints, Task], Floats]
"""Point forecasts ``(I, H)`` from what had arrived at each issue."""
TRAINING_DAYS = 365
LEAST_RESIDUALS = 20
WEEKS = (1, 2, 3, 4, 5, 6, *range(49, 56))
"""The 13 analogues of an incumbent utility's method: six last weeks, seven weeks around a year ago."""


def last_value(series: TableSeries, issues_s: Ints, task: Task) -> Floats:
    """The newest value, for every lead."""
    at, targets = positions(series, issues_s, task)
    newest = take(last_index(series.target).astype(np.float64), at - 1)
    value = take(series.target, np.where(np.isfinite(newest), newest, -1).astype(np.int64))
    return np.asarray(np.broadcast_to(value[:, None], targets.shape))


def last_week(series: TableSeries, issues_s: Ints, task: Task) -> Floats:
    """The same time in the newest week that has it; without one, of the newest day; without one, the last value."""
    days = (*(7 * k for k in range(1, 9)), *range(1, 8))
    return _first_known([*(_days_ago(series, issues_s, task, d) for d in days), last_value(series, issues_s, task)])


def slot_mean(series: TableSeries, issues_s: Ints, task: Task) -> Floats:
    """Mean of the same time over the last seven days that have arrived, at most two weeks back."""
    lagged = np.stack([_days_ago(series, issues_s, task, d) for d in range(1, 15)], axis=-1)
    known = np.isfinite(lagged)
    counted = known & (np.cumsum(known, axis=-1) <= 7)
    with np.errstate(invalid="ignore"):
        mean = np.where(counted, lagged, 0.0).sum(axis=-1) / counted.sum(axis=-1)
    return _first_known([mean, last_week(series, issues_s, task)])


def _days_ago(series: TableSeries, issues_s: Ints, task: Task, days: int) -> Floats:
    at, targets = positions(series, issues_s, task)
    return arrived(series.target, at, targets - days * DAY_S // series.resolution_s)


def _first_known(choices: Sequence[Floats]) -> Floats:
    out = choices[0]
    for other in choices[1:]:
        out = np.where(np.isfinite(out), out, other)
    return np.nan_to_num(out)


class ResidualForecaster:
    """A point rule plus the quantiles of its past errors by lead and local hour of the target."""

    def __init__(self, name: str, rule: Rule) -> None:
        self._name, self._rule = name, rule
        self._task, self._until_s = Task((5_000,), 0, 1), 0
        self._seen: dict[str, TableSeries] = {}
        self._errors: dict[str, Floats] = {}

    @property
    def name(self) -> str:
        """As in the tables."""
        return self._name

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        """Keep what may be learned from; learning waits for the times of day that are asked for."""
        self._task, self._until_s, self._errors = task, until_s, {}
        self._seen = {one.series_id: one for one in series}

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        """``(S, I, H, Q)``."""
        for one in series:
            if one.series_id not in self._errors:
                seen = self._seen[one.series_id]
                self._learn(seen, training_issues(seen, self._task, self._until_s, issues_s, TRAINING_DAYS))
        return np.stack([self._one(one, issues_s) for one in series])

    def _learn(self, seen: TableSeries, issues_s: Ints) -> None:
        """``(H, 24, Q)`` of errors; where a cell has seen too little, the quantiles over all hours."""
        task = self._task
        table = np.zeros((task.horizon, 24, len(task.levels_bps)))
        self._errors[seen.series_id] = table
        if len(issues_s) == 0:
            return
        _, targets = positions(seen, issues_s, task)
        error = take(seen.target, targets) - self._rule(seen, issues_s, task)
        hour = local_time(seen, seen.start_s + targets * seen.resolution_s).hour
        wanted = [float(p) for p in probabilities(task.levels_bps)]
        for lead in range(task.horizon):
            known = np.isfinite(error[:, lead])
            if not known.any():
                continue
            table[lead] = np.quantile(error[known, lead], wanted)
            for h in np.unique(hour[:, lead]):
                cell = error[known & (hour[:, lead] == h), lead]
                if len(cell) >= LEAST_RESIDUALS:
                    table[lead, h] = np.quantile(cell, wanted)

    def _one(self, one: TableSeries, issues_s: Ints) -> Floats:
        _, targets = positions(one, issues_s, self._task)
        hour = local_time(one, one.start_s + targets * one.resolution_s).hour
        errors = self._errors[one.series_id][np.arange(self._task.horizon)[None, :], hour]
        return np.asarray(self._rule(one, issues_s, self._task)[..., None] + errors)


class DampedAnomaly(ResidualForecaster):
    """The slot's mean plus the share of the newest anomaly that survives to each lead, learned per series."""

    def __init__(self) -> None:
        self._shares: dict[str, Floats] = {}
        super().__init__("damped_anomaly", self._point)

    def _learn(self, seen: TableSeries, issues_s: Ints) -> None:
        self._shares[seen.series_id] = _surviving(seen, issues_s, self._task)
        super()._learn(seen, issues_s)

    def _point(self, one: TableSeries, issues_s: Ints, task: Task) -> Floats:
        now = np.nan_to_num(_anomaly(one, issues_s))
        return np.asarray(slot_mean(one, issues_s, task) + self._shares[one.series_id] * now[:, None])


def _surviving(seen: TableSeries, issues_s: Ints, task: Task) -> Floats:
    """``(H,)`` share of the newest anomaly that is left at each lead, by least squares, between 0 and 1."""
    if len(issues_s) == 0:
        return np.zeros(task.horizon)
    _, targets = positions(seen, issues_s, task)
    now = _anomaly(seen, issues_s)[:, None]
    later = take(seen.target, targets) - slot_mean(seen, issues_s, task)
    known = np.isfinite(later) & np.isfinite(now)
    product, square = np.where(known, now * later, 0.0), np.where(known, now * now, 0.0)
    return np.asarray(np.clip(product.sum(axis=0) / np.maximum(square.sum(axis=0), 1e-12), 0.0, 1.0))


def _anomaly(one: TableSeries, issues_s: Ints) -> Floats:
    """Newest value less the mean of its slot, ``(I,)``."""
    at = (issues_s - one.start_s) // one.resolution_s
    newest = take(last_index(one.target).astype(np.float64), at - 1)
    place = np.where(np.isfinite(newest), newest, 0).astype(np.int64)
    per_day = DAY_S // one.resolution_s
    before = np.stack([take(one.target, place - d * per_day) for d in range(1, 8)], axis=-1)
    known = np.isfinite(before)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, before, 0.0).sum(axis=-1) / known.sum(axis=-1)
    return np.asarray(np.where(np.isfinite(newest), take(one.target, place) - mean, np.nan))


class Analogue13:
    """Quantiles over the same weekday and time of thirteen past weeks; what is missing is left out."""

    def __init__(self) -> None:
        self._task = Task((5_000,), 0, 1)

    @property
    def name(self) -> str:
        """``analogue13``."""
        return "analogue13"

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        """Nothing to learn."""
        self._task = task

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        """``(S, I, H, Q)``."""
        return np.stack([self._one(one, issues_s) for one in series])

    def _one(self, one: TableSeries, issues_s: Ints) -> Floats:
        wanted = [float(p) for p in probabilities(self._task.levels_bps)]
        weeks = np.stack([_days_ago(one, issues_s, self._task, 7 * k) for k in WEEKS], axis=-1)
        out = np.moveaxis(quantiles_of(weeks, wanted), 0, -1)
        return np.where(np.isfinite(out), out, last_week(one, issues_s, self._task)[..., None])
