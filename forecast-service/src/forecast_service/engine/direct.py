"""What boosted trees see that answer with the level itself: past levels as they were, clock, weather.

The networks and the other trees correct a typical course, and err with it. Trees on raw levels err elsewhere,
so that the mean of both is better than either (Victoria, second half of 2013, measured temperature: rCRPS
0.0284 without them, 0.0270 with half of them). Level and range are those of the series' training span.

Dimensions: n issues, H target periods, F features.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forecast_service.engine.calendar import HOUR_S, calendar_features
from forecast_service.engine.columns import Issue, Lookup, at_periods, mean_known
from forecast_service.engine.frame import Frame
from forecast_service.engine.pool import Pool, late_issues
from forecast_service.model.grid import Floats, Ints, take

LAG_DAYS = (1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 364)
WEEKS = (7, 14, 21, 28)
RECENT_H = (1, 3, 24, 168)


def direct_features(frame: Frame, issue: Issue, is_future: NDArray[np.bool_]) -> NDArray[np.float32]:
    """``(n, H, F)``; levels in ranges around the series' level, NaN where nothing is known.

    Args:
        frame: The series.
        issue: Which issues.
        is_future: ``(C,)`` which covariates are known for the target periods.
    """
    at = Lookup(frame, issue)
    levels = [*_lags(frame, at), *_recent(frame, at)]
    scaled = [(x - frame.scale.level) / frame.scale.range_ for x in levels]
    days = [np.take(frame.layout.weekday, at.day, mode="clip"), at.spread[:, None] / frame.scale.range_]
    lead = (at.targets - issue.at[:, None]) * frame.resolution_s / HOUR_S
    own = [*scaled, *days, lead, at.slot * 24 / frame.per_day]
    flat = np.stack([np.broadcast_to(x, at.targets.shape) for x in own], axis=-1)
    calendar = calendar_features(frame.layout, at.day, at.slot)
    return np.concatenate([flat, calendar, *_covariates(frame, at, is_future)], axis=-1).astype(np.float32)


def direct_pool(
    parts: Sequence[tuple[Frame, int, Ints]],
    shape: tuple[int, int],
    is_future: NDArray[np.bool_],
    random: np.random.Generator,
) -> Pool:
    """Windows of each series' origins with these features; goals are levels in ranges, weights 1."""
    features: list[NDArray[np.float32]] = []
    goals: list[NDArray[np.float32]] = []
    identities: list[Ints] = []
    for frame, identity, origins in parts:
        for issue in late_issues(frame, origins, shape, random):
            goal = (take(frame.values, issue.targets) - frame.scale.level) / frame.scale.range_
            features.append(direct_features(frame, issue, is_future))
            identities.append(np.full(len(issue.at), identity, dtype=np.int64))
            goals.append(goal.astype(np.float32))
    if not features:
        return Pool.empty()
    levels = np.concatenate(goals)
    none = np.zeros((len(levels), 0, 0), np.float32)
    return Pool(none, np.concatenate(features), np.concatenate(identities), levels, np.ones(levels.shape, np.float32))


def _lags(frame: Frame, at: Lookup) -> list[Floats]:
    lagged = [at.back(days) for days in LAG_DAYS]
    weeks = np.stack([lagged[LAG_DAYS.index(days)] for days in WEEKS], axis=-1)
    return [*lagged, mean_known(weeks), frame.week[at.today[:, None], at.slot]]


def _recent(frame: Frame, at: Lookup) -> list[Floats]:
    known = at.issue.known
    periods = [max(1, hours * HOUR_S // frame.resolution_s) for hours in RECENT_H]
    means = [at.block(frame.sums[:2], known, count) for count in periods]
    return [x[:, None] for x in (take(frame.values, known - 1), *means, at.center)]


def _covariates(frame: Frame, at: Lookup, is_future: NDArray[np.bool_]) -> list[Floats]:
    """Known-ahead ones at the target and over the day that ends there; past ones as they were last. 0 for unknown."""
    newest = np.broadcast_to((at.issue.known - 1)[:, None], at.targets.shape)
    now = at_periods(frame.columns[is_future], at.targets)
    day = at.block(frame.column_sums[:, is_future], at.targets + 1, frame.per_day)
    past = at_periods(frame.columns[~is_future], newest)
    return [np.nan_to_num(np.moveaxis(x, 0, -1)) for x in (now, day, past)]
