"""Looks for better options of the recipe before a training, on days that neither calibrate nor judge it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
import structlog

from forecast_service.inference.registry import TrainingRecord
from forecast_service.model.panel import Scale
from forecast_service.training.corpus import Corpus
from forecast_service.training.options import TrainingOptions
from forecast_service.training.recipe import Split, make_candidate

log = structlog.get_logger(__name__)

SHORT = 3
"""A trial has a third of the steps: enough to tell options apart."""
PENALTY = 1.0
"""Loss of a trial that had nothing to judge."""


def swept(
    corpora: Sequence[Corpus],
    scales: Mapping[str, Scale],
    split: Split,
    options: TrainingOptions,
    trials: int,
    keep: Callable[[TrainingRecord], None],
) -> TrainingOptions:
    """The best of some options.

    Trials fit, calibrate and compare within the days before ``split.fit_end``: what judges the model
    in the end has chosen nothing about it. The first trial is the recipe as it stands, so that a sweep
    can only keep it or improve on it.

    Args:
        corpora: Histories with their columns.
        scales: Of each series.
        split: Of the training that follows.
        options: Where to start.
        trials: How many to try.
        keep: Logs a trial.
    """
    inner = inner_split(split)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="minimize", sampler=optuna.samplers.TPESampler(seed=options.seed))
    study.enqueue_trial({name: getattr(options, name) for name in RANGES})

    def run(trial: optuna.Trial) -> float:
        began = time.monotonic()
        tried = replace(options, **suggested(trial))
        steps = max(options.fit_steps // SHORT, 1), max(options.tune_steps // SHORT, 1)
        short = replace(
            tried, fit_steps=steps[0], tune_steps=steps[1], max_seconds=options.max_seconds / SHORT,
            trees=options.trees // SHORT,
        )  # fmt: skip
        candidate = make_candidate(corpora, scales, inner, short)
        loss = candidate.decision.blend
        loss = loss if loss == loss else PENALTY
        log.info("sweep_trial", number=trial.number, loss=loss)
        params: dict[str, str | int | float] = {"mode": "trial", "trial": trial.number, **trial.params}
        metrics = {"blend_rcrps": loss, "seconds": time.monotonic() - began}
        keep(TrainingRecord(params, metrics, {"mlflow.runName": f"sweep trial {trial.number}", "cause": "sweep"}))
        return loss

    study.optimize(run, n_trials=trials)
    log.info("sweep_done", best=study.best_params, loss=study.best_value)
    return replace(options, **study.best_params)


def inner_split(split: Split) -> Split:
    """The split moved back before the days that the training keeps for itself."""
    holdout = min(split.end - split.fit_end, (split.fit_end - split.start) // 3) // 3_600 * 3_600
    share = (split.end - split.test_start) / max(split.end - split.fit_end, 1)
    test = int(holdout * share) // 3_600 * 3_600
    return Split(split.start, split.fit_end - holdout, split.fit_end - test, split.fit_end)


RANGES: Mapping[str, tuple[float, float]] = {
    "learning_rate": (1e-3, 1e-2),
    "tune_rate_share": (0.1, 0.6),
    "tree_rate": (0.02, 0.12),
    "tree_leaf": (40, 300),
    "tree_columns": (0.2, 0.8),
}
"""Which options are tried, between which bounds, on a logarithmic scale."""


def suggested(trial: optuna.Trial) -> dict[str, Any]:
    """What a trial tries."""
    whole = {"tree_leaf"}
    return {
        name: trial.suggest_int(name, int(low), int(high), log=True)
        if name in whole
        else trial.suggest_float(name, low, high, log=True)
        for name, (low, high) in RANGES.items()
    }
