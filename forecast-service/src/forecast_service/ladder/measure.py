"""Forecasts of one plan at every rung. Pure but for the model.

Rung 0 has everything; 1 no weather; 2 no weather and nothing of the last hours; 3 are the analogues of the live
service on what rung 2 had; 4 is the rung 0 forecast of an earlier issue, as the live service repeats it.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from forecast_service.backtest.ports import Floats, Ints, TableForecaster, TableSeries
from forecast_service.backtest.rolling import Plan, as_of
from forecast_service.model.analogue import analogue_quantiles
from forecast_service.model.grid import DAY_S
from forecast_service.model.levels import probabilities, to_milli
from forecast_service.ports import StoredForecast
from forecast_service.products.plan import Delivery
from forecast_service.products.stored import from_stored

RUNGS: Mapping[int, str] = {
    0: "full inputs",
    1: "no weather",
    2: "stale telemetry, no weather",
    3: "analogues",
    4: "last stored forecast",
}


def measured(made: Plan, model: TableForecaster, *, stale_s: int, stored_s: int) -> dict[int, Floats]:
    """Quantiles ``(S, I, H, Q)`` at each rung; rung 0 is left out where the set has no weather.

    Args:
        made: Issues and series.
        model: Fitted; it is copied for every rung, so that none calibrates on another's errors.
        stale_s: Seconds before each issue that nothing is known of at rungs 2 and 3.
        stored_s: Least age in seconds of the forecast that rung 4 repeats.
    """
    weather = any(s.future for s in made.series)
    blind = [_without_weather(s) for s in made.series]
    out: dict[int, Floats] = {}
    if weather:
        out[0] = _at_once(made, made.series, copy.deepcopy(model))
    out[1] = _at_once(made, blind, copy.deepcopy(model))
    out[2] = _one_by_one(made, blind, copy.deepcopy(model), stale_s)
    out[3] = _analogues(made, stale_s)
    out[4] = _stored(made, out[0] if weather else out[1], stored_s)
    return out


def thinned(made: Plan, issues: int, stored_s: int) -> Plan:
    """The plan with so many of its issues, evenly spread.

    For rung 4 each keeps the one that is ``stored_s`` older; those are forecast and not scored.
    """
    count = len(made.issues_s)
    if issues >= count:
        return made
    scored = np.arange(issues) * count // issues
    older = np.searchsorted(made.issues_s, made.issues_s[scored] - stored_s, side="right") - 1
    kept = np.unique(np.concatenate([scored, older[older >= 0]]))
    counted = made.counted[kept] & np.isin(kept, scored)[:, None]
    outcomes = np.where(counted, made.outcomes[:, kept], np.nan)
    return replace(made, issues_s=made.issues_s[kept], counted=counted, outcomes=outcomes)


def _without_weather(series: TableSeries) -> TableSeries:
    return replace(series, future={name: np.full(len(v), np.nan) for name, v in series.future.items()})


def _reach_s(made: Plan) -> int:
    return (made.part.task.first_lead + made.part.task.horizon) * made.part.resolution


def _at_once(made: Plan, series: Sequence[TableSeries], model: TableForecaster) -> Floats:
    last = int(made.issues_s[-1])
    return model.predict([as_of(s, last, last + _reach_s(made)) for s in series], made.issues_s)


def _one_by_one(made: Plan, series: Sequence[TableSeries], model: TableForecaster, stale_s: int) -> Floats:
    """Each issue as if telemetry had failed ``stale_s`` before it, and had been whole until then."""
    out = []
    for at in range(len(made.issues_s)):
        issue = made.issues_s[at : at + 1]
        moment = int(issue[0])
        seen = [as_of(s, moment - stale_s, moment + _reach_s(made)) for s in series]
        out.append(model.predict(seen, issue))
    return np.concatenate(out, axis=1)


def _analogues(made: Plan, stale_s: int) -> Floats:
    task, step = made.part.task, made.part.resolution
    levels = probabilities(task.levels_bps)
    steps = task.first_lead + task.horizon - 1
    out = []
    for series in made.series:
        origins = np.asarray((made.issues_s - series.start_s) // step, dtype=np.int64)
        rows = [_seen_by(series.target, int(o), stale_s // step, steps, DAY_S // step, levels) for o in origins]
        out.append(np.stack(rows)[:, -task.horizon :])
    return np.stack(out)


def _seen_by(values: Floats, origin: int, stale: int, steps: int, per_day: int, levels: Floats) -> Floats:
    past = values[: max(origin, 0)]
    seen = np.where(np.arange(len(past)) < origin - stale, past, np.nan)
    return np.asarray(analogue_quantiles(seen, np.array([origin]), steps, per_day, levels)[0])


def _stored(made: Plan, quantiles: Floats, stored_s: int) -> Floats:
    """What was said last: for the first issues, which have no earlier one, what they said themselves, with no age."""
    task, step = made.part.task, made.part.resolution
    out = np.empty(quantiles.shape)
    for s, series in enumerate(made.series):
        for i, issue in enumerate(made.issues_s):
            older = np.flatnonzero(made.issues_s <= issue - stored_s)
            k = int(older[-1]) if len(older) else i
            about = (task.levels_bps, task.first_lead, step)
            out[s, i] = _said_again(series, made.issues_s, (k, i), quantiles[s, k], about)
    return out


def _said_again(
    series: TableSeries, issues_s: Ints, pair: tuple[int, int], values: Floats, about: tuple[tuple[int, ...], int, int]
) -> Floats:
    levels, first_lead, step = about
    then, now = int(issues_s[pair[0]]), int(issues_s[pair[1]])
    first_s = then + first_lead * step
    stored = StoredForecast(series.series_id, "home_net", then, first_s, step, levels, to_milli(values), 0)
    start = now + first_lead * step
    moments = (datetime.fromtimestamp(t, UTC) for t in (now, start, start + len(values) * step))
    slot, begin, end = moments
    again = from_stored(stored, Delivery(slot, step, begin, end), levels)
    assert again is not None, "the resolution is the same"
    return np.asarray(again.values_milli / 1_000)
