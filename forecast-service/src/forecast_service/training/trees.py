"""Fits the trees of the blend: one booster per kind and level, all on the same drawn rows."""

import time
from collections.abc import Mapping, Sequence

import lightgbm
import numpy as np
from numpy.typing import NDArray

from forecast_service.model.assemble import assemble
from forecast_service.model.grid import Floats
from forecast_service.model.levels import probabilities
from forecast_service.model.predict import SeriesFit, survival_of
from forecast_service.model.samples import Samples
from forecast_service.model.tree_columns import TreeColumns
from forecast_service.model.trees import TreeSet
from forecast_service.training.corpus import Corpus
from forecast_service.training.fit import pretended_late
from forecast_service.training.options import TrainingOptions

CHUNK = 2_000
LEADS = {True: 3, False: 4}
"""Targets taken of each drawn slot, hourly or finer: more slots teach more than more targets of one."""
PARAMETERS: Mapping[str, int | float | str | bool] = {
    "objective": "quantile",
    "num_leaves": 31,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}


def fit_trees(
    corpora: Sequence[Corpus],
    fits: Mapping[str, SeriesFit],
    since_s: int,
    until_s: int,
    options: TrainingOptions,
) -> dict[str, TreeSet]:
    """Trees of every kind from slots whose targets ended by ``until_s``; stops when the time is used up.

    A kind that the time did not reach, or with too few rows for two leaves, is left to the networks.
    """
    began = time.thread_time()
    random = np.random.default_rng(options.seed)
    out: dict[str, TreeSet] = {}
    for corpus in corpora:
        for kind in sorted(set(corpus.panel.kinds)):
            rows = _rows(corpus, kind, fits, corpus.samples(since_s, until_s), options.tree_rows, random)
            late = time.thread_time() - began > options.tree_seconds
            if rows is None or late or len(rows[1]) < 2 * options.tree_leaf:
                continue
            out[kind] = _boost(*rows, options)
    return out


def _rows(
    corpus: Corpus,
    kind: str,
    fits: Mapping[str, SeriesFit],
    samples: Samples,
    wanted: int,
    random: np.random.Generator,
) -> tuple[NDArray[np.float32], Floats, Floats] | None:
    """Columns, deviations in units, and weights that make every loss one in ranges."""
    kinds = np.array(corpus.panel.kinds)[samples.rows]
    mine = np.flatnonzero(kinds == kind)
    leads = LEADS[corpus.panel.per_hour == 1]
    if not len(mine):
        return None
    chosen = samples.of(random.choice(mine, min(wanted // leads, len(mine)), replace=False))
    chosen = pretended_late(corpus, random, chosen)
    survival, builder = survival_of(corpus.frame, fits), TreeColumns(corpus.frame, kind)
    identity = np.array([fits[one.series_id].identity for one in corpus.panel.series])
    columns: list[NDArray[np.float32]] = []
    deviations: list[Floats] = []
    weights: list[Floats] = []
    for a in range(0, len(chosen.rows), CHUNK):
        some = chosen.of(slice(a, a + CHUNK))
        inputs = assemble(corpus.frame, survival, some.rows, some.slots, some.known, some.horizon, some.first_lead)
        matrix = builder.matrix(inputs, some, identity[some.rows])
        actual = corpus.actual(some) / inputs.range_w[:, None]
        taken = np.argsort(random.random(actual.shape), axis=1)[:, : min(leads, some.horizon)]
        row = np.arange(len(taken))[:, None]
        deviation = (actual - inputs.reference) / np.maximum(inputs.unit, 1e-6)
        good = np.isfinite(deviation[row, taken]) & (inputs.open[row, taken] > 0)
        columns.append(matrix[row, taken][good])
        deviations.append(deviation[row, taken][good])
        weights.append(inputs.unit[row, taken][good].astype(np.float64))
    return np.concatenate(columns), np.concatenate(deviations), np.concatenate(weights)


def _boost(columns: NDArray[np.float32], deviations: Floats, weights: Floats, options: TrainingOptions) -> TreeSet:
    shared = {**PARAMETERS, "seed": options.seed, "max_bin": 127}
    data = lightgbm.Dataset(columns, deviations, weight=weights, params=shared, free_raw_data=True)
    recipe = {
        **shared,
        "learning_rate": options.tree_rate,
        "min_data_in_leaf": options.tree_leaf,
        "feature_fraction": options.tree_columns,
    }
    texts = []
    for level in probabilities(options.levels_bps):
        booster = lightgbm.train({**recipe, "alpha": float(level)}, data, num_boost_round=options.trees)
        texts.append(booster.model_to_string())
    return TreeSet.of(texts)
