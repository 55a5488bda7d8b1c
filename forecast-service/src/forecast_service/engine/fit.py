"""Fits an engine: scales, references, networks and trees, and how they are mixed."""

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
from forecast_service.engine.grow import LevelTrees, grown, grown_on_levels
from forecast_service.engine.model import Columns, Engine, Place, blended, columns_of
from forecast_service.engine.net import EngineShape
from forecast_service.engine.pool import Pool, draw_origins, make_pool
from forecast_service.engine.recalibrate import Ledger, last_offsets
from forecast_service.engine.reference import Reference, fit_reference, plain_reference
from forecast_service.engine.train import BATCH, Effort, Trainer
from forecast_service.model.grid import DAY_S, Floats, Ints, take
from forecast_service.model.levels import probabilities
from gridseal.errors import ConfigError

HELD_SHARE = 0.15
HELD_DAYS = (14, 90)
LEAST_DAYS = 40
"""Below, nothing is held out: everything is needed for learning."""
POOL_BYTES = 350_000_000
POOL_WINDOWS = 24_000
LEAST_WINDOWS = 3_000
STEPS_OF_A_YEAR = 150
STEPS_POWER = 0.75
REFERENCE_ORIGINS = 300
MIX_STEPS = 10
NETS_ALONE = (1.0, 0.0, 0.0)
UNJUDGED = (0.4, 0.2, 0.4)
"""Shares where nothing could be held out."""
JUDGED = 600
"""Held-out issues on which the mix is judged."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much work a fit may be. Nothing here depends on the data."""

    seeds: int = 2
    steps: int = 1_200
    """Of each network at most; fewer where the table holds fewer days, see ``steps_for``."""
    seconds: float = 600.0
    """CPU seconds for each network at most."""
    trees: bool = True
    rounds: int = 250
    """Of boosting, for each level."""
    direct_rounds: int = 500
    """The same for the trees on levels, which have more to learn."""
    rows: int = 40_000
    """Targets that the trees learn from."""


@dataclass(frozen=True)
class Fitted:
    """The engine to serve, and the one that has not seen the end: its errors there are honest."""

    engine: Engine
    held: Engine
    held_since_s: int


def fit_engine(series: Sequence[TableSeries], task: Task, until_s: int, options: Options) -> Fitted:
    """Learn from nothing."""
    columns = columns_of(series)
    scales = {one.series_id: scale_of(one, until_s) for one in series}
    blank = _blank(columns, scales, task, series, until_s)
    frames = [blank.frame(one, until_s) for one in series]
    since = min((one.start_s for one in series), default=until_s)
    held_since = _held_since(since, until_s)
    blank = _with_references(blank, frames, held_since)
    held = _taught(blank, frames, held_since, options, draw=0)
    held = _with_offsets(_mixed(held, frames, until_s), frames, until_s)
    if held_since >= until_s:
        return Fitted(held, held, until_s)
    return Fitted(_taught(held, frames, until_s, options, draw=1), held, held_since)


def refit_engine(fitted: Fitted, series: Sequence[TableSeries], until_s: int, options: Options) -> Fitted:
    """Learn again with what has come since: same scales, references and mix.

    From nothing, too: networks that go on learning see most windows a second time and learn them by heart
    (Victoria 2014: rCRPS 0.0509 against 0.0477).
    """
    old = fitted.engine
    frames = [old.frame(one, until_s) for one in series]
    return Fitted(_taught(old, frames, until_s, options, draw=until_s % 2**32), old, old.until_s)


def _taught(engine: Engine, frames: Sequence[Frame], until_s: int, options: Options, draw: int) -> Engine:
    """The same engine with new networks and trees, from all that ended by a moment; each net sees its own windows."""
    effort = Effort(steps_for(frames, until_s, options), options.seconds)
    trainers = [Trainer(engine.shape, engine.columns.weather, seed) for seed in range(options.seeds)]
    windows = min(POOL_WINDOWS, max(LEAST_WINDOWS, effort.steps * BATCH))
    for seed, trainer in enumerate(trainers):
        pool = draw_pool(engine, frames, until_s, np.random.default_rng((draw, seed)), windows)
        trainer.run(pool, effort)
    trees, direct = None, LevelTrees(None, {})
    if options.trees and len(pool):
        trees = grown(pool, engine, options.rounds, options.rows)
        direct = grown_on_levels(engine, frames, until_s, options.direct_rounds, options.rows, draw)
    nets = tuple(t.average for t in trainers)
    return replace(engine, nets=nets, trees=trees, direct=direct.together, alone=direct.alone, until_s=until_s)


def steps_for(frames: Sequence[Frame], until_s: int, options: Options) -> int:
    """Training steps that days of data bear: windows a few hours apart say nearly the same twice.

    250 for two years of one series, 400 for four series of a year.
    """
    years = sum(frame.known_days(until_s) for frame in frames) / 365
    return int(np.clip(STEPS_OF_A_YEAR * years**STEPS_POWER, 1, options.steps))


def draw_pool(engine: Engine, frames: Sequence[Frame], until_s: int, random: np.random.Generator, windows: int) -> Pool:
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
        direct=None,
        shares=NETS_ALONE,
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
    """Weigh networks and trees against each other on what none has seen."""
    if engine.trees is None or engine.direct is None:
        return replace(engine, shares=NETS_ALONE)
    mixes = _mixes()
    losses: list[Floats] = []
    random = np.random.default_rng(3)
    for frame in frames:
        issues = draw_origins(frame, engine.until_s, until_s, engine.window, max(1, JUDGED // len(frames)), random)
        if len(issues) == 0:
            continue
        actual = take(frame.values, Issue(issues, issues, *engine.window).targets)
        losses.append(_losses(engine, frame, issues, actual, mixes))
    if not losses:
        return replace(engine, shares=UNJUDGED)
    return replace(engine, shares=mixes[int(np.argmin(np.mean(losses, axis=0)))])


def _mixes() -> list[tuple[float, float, float]]:
    steps = range(MIX_STEPS + 1)
    return [
        (net / MIX_STEPS, tree / MIX_STEPS, (MIX_STEPS - net - tree) / MIX_STEPS)
        for net in steps
        for tree in steps
        if net + tree <= MIX_STEPS
    ]


def _losses(
    engine: Engine, frame: Frame, issues: Ints, actual: Floats, mixes: Sequence[tuple[float, float, float]]
) -> Floats:
    members, levels = engine.members(frame, issues), engine.task.levels_bps
    found = [np.nanmean(quantile_crps(actual, blended(members, mix), levels)) for mix in mixes]
    return np.array(found) / frame.scale.range_


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
