"""Training windows of all series, drawn once and kept in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast_service.engine.calendar import HOUR_S
from forecast_service.engine.columns import Issue, build_inputs
from forecast_service.engine.frame import Frame
from forecast_service.engine.reference import Reference
from forecast_service.model.grid import Ints, take

STALE_SHARE = 0.08
STALE_DAYS = 2
MINIMUM_DAYS = 9
"""Days of history before the first origin."""
CHUNK = 256


@dataclass(frozen=True)
class Pool:
    """``n`` windows, shuffled."""

    encoder: NDArray[np.float32]
    decoder: NDArray[np.float32]
    identity: Ints
    goal: NDArray[np.float32]
    """``(n, H)`` (actual - reference) / unit, NaN for none."""
    weight: NDArray[np.float32]
    """``(n, H)`` unit / range: losses in it are comparable between series."""

    def __len__(self) -> int:
        return len(self.identity)

    def of(self, rows: NDArray[np.bool_]) -> "Pool":
        """Some of the windows."""
        return Pool(self.encoder[rows], self.decoder[rows], self.identity[rows], self.goal[rows], self.weight[rows])

    @classmethod
    def empty(cls) -> "Pool":
        """No windows at all."""
        nothing, flat = np.zeros((0, 0, 0), np.float32), np.zeros((0, 0), np.float32)
        return cls(nothing, nothing, np.zeros(0, np.int64), flat, flat)


def draw_origins(
    frame: Frame, since_s: int, until_s: int, shape: tuple[int, int], most: int, random: np.random.Generator
) -> Ints:
    """Origins on whole hours whose targets all end within the span.

    Half of them let the targets begin at midnight of the local clock when a horizon is whole days:
    most day-ahead products ask for calendar days.
    """
    first_lead, horizon = shape
    step = max(1, HOUR_S // frame.resolution_s)
    known = np.flatnonzero(np.isfinite(frame.values))
    if len(known) == 0:
        return np.zeros(0, dtype=np.int64)
    begin = max(int(known[0]) + MINIMUM_DAYS * frame.per_day, frame.index_of(since_s))
    last = frame.index_of(until_s) - first_lead - horizon
    origins: Ints = np.arange(begin, last + 1, step, dtype=np.int64)
    if len(origins) == 0:
        return origins
    there = np.isfinite(take(frame.values, origins[:, None] + first_lead + np.arange(horizon))).mean(axis=1) > 0.5
    origins = origins[there]
    if len(origins) <= most:
        return origins
    midnight = frame.layout.slot[origins + first_lead] < step
    chance = np.ones(len(origins))
    if horizon % frame.per_day == 0 and midnight.any():
        chance[midnight] = (~midnight).sum() / midnight.sum()
    chosen: Ints = random.choice(origins, most, replace=False, p=chance / chance.sum())
    return chosen


def make_pool(
    parts: Sequence[tuple[Frame, Reference, int, Ints]],
    shape: tuple[int, int],
    is_future: NDArray[np.bool_],
    random: np.random.Generator,
) -> Pool:
    """Build the windows of each series' origins; a share of them pretends that the newest values have not come."""
    columns: list[list[np.ndarray]] = [[], [], [], [], []]
    for frame, reference, identity, origins in parts:
        for issue in late_issues(frame, origins, shape, random):
            inputs = build_inputs(frame, issue, is_future)
            goal = (take(frame.values, issue.targets) - reference.of(inputs)) / inputs.unit
            columns[0].append(inputs.encoder)
            columns[1].append(inputs.decoder)
            columns[2].append(np.full(len(issue.at), identity, dtype=np.int64))
            columns[3].append(goal.astype(np.float32))
            columns[4].append((inputs.unit / frame.scale.range_).astype(np.float32))
    count = sum(len(x) for x in columns[2])
    if count == 0:
        return Pool.empty()
    order = random.permutation(count)
    return Pool(*[np.concatenate(x)[order] for x in columns])


def late_issues(frame: Frame, origins: Ints, shape: tuple[int, int], random: np.random.Generator) -> Iterator[Issue]:
    """Issues at some origins, a few hundred at a time; in a share of them the newest values have not come."""
    late = random.integers(1, STALE_DAYS * frame.per_day + 1, len(origins))
    stale = np.where(random.random(len(origins)) < STALE_SHARE, late, 0)
    for at in range(0, len(origins), CHUNK):
        part = slice(at, at + CHUNK)
        yield Issue(origins[part], origins[part] - stale[part], *shape)


def newest_issue(frame: Frame, issues: Ints, shape: tuple[int, int]) -> Issue:
    """Issues as they are served: everything that ended by the issue is known."""
    return Issue(issues, known_until(frame, issues), *shape)


def known_until(frame: Frame, issues: Ints) -> Ints:
    """The period after the newest value before each issue; the issue itself where there is none within 9 days."""
    here = np.where(np.isfinite(frame.values), np.arange(len(frame.values)), -1)
    newest = np.maximum.accumulate(here) if len(here) else here
    last = np.where(issues > 0, newest[np.clip(issues - 1, 0, max(len(newest) - 1, 0))], -1) + 1
    return np.where(issues - last > MINIMUM_DAYS * frame.per_day, issues, last)
