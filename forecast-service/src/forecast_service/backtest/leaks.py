"""Looks for the future in forecasts and in data. Whatever comes after an issue may not move what was forecast at it."""

from dataclasses import replace

import numpy as np

from forecast_service.backtest.issues import blocks_of
from forecast_service.backtest.ports import Floats, TableForecaster, TableSeries
from forecast_service.backtest.rolling import Plan, as_of
from gridseal.errors import ConfigError

PROBES = 2
TOO_GOOD = 0.9999
"""Share of the target's variance that no forecast explains."""
LEAST_ROWS = 200


def probe(made: Plan, model: TableForecaster) -> str | None:
    """Say where a fitted model uses what had not arrived, or ``None``.

    The last block of issues is forecast twice: as in the backtest, and with everything that came after an
    issue replaced (targets and past columns after it, known columns after its last target). Forecasts of that
    issue and all before must not differ.
    """
    part, task = made.part, made.part.task
    issues = blocks_of(made.issues_s, int(part.train_end.timestamp()), part.refit)[-1][1]
    reach = (task.first_lead + task.horizon) * part.resolution
    last = int(issues[-1])
    seen = [as_of(s, last, last + reach) for s in made.series]
    straight = model.predict(seen, issues)
    scale = np.nanmax(np.abs(straight)) or 1.0
    for k in np.unique(np.linspace(0, len(issues) - 2, PROBES).astype(int)) if len(issues) > 1 else ():
        moment = int(issues[k])
        moved = model.predict([_later_replaced(s, moment, moment + reach) for s in seen], issues)
        gap = float(np.nanmax(np.abs(moved[:, : k + 1] - straight[:, : k + 1])))
        if not np.isfinite(gap) or gap > 1e-6 * scale:
            when = np.datetime64(moment, "s")
            return (
                f"a forecast issued by {when} moves by {gap:.3g} with what came only after {when}: it reads the future"
            )
    return None


def _later_replaced(series: TableSeries, moment_s: int, ahead_s: int) -> TableSeries:
    known = (moment_s - series.start_s) // series.resolution_s
    ahead = (ahead_s - series.start_s) // series.resolution_s

    def other(values: Floats, keep: int) -> Floats:
        mirrored = np.nanmax(values) + np.nanmin(values) - values if np.isfinite(values).any() else values
        return np.where(np.arange(len(values)) < keep, values, 1.7 * mirrored + 1.0)

    return replace(
        series,
        target=other(series.target, known),
        past={name: other(values, known) for name, values in series.past.items()},
        future={name: other(values, ahead) for name, values in series.future.items()},
    )


def refuse_outcomes(made: Plan) -> None:
    """Refuse columns that hold the outcome itself.

    Raises:
        ConfigError: A column called a forecast is the target, or a past column is the target one period on.
    """
    source = made.part.source
    for one in made.series:
        for name, label in source.future.items():
            if label == "forecast" and _explained(one.target, one.future[name], None) > TOO_GOOD:
                raise ConfigError(
                    f"series {one.series_id}: column {name} is called a forecast but is the target itself; "
                    "label it oracle, or leave it out"
                )
        for name in source.past:
            now, later = one.past[name][:-1], one.target[1:]
            if _explained(later, now, one.target[:-1]) > TOO_GOOD:
                raise ConfigError(
                    f"series {one.series_id}: past column {name} is the target one period later: it had not arrived"
                )


def _explained(target: Floats, column: Floats, beside: Floats | None) -> float:
    """Share of variance that a column explains linearly, of what ``beside`` leaves unexplained."""
    columns = [column] if beside is None else [column, beside]
    known = np.isfinite(target) & np.all([np.isfinite(c) for c in columns], axis=0)
    if known.sum() < LEAST_ROWS:
        return 0.0
    y = target[known]
    ones = np.ones((len(y), 1))
    base = ones if beside is None else np.column_stack([ones, beside[known]])
    full = np.column_stack([base, column[known]])
    left = [float(np.square(y - x @ np.linalg.lstsq(x, y, rcond=None)[0]).sum()) for x in (base, full)]
    return 1 - left[1] / left[0] if left[0] > 0 else 0.0
