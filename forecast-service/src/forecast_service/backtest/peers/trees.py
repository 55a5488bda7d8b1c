"""LightGBM quantile regression: with the hyperparameters that the platform's tabular model uses, and tuned."""

from collections.abc import Mapping, Sequence

import lightgbm as lgb
import numpy as np

from forecast_service.backtest.peers.clock import positions, training_issues
from forecast_service.backtest.peers.features import features, unit_of
from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.model.grid import take
from forecast_service.model.levels import probabilities

Parameters = Mapping[str, float]
ROWS = 40_000
TRAINING_DAYS = 1_100
HELD_SHARE = 0.15
PATIENCE = 50
FIXED: Mapping[str, object] = {
    "objective": "quantile", "num_threads": 1, "verbosity": -1, "seed": 7, "deterministic": True,
    "force_row_wise": True, "max_bin": 127,
}  # fmt: skip
TABULAR: Parameters = {
    "learning_rate": 0.05, "num_leaves": 63, "feature_fraction": 0.8, "bagging_fraction": 0.8, "bagging_freq": 5,
}  # fmt: skip
ROUNDS = 500
"""Of the tabular model, with early stopping after 50."""
TRIED: Sequence[Parameters] = (
    {"learning_rate": 0.05, "num_leaves": 15, "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1,
     "min_data_in_leaf": 100, "lambda_l2": 5.0},
    {"learning_rate": 0.05, "num_leaves": 31, "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1,
     "min_data_in_leaf": 60, "lambda_l2": 1.0},
    {"learning_rate": 0.04, "num_leaves": 63, "feature_fraction": 0.4, "bagging_fraction": 0.6, "bagging_freq": 1,
     "min_data_in_leaf": 30, "lambda_l2": 1.0},
)  # fmt: skip
"""Of these, the one with the lowest pinball loss at the median on the last 15 % of the training span."""


class LightGbm:
    """One booster a level over all series of the table, on scaled levels."""

    def __init__(self, name: str, tried: Sequence[Parameters] = (TABULAR,)) -> None:
        self._name, self._tried = name, tried
        self._task, self._until_s = Task((5_000,), 0, 1), 0
        self._seen: Sequence[TableSeries] = ()
        self._units: list[tuple[float, float]] = []
        self._boosters: list[lgb.Booster] = []

    @property
    def name(self) -> str:
        """As in the tables."""
        return self._name

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        """Keep what may be learned from; learning waits for the times of day that are asked for."""
        self._seen, self._task, self._until_s, self._boosters = series, task, until_s, []
        self._units = [unit_of(one) for one in series]

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        """``(S, I, H, Q)``, sorted along Q."""
        if not self._boosters:
            self._learn(issues_s)
        made = []
        for k, (one, unit) in enumerate(zip(series, self._units, strict=True)):
            x = features(one, issues_s, self._task, unit, k)
            rows = x.reshape(-1, x.shape[-1])
            q = np.stack([np.asarray(b.predict(rows, num_threads=1)) for b in self._boosters], axis=-1)
            made.append(unit[0] + unit[1] * np.sort(q, axis=-1).reshape(*x.shape[:2], -1))
        return np.stack(made)

    def _learn(self, like_s: Ints) -> None:
        x, y, moment = self._rows(like_s)
        middle, best, rounds = {"alpha": 0.5}, self._tried[0], 0
        held = moment > np.quantile(moment, 1 - HELD_SHARE)
        lowest = np.inf
        for tried in self._tried:
            train = lgb.Dataset(x[~held], y[~held], params={**FIXED})
            booster = lgb.train(
                {**FIXED, **tried, **middle}, train, ROUNDS,
                valid_sets=[lgb.Dataset(x[held], y[held], reference=train)],
                callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
            )  # fmt: skip
            score = next(iter(booster.best_score["valid_0"].values()))
            if score < lowest:
                lowest, best, rounds = score, tried, max(booster.best_iteration, 20)
        data = lgb.Dataset(x, y, params={**FIXED}, free_raw_data=False)
        levels = probabilities(self._task.levels_bps)
        self._boosters = [lgb.train({**FIXED, **best, "alpha": float(p)}, data, rounds) for p in levels]

    def _rows(self, like_s: Ints) -> tuple[Floats, Floats, Floats]:
        """Features ``(n, F)``, scaled targets ``(n,)`` and issue times ``(n,)``, at most ``ROWS``."""
        random = np.random.default_rng(0)
        found: list[tuple[Floats, Floats, Floats]] = []
        many = max(ROWS // (self._task.horizon * len(self._seen)), 1)
        for k, (one, unit) in enumerate(zip(self._seen, self._units, strict=True)):
            issues = training_issues(one, self._task, self._until_s, like_s, TRAINING_DAYS)
            if len(issues) > many:
                issues = np.sort(random.choice(issues, many, replace=False))
            _, targets = positions(one, issues, self._task)
            x = features(one, issues, self._task, unit, k)
            y = (take(one.target, targets) - unit[0]) / unit[1]
            moment = np.broadcast_to(issues[:, None], y.shape).astype(np.float64)
            known = np.isfinite(y)
            found.append((x[known], y[known], moment[known]))
        x, y, moment = (np.concatenate([f[i] for f in found]) for i in range(3))
        return x, y, moment


def tabular() -> LightGbm:
    """S3's hyperparameters: 63 leaves, rate 0.05, 500 rounds with early stopping."""
    return LightGbm("lightgbm")


def tuned() -> LightGbm:
    """The best of three on a held-out end of the training span."""
    return LightGbm("lightgbm_tuned", TRIED)
