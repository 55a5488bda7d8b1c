"""LightGBM quantiles: of deviations from the reference on the decoder's features, and of levels on direct ones."""

from collections.abc import Sequence

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from forecast_service.engine.pool import Pool

LEAF = 200
PARAMETERS = {
    "objective": "quantile",
    "learning_rate": 0.06,
    "num_leaves": 31,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.8,
    # Thresholds drawn at random: two dozen lags identify a day, and trees that choose freely learn days by heart.
    "extra_trees": True,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "max_bin": 127,
}


def flat(features: NDArray[np.float32], identity: NDArray[np.int64]) -> NDArray[np.float32]:
    """``(n * H, F + 1)``."""
    own = np.broadcast_to(identity[:, None, None], (*features.shape[:2], 1)).astype(np.float32)
    return np.concatenate([features, own], axis=-1).reshape(-1, features.shape[-1] + 1)


def fit_trees(pool: Pool, levels: Sequence[float], rounds: int, most: int, leaf: int = LEAF) -> list[str]:
    """One booster a level from at most so many targets, as LightGBM's own text."""
    random = np.random.default_rng(5)
    goal, weight = pool.goal.ravel(), pool.weight.ravel()
    rows = np.flatnonzero(np.isfinite(goal))
    if len(rows) > most:
        rows = np.sort(random.choice(rows, most, replace=False))
    features = flat(pool.decoder, pool.identity)[rows]
    shared = {**PARAMETERS, "min_data_in_leaf": leaf}
    data = lgb.Dataset(features, goal[rows], weight=weight[rows], params=shared, free_raw_data=False)
    boosters = [lgb.train({**shared, "alpha": p, "seed": 5}, data, rounds) for p in levels]
    return [booster.model_to_string() for booster in boosters]


class Trees:
    """Fitted boosters."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)
        self._boosters = [lgb.Booster(model_str=text) for text in texts]

    def quantiles(self, features: NDArray[np.float32], identity: int) -> NDArray[np.float64]:
        """``(n, H, Q)`` in what the goals were in, sorted along Q, from ``(n, H, F)``."""
        rows = flat(features, np.full(len(features), identity, dtype=np.int64))
        out = np.stack([np.asarray(b.predict(rows, num_threads=1)) for b in self._boosters], axis=-1)
        return np.sort(out.reshape(*features.shape[:2], -1), axis=-1)
