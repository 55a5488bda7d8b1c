"""Fits an engine: scales, references, networks and trees, and how they are mixed."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast_service.backtest.ports import TableSeries, Task
from forecast_service.backtest.scores import quantile_crps
from forecast_service.engine.calendar import HOUR_S
from forecast_service.engine.columns import (
    HISTORY_BLOCKS,
    Issue,
    build_inputs,
    decoder_width,
    encoder_width,
)
from forecast_service.engine.frame import Frame, SeriesScale, scale_of
from forecast_service.engine.model import Columns, Engine, Place, columns_of
from forecast_service.engine.net import EngineNet, EngineShape
from forecast_service.engine.pool import Pool, draw_origins, make_pool
from forecast_service.engine.recalibrate import Ledger, last_offsets
from forecast_service.engine.reference import Reference, fit_reference, plain_reference
from forecast_service.engine.train import BATCH, PEAK_RATE, Effort, Trainer
from forecast_service.engine.trees import Trees, fit_trees
from forecast_service.model.grid import DAY_S, Floats, Ints, take
from forecast_service.model.levels import probabilities
from gridseal.errors import ConfigError

FINE_RATE = 0.4 * PEAK_RATE
FINE_SHARE = 0.3
HELD_SHARE = 0.15
HELD_DAYS = (14, 90)
LEAST_DAYS = 40
"""Below, nothing is held out: everything is needed for learning."""
POOL_BYTES = 350_000_000
POOL_WINDOWS = 8_000
LEAST_WINDOWS = 3_000
STEPS_PER_ROOT_DAY = 9.3
TREE_GROWTH = 1.08
"""Trees are grown again when there is so much more to learn from; the networks go on at every refit."""
REFERENCE_ORIGINS = 300
JUDGED = 600
"""Held-out issues on which the mix is judged."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much work a fit may be. Nothing here depends on the data."""

    seeds: int = 2
    steps: int = 1_200
    """At most; fewer where the table holds fewer days, see ``steps_for``."""
    seconds: float = 75.0
    """CPU seconds for each network at most."""
    refit_share: float = 0.1
    """Of both, when a fitted engine goes on learning."""
    trees: bool = True
    rounds: int = 150
    """Of boosting, for each level."""
    rows: int = 40_000
    """Targets that the trees learn from."""


@dataclass(frozen=True)
class Fitted:
    """The engine to serve, and the one that has not seen the end: its errors there are honest."""

    engine: Engine
    held: Engine
    held_since_s: int
    trainers: tuple[Trainer, ...]
    trees_days: float
    """Days of data the trees were grown from."""


def fit_engine(series: Sequence[TableSeries], task: Task, until_s: int, options: Options) -> Fitted:
    """Learn from nothing."""
    columns = columns_of(series)
    scales = {one.series_id: scale_of(one, until_s) for one in series}
    blank = _blank(columns, scales, task, series, until_s)
    frames = [blank.frame(one, until_s) for one in series]
    since = min((one.start_s for one in series), default=until_s)
    held_since = _held_since(since, until_s)
    blank = _with_references(blank, frames, held_since)
    random = np.random.default_rng(0)
    first = draw_pool(blank, frames, held_since, random)
    trainers = tuple(Trainer(blank.shape, columns.weather, seed) for seed in range(options.seeds))
    effort = Effort(steps_for(frames, held_since, options), options.seconds)
    for trainer in trainers:
        trainer.run(first, effort)
    trees = _grown(first, blank, options) if options.trees and len(first) else None
    held = _mixed(replace(blank, nets=_nets(trainers), trees=trees, until_s=held_since), frames, until_s)
    held = _with_offsets(held, frames, until_s)
    if held_since >= until_s:
        return Fitted(replace(held, until_s=until_s), held, until_s, trainers, known_days(frames, until_s))
    del first
    return _all_data(held, frames, until_s, options, trainers, held_since)


def _all_data(
    held: Engine, frames: Sequence[Frame], until_s: int, options: Options, trainers: tuple[Trainer, ...], since: int
) -> Fitted:
    second = draw_pool(held, frames, until_s, np.random.default_rng(1))
    steps = max(1, round(steps_for(frames, until_s, options) * FINE_SHARE))
    for trainer in trainers:
        trainer.run(second, Effort(steps, options.seconds * FINE_SHARE), FINE_RATE)
    trees = _grown(second, held, options) if held.trees is not None else None
    engine = replace(held, nets=_nets(trainers), trees=trees, until_s=until_s)
    return Fitted(engine, held, since, trainers, known_days(frames, until_s))


def refit_engine(fitted: Fitted, series: Sequence[TableSeries], until_s: int, options: Options) -> Fitted:
    """Go on learning with what has come since: same scales, references and mix."""
    old = fitted.engine
    frames = [old.frame(one, until_s) for one in series]
    steps = max(1, round(steps_for(frames, until_s, options) * options.refit_share))
    windows = min(POOL_WINDOWS, max(LEAST_WINDOWS, steps * BATCH))
    pool = draw_pool(old, frames, until_s, np.random.default_rng(until_s % 2**32), windows)
    for trainer in fitted.trainers:
        trainer.run(pool, Effort(steps, options.seconds * options.refit_share), FINE_RATE)
    days, trees = known_days(frames, until_s), old.trees
    if days < fitted.trees_days * TREE_GROWTH:
        days = fitted.trees_days
    elif trees is not None and len(pool):
        trees = Trees(
            fit_trees(pool, [float(p) for p in probabilities(old.task.levels_bps)], options.rounds, options.rows)
        )
    engine = replace(old, nets=_nets(fitted.trainers), trees=trees, until_s=until_s)
    return Fitted(engine, old, old.until_s, fitted.trainers, days)


def steps_for(frames: Sequence[Frame], until_s: int, options: Options) -> int:
    """Training steps that days of data bear: windows a few hours apart say nearly the same twice.

    250 for two years of one series; with four times the days twice as many.
    """
    return int(np.clip(STEPS_PER_ROOT_DAY * np.sqrt(known_days(frames, until_s)), 1, options.steps))


def known_days(frames: Sequence[Frame], until_s: int) -> float:
    """Days of values that all series hold together."""
    return float(sum(np.isfinite(f.values[: max(0, f.index_of(until_s))]).sum() / f.per_day for f in frames))


def draw_pool(
    engine: Engine, frames: Sequence[Frame], until_s: int, random: np.random.Generator, windows: int = POOL_WINDOWS
) -> Pool:
    """Windows of all series, as many as are wanted and fit into the memory allowed."""
    columns = engine.columns
    shape = engine.shape
    floats = HISTORY_BLOCKS * shape.encoder_features + engine.task.horizon * (shape.decoder_features + 2)
    most = max(1, min(windows, POOL_BYTES // (4 * floats)) // max(len(frames), 1))
    parts = [
        (
            frame,
            engine.references.get(frame.series_id, engine.fallback),
            engine.identities.get(frame.series_id, shape.identities),
            draw_origins(frame, 0, until_s, engine.window, most, random),
        )
        for frame in frames
    ]
    return make_pool(parts, engine.window, columns.is_future, random)


def _blank(
    columns: Columns, scales: dict[str, SeriesScale], task: Task, series: Sequence[TableSeries], until_s: int
) -> Engine:
    widths = {one.resolution_s for one in series}
    if len(widths) != 1:
        raise ConfigError("a table needs at least one series, and all of one resolution")
    resolution_s = widths.pop()
    ids = {series_id: k for k, series_id in enumerate(sorted(scales))}
    shape = EngineShape(
        levels_bps=task.levels_bps,
        identities=len(ids),
        encoder_features=encoder_width(len(columns.past) + len(columns.future)),
        decoder_features=decoder_width(len(columns.future)),
        stride=max(1, HOUR_S // resolution_s),
    )
    places = {one.series_id: Place(one.zone, one.country, one.subdivision) for one in series}
    return Engine(
        task=task,
        columns=columns,
        shape=shape,
        nets=(),
        trees=None,
        net_share=1.0,
        scales=scales,
        references={},
        fallback=plain_reference(),
        identities=ids,
        until_s=until_s,
        places=places,
        resolution_s=resolution_s,
    )


def _held_since(since_s: int, until_s: int) -> int:
    days = (until_s - since_s) / DAY_S
    if days < LEAST_DAYS:
        return until_s
    held = float(np.clip(days * HELD_SHARE, *HELD_DAYS))
    return until_s - int(held) * DAY_S


def _with_references(engine: Engine, frames: Sequence[Frame], until_s: int) -> Engine:
    random = np.random.default_rng(2)
    parts, references = {}, {}
    for frame in frames:
        origins = draw_origins(frame, 0, until_s, engine.window, REFERENCE_ORIGINS, random)
        if len(origins) == 0:
            continue
        issue = Issue(origins, origins, *engine.window)
        inputs = build_inputs(frame, issue, engine.columns.is_future)
        parts[frame.series_id] = (inputs, take(frame.values, issue.targets), frame.scale.range_)
        if len(origins) == REFERENCE_ORIGINS:
            references[frame.series_id] = fit_reference([parts[frame.series_id]])
    everyone: Reference = fit_reference(list(parts.values())) if parts else plain_reference()
    return replace(engine, references=references, fallback=everyone)


def _mixed(engine: Engine, frames: Sequence[Frame], until_s: int) -> Engine:
    """Weigh networks against trees on what neither has seen."""
    if engine.trees is None or until_s <= engine.until_s:
        return replace(engine, net_share=1.0 if engine.trees is None else 0.6)
    shares = np.linspace(0, 1, 11)
    losses: list[Floats] = []
    random = np.random.default_rng(3)
    for frame in frames:
        issues = draw_origins(frame, engine.until_s, until_s, engine.window, max(1, JUDGED // len(frames)), random)
        if len(issues) == 0:
            continue
        actual = take(frame.values, Issue(issues, issues, *engine.window).targets)
        losses.append(_losses(engine, frame, issues, actual, shares))
    if not losses:
        return replace(engine, net_share=0.6)
    return replace(engine, net_share=float(shares[int(np.argmin(np.mean(losses, axis=0)))]))


def _losses(engine: Engine, frame: Frame, issues: Ints, actual: Floats, shares: Floats) -> Floats:
    net, tree = engine.both(frame, issues)
    levels = engine.task.levels_bps
    return (
        np.array([np.nanmean(quantile_crps(actual, w * net + (1 - w) * tree, levels)) for w in shares])
        / frame.scale.range_
    )


def _with_offsets(engine: Engine, frames: Sequence[Frame], until_s: int) -> Engine:
    """Calibration to begin with where no past forecasts are at hand."""
    random = np.random.default_rng(4)
    levels, offsets = probabilities(engine.task.levels_bps), {}
    for frame in frames:
        issues = draw_origins(frame, engine.until_s, until_s, engine.window, JUDGED // 2, random)
        if len(issues) == 0:
            continue
        issues = np.sort(issues)
        targets = Issue(issues, issues, *engine.window).targets
        ledger = Ledger(
            issues_s=frame.start_s + issues * frame.resolution_s,
            ends_s=frame.start_s + (targets + 1) * frame.resolution_s,
            raw=engine.quantiles(frame, issues)[None],
            actual=take(frame.values, targets)[None],
            ranges=np.array([frame.scale.range_]),
        )
        offsets[frame.series_id] = last_offsets(ledger, levels)[0]
    return replace(engine, offsets=offsets)


def _grown(pool: Pool, engine: Engine, options: Options) -> Trees:
    levels = [float(p) for p in probabilities(engine.task.levels_bps)]
    return Trees(fit_trees(pool, levels, options.rounds, options.rows))


def _nets(trainers: Sequence[Trainer]) -> tuple[EngineNet, ...]:
    return tuple(copy.deepcopy(trainer.average) for trainer in trainers)
