"""Point models with the residual quantiles of the naive rules: ridge regression, and a recursive random forest."""

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from forecast_service.backtest.peers.clock import local_time, positions
from forecast_service.backtest.peers.features import features, unit_of
from forecast_service.backtest.peers.naive import ResidualForecaster, last_value
from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.model.grid import DAY_S, last_index, take

RIDGE = 10.0
FOREST_ROWS = 12_000
HELD_DAYS = 56
LAG_STEPS = (1, 2, 3)


class Linear(ResidualForecaster):
    """Ridge regression a series on the features of the trees, what is missing at its mean."""

    def __init__(self) -> None:
        self._fitted: dict[str, tuple[tuple[float, float], Floats, Floats, Floats]] = {}
        super().__init__("linear", self._point)

    def _learn(self, seen: TableSeries, issues_s: Ints) -> None:
        unit = unit_of(seen)
        if len(issues_s) == 0:
            self._fitted[seen.series_id] = (unit, np.zeros(0), np.zeros(0), np.zeros(0))
            return super()._learn(seen, issues_s)
        x = features(seen, issues_s, self._task, unit, 0)
        _, targets = positions(seen, issues_s, self._task)
        y = ((take(seen.target, targets) - unit[0]) / unit[1]).ravel()
        rows = x.reshape(-1, x.shape[-1])[np.isfinite(y)]
        known = np.isfinite(rows)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, rows, 0.0).sum(axis=0) / count
        spread = np.sqrt(np.where(known, (rows - mean) ** 2, 0.0).sum(axis=0) / count)
        spread = np.asarray(np.where(spread > 1e-9, spread, np.inf), dtype=np.float64)
        z = _standard(rows, mean, spread)
        weights: Floats = np.asarray(np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ y[np.isfinite(y)]))
        self._fitted[seen.series_id] = (unit, mean, spread, weights)
        return super()._learn(seen, issues_s)

    def _point(self, one: TableSeries, issues_s: Ints, task: Task) -> Floats:
        unit, mean, spread, weights = self._fitted[one.series_id]
        if len(weights) == 0:
            return last_value(one, issues_s, task)
        x = features(one, issues_s, task, unit, 0)
        # Far outside what it was fitted on a line goes anywhere; a feature counts for five spreads at most.
        z = _standard(x.reshape(-1, x.shape[-1]), mean, spread)
        return np.asarray(unit[0] + unit[1] * (z @ weights).reshape(x.shape[:2]))


def _standard(rows: Floats, mean: Floats, spread: Floats) -> Floats:
    z = np.clip(np.nan_to_num((rows - mean) / spread), -5, 5)
    return np.concatenate([np.ones((len(rows), 1)), z], axis=1)


class RecursiveForest(ResidualForecaster):
    """A forest that predicts one period and is fed its own prediction for the next.

    It is fitted on all but the newest weeks; its errors are collected on those, as it makes hardly any in sample.
    """

    def __init__(self) -> None:
        self._forests: dict[str, RandomForestRegressor] = {}
        super().__init__("random_forest", self._point)

    def _learn(self, seen: TableSeries, issues_s: Ints) -> None:
        known = int(np.isfinite(seen.target).nonzero()[0].max(initial=0)) + 1
        per_day = DAY_S // seen.resolution_s
        cut = known - min(HELD_DAYS * per_day, known // 4)
        steps = np.arange(8 * per_day, max(cut, 8 * per_day + 1))
        x = self._row(seen, steps, [take(seen.target, steps - k) for k in LAG_STEPS], seen.target)
        y = take(seen.target, steps)
        whole = np.isfinite(y) & np.isfinite(x[:, : len(LAG_STEPS)]).all(axis=1)
        rows = np.flatnonzero(whole)
        if len(rows) > FOREST_ROWS:
            rows = np.sort(np.random.default_rng(0).choice(rows, FOREST_ROWS, replace=False))
        forest = RandomForestRegressor(n_estimators=50, min_samples_leaf=5, max_features=0.6, random_state=0, n_jobs=1)
        self._forests[seen.series_id] = forest.fit(np.nan_to_num(x[rows], nan=-1e6), y[rows])
        held = issues_s[issues_s >= seen.start_s + cut * seen.resolution_s]
        super()._learn(seen, held)

    def _row(self, one: TableSeries, steps: Ints, recent: list[Floats], values: Floats) -> Floats:
        per_day = DAY_S // one.resolution_s
        clock = local_time(one, one.start_s + steps * one.resolution_s)
        columns: list[Floats | Ints] = [*recent, take(values, steps - per_day), take(values, steps - 7 * per_day)]
        columns += [clock.hour + clock.minute / 60, clock.weekday, clock.month, clock.holiday]
        columns += [take(v, steps) for v in one.future.values()]
        return np.stack([np.asarray(c, dtype=np.float64) for c in columns], axis=-1)

    def _point(self, one: TableSeries, issues_s: Ints, task: Task) -> Floats:
        forest = self._forests[one.series_id]
        at, _ = positions(one, issues_s, task)
        total = task.first_lead + task.horizon
        # (I, back + total): what had arrived, its holes closed by the newest value before, then the predictions.
        back = 7 * DAY_S // one.resolution_s + max(LAG_STEPS)
        held = take(one.target, last_index(one.target))
        path = np.full((len(issues_s), back + total), np.nan)
        path[:, :back] = take(np.nan_to_num(held), at[:, None] - back + np.arange(back))
        per_day = DAY_S // one.resolution_s
        for step in range(total):
            here = back + step
            recent = [path[:, here - k] for k in LAG_STEPS]
            x = self._row(one, at + step, recent, one.target)
            x[:, len(LAG_STEPS)], x[:, len(LAG_STEPS) + 1] = path[:, here - per_day], path[:, here - 7 * per_day]
            path[:, here] = forest.predict(np.nan_to_num(x, nan=-1e6))
        return path[:, back + task.first_lead :]
