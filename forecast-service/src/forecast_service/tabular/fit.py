"""Fits the three families on one split."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast_service.tabular.models import DemandModel, Family, ForestModel, LightGbmModel, LinearModel
from forecast_service.tabular.table import FEATURES, Split

LIGHTGBM: dict[str, Any] = {
    "objective": "regression",
    "metric": "mae",
    "boosting_type": "gbdt",
    "num_leaves": 63,
    "learning_rate": 0.05,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 5,
}
"""As the demand design gives them, with the two below."""
ROUNDS, PATIENCE = 500, 50
FOREST: dict[str, Any] = {"n_estimators": 100, "min_samples_leaf": 3, "max_features": 0.5}
RIDGE = 1e-3
"""On standardized columns, per row."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model and what it was fitted with."""

    model: DemandModel
    params: dict[str, str | int | float]


def fit_lightgbm(parts: Split, seed: int) -> Fitted:
    """Rounds by early stopping on the validation part, then all of them on both parts."""
    import lightgbm as lgb

    params = LIGHTGBM | {"seed": seed, "num_threads": 1, "verbosity": -1, "deterministic": True}
    names, seen = list(FEATURES), parts.seen
    data = lgb.Dataset(parts.train.features, parts.train.demand_mwh, feature_name=names, free_raw_data=False)
    held = data.create_valid(parts.validation.features, parts.validation.demand_mwh)
    first = lgb.train(params, data, ROUNDS, valid_sets=[held], callbacks=[lgb.early_stopping(PATIENCE, verbose=False)])
    rounds = max(first.best_iteration, 1)
    final = lgb.train(params, lgb.Dataset(seen.features, seen.demand_mwh, feature_name=names), rounds)
    told = {**LIGHTGBM, "num_boost_round": ROUNDS, "early_stopping_rounds": PATIENCE, "best_iteration": rounds}
    return Fitted(LightGbmModel(final.model_to_string()), told | {"seed": seed})


def fit_forest(parts: Split, seed: int) -> Fitted:
    """No early stopping: a forest does not overfit with more trees."""
    from sklearn.ensemble import RandomForestRegressor

    seen = parts.seen
    forest = RandomForestRegressor(**FOREST, random_state=seed, n_jobs=1).fit(seen.features, seen.demand_mwh)
    return Fitted(forest_of(forest), FOREST | {"seed": seed})


def forest_of(fitted: Any) -> ForestModel:
    """The arrays of a ``sklearn.ensemble.RandomForestRegressor``."""
    trees = [one.tree_ for one in fitted.estimators_]
    root = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1].astype(np.int64)
    own = [np.arange(tree.node_count) for tree in trees]
    left = [np.where(t.children_left < 0, at, t.children_left) + r for t, at, r in zip(trees, own, root, strict=True)]
    right = [
        np.where(t.children_right < 0, at, t.children_right) + r for t, at, r in zip(trees, own, root, strict=True)
    ]
    return ForestModel(
        root=root,
        left=np.concatenate(left).astype(np.int32),
        right=np.concatenate(right).astype(np.int32),
        feature=np.maximum(np.concatenate([tree.feature for tree in trees]), 0).astype(np.int16),
        threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
        value=np.concatenate([tree.value[:, 0, 0] for tree in trees]).astype(np.float64),
        depth=max(tree.max_depth for tree in trees),
    )


def fit_linear(parts: Split, seed: int) -> Fitted:
    """Ridge regression in closed form; it takes no chances."""
    x, y = parts.seen.features, parts.seen.demand_mwh
    center, scale = x.mean(axis=0), np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    z = (x - center) / scale
    weights = np.linalg.solve(z.T @ z + RIDGE * len(z) * np.eye(z.shape[1]), z.T @ (y - y.mean())) / scale
    return Fitted(LinearModel(weights, float(y.mean() - center @ weights)), {"ridge": RIDGE})


FITS: dict[Family, Callable[[Split, int], Fitted]] = {
    "lightgbm": fit_lightgbm,
    "random_forest": fit_forest,
    "linear": fit_linear,
}
