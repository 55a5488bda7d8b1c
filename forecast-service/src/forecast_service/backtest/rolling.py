"""Rolling origin: train, issue, move on. What a model is given has arrived, or is declared as known ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from forecast_service.backtest.config import Part
from forecast_service.backtest.issues import blocks_of, cron_issues, every_issues, next_day, targets_of
from forecast_service.backtest.ports import Floats, Ints, TableForecaster, TableSeries
from forecast_service.model.grid import take
from gridseal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about one part that does not depend on the model."""

    part: Part
    series: tuple[TableSeries, ...]
    issues_s: Ints
    """``(I,)`` ascending."""
    counted: NDArray[np.bool_]
    """``(I, H)`` targets inside the test window."""
    outcomes: Floats
    """``(S, I, H)``; NaN where missing or not counted."""


def plan(part: Part, series: Sequence[TableSeries]) -> Plan:
    """Fix issues, targets and outcomes.

    Raises:
        ConfigError: The window holds no issue, or a series no outcome in it.
    """
    start, end = int(part.test.start.timestamp()), int(part.test.end.timestamp())
    step, task = part.resolution, part.task
    reach = (task.first_lead + task.horizon) * step
    rule, grid = part.issue, series[0].start_s
    if rule.cron is not None:
        issues = cron_issues(rule.cron, rule.zone, start - reach, end)
    else:
        issues = every_issues(rule.every or 1, step, grid, start - reach, end)
    off = [int(i) for i in issues if any((i - one.start_s) % step for one in series)]
    if off:
        raise ConfigError(
            f"part {part.name}: {len(off)} issues are not on the grid of the series: check issue and resolution"
        )
    targets = targets_of(issues, task.first_lead, task.horizon, step)
    counted = (targets >= start) & (targets < end)
    if rule.next_day_only:
        counted &= next_day(issues, targets, rule.zone)
    used = counted.any(axis=1)
    issues, targets, counted = issues[used], targets[used], counted[used]
    if len(issues) == 0:
        raise ConfigError(f"part {part.name}: no issue has a target in the test window")
    outcomes = np.stack([np.where(counted, take(s.target, (targets - s.start_s) // step), np.nan) for s in series])
    empty = [s.series_id for s, y in zip(series, outcomes, strict=True) if not np.isfinite(y).any()]
    if empty:
        raise ConfigError(f"part {part.name}: no outcome in the test window for {', '.join(empty)}")
    return Plan(part, tuple(series), issues, counted, outcomes)


def as_of(series: TableSeries, moment_s: int, ahead_s: int) -> TableSeries:
    """The series as it stood: later targets and past columns are missing, known columns end at ``ahead_s``."""
    known = max((moment_s - series.start_s) // series.resolution_s, 0)
    ahead = max((ahead_s - series.start_s) // series.resolution_s, 0)
    return replace(
        series,
        target=_cut(series.target, known),
        past={name: _cut(values, known) for name, values in series.past.items()},
        future={name: _cut(values, ahead) for name, values in series.future.items()},
    )


def _cut(values: Floats, keep: int) -> Floats:
    return np.where(np.arange(len(values)) < keep, values, np.nan)


def roll(made: Plan, model: TableForecaster) -> Floats:
    """Quantiles ``(S, I, H, Q)`` of one model over all issues, trained again at every refit.

    A training sees nothing after its end, a block of forecasts nothing after its last issue. That no
    forecast uses what arrived between its own issue and the block's last is what ``leaks.probe`` proves.
    """
    part, task = made.part, made.part.task
    reach = (task.first_lead + task.horizon) * part.resolution
    out = []
    for until_s, issues in blocks_of(made.issues_s, int(part.train_end.timestamp()), part.refit):
        model.fit([as_of(s, until_s, until_s) for s in made.series], task, until_s)
        last = int(issues[-1])
        out.append(model.predict([as_of(s, last, last + reach) for s in made.series], issues))
    quantiles = np.concatenate(out, axis=1)
    wanted = (len(made.series), len(made.issues_s), task.horizon, len(task.levels_bps))
    if quantiles.shape != wanted:
        raise ValueError(f"{model.name} returned {quantiles.shape}, expected {wanted}")
    return quantiles


def before_test(made: Plan) -> Mapping[str, Floats]:
    """Target values before the test window, by series: for the tail's threshold, and a scale when the config asks."""
    start = made.part.test.start
    back = made.part.scale.before
    first = int((start - timedelta(seconds=back)).timestamp()) if back else None
    end = int(start.timestamp())
    out = {}
    for one in made.series:
        low = 0 if first is None else max((first - one.start_s) // one.resolution_s, 0)
        out[one.series_id] = one.target[low : max((end - one.start_s) // one.resolution_s, 0)]
    return out
