"""What the model sees of one issue: the same builder in training, in backtests and in serving.

Dimensions: n issues, L blocks of history, H target periods, C covariates. Nothing at or after the
position ``known`` of an issue is read from a target or a past covariate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast_service.engine.calendar import FEATURES, HOUR_S, calendar_features
from forecast_service.engine.frame import Frame
from forecast_service.model.grid import Floats, Ints, quantiles_of, take

BLOCK_S = 2 * HOUR_S
HISTORY_BLOCKS = 84
WEEKS_D = (7, 14, 21, 28)
YEAR_D = (357, 358, 359, 364, 369, 370, 371)
ANALOGUES_D = (*WEEKS_D, 35, 42, *YEAR_D)
SINGLES = np.float32
LIMIT = 8.0
RECENT_H = (1, 3, 24)
STILL_SHARE = 1e-4
OWN_COLUMNS = 27
PER_COLUMN = 5
ENCODER_OWN = 8


def decoder_width(columns: int) -> int:
    """Features of one target period."""
    return OWN_COLUMNS + FEATURES + PER_COLUMN * columns + 1


def encoder_width(columns: int) -> int:
    """Features of one block of history."""
    return ENCODER_OWN + columns


@dataclass(frozen=True)
class Inputs:
    """Arrays of ``n`` issues; no NaN in them."""

    encoder: NDArray[np.float32]
    """``(n, L, E)``."""
    decoder: NDArray[np.float32]
    """``(n, H, D)``."""
    candidates: Floats
    """``(n, H, 3)`` in the unit of the series: what the reference is mixed from."""
    recent: Floats
    """``(n, 3)`` newest deviations from the typical course: the last hour, three hours, day."""
    unit: Floats
    """``(n, H)``: how wide the slot usually is; the net's answers are in it."""


@dataclass(frozen=True)
class Issue:
    """Positions of some issues of one series."""

    at: Ints
    """``(n,)`` the period that begins at the issue."""
    known: Ints
    """``(n,)`` the first period not yet known; at most ``at``."""
    first_lead: int
    horizon: int

    @property
    def targets(self) -> Ints:
        """``(n, H)``."""
        return np.asarray(self.at[:, None] + self.first_lead + np.arange(self.horizon))


def build_inputs(frame: Frame, issue: Issue, is_future: NDArray[np.bool_]) -> Inputs:
    """Everything known at some issues.

    Args:
        frame: The series.
        issue: Which issues.
        is_future: ``(C,)`` which covariates are known for the target periods.
    """
    lookup = Lookup(frame, issue)
    base = lookup.center[:, None], lookup.spread[:, None]
    lags, candidates = _lags(frame, lookup)
    recent = np.stack([lookup.recent(h) for h in RECENT_H], axis=-1)
    unit = lookup.unit
    own = [*[(x - base[0]) / base[1] for x in lags], *_widths(lookup, base[1], unit)]
    own += _state(frame, lookup, recent)
    scaled = np.stack([np.broadcast_to(x, unit.shape) for x in own], axis=-1)
    calendar = calendar_features(frame.layout, lookup.day, lookup.slot)
    weather = _weather(frame, lookup, is_future)
    decoder = np.concatenate([scaled, calendar, *weather], axis=-1)
    return Inputs(_clean(_encoder(frame, lookup, is_future)), _clean(decoder), candidates, recent, unit)


def _clean(values: Floats) -> NDArray[np.float32]:
    return np.clip(np.nan_to_num(values, nan=0.0), -LIMIT, LIMIT).astype(SINGLES)


class Lookup:
    """Positions that several features share."""

    def __init__(self, frame: Frame, issue: Issue) -> None:
        self.frame, self.issue = frame, issue
        self.targets = issue.targets
        self.inside = np.minimum(self.targets, len(frame.layout.day) - 1)
        self.day, self.slot = frame.layout.day[self.inside], frame.layout.slot[self.inside]
        self.limit = issue.known[:, None]
        self.today = frame.layout.day[np.clip(issue.known, 0, len(frame.layout.day) - 1)]
        self.center, self.spread = frame.center[self.today], frame.spread[self.today]
        self.unit = self._unit()

    def _unit(self) -> Floats:
        """The slot's own deviation and a little of the series'; next to nothing where the slot never moves."""
        spread = np.broadcast_to(self.spread[:, None], self.slot.shape)
        width = self.frame.width[self.today[:, None], self.slot]
        width = np.where(np.isfinite(width), width, spread)
        range_ = self.frame.scale.range_
        return np.asarray(width + np.minimum(0.02 * range_ + 0.1 * spread, 5 * width) + STILL_SHARE * range_)

    def at_days(self, days: Ints) -> Ints:
        """Periods of the targets' slots on other days: ``(n, H)``, -1 where there are none."""
        rows = len(self.frame.layout.index)
        found = self.frame.layout.index[np.clip(days, 0, rows - 1), self.slot]
        return np.where((days >= 0) & (days < rows), found, -1)

    def value(self, index: Ints) -> Floats:
        """Values where they are known at the issue."""
        return np.where(index < self.limit, take(self.frame.values, index), np.nan)

    def back(self, days: int | Ints) -> Floats:
        """Values of the same slot some days before the target."""
        return self.value(self.at_days(self.day - days))

    def newest(self, step: int) -> Ints:
        """The smallest multiple of ``step`` days after which the same slot is known: ``(n, H)``."""
        behind = np.maximum(self.targets - self.limit, 0) // (step * self.frame.per_day) + 1
        found = self.at_days(self.day - behind * step)
        return np.asarray((behind + (found >= self.limit)) * step)

    def block(self, sums: Floats, end: Ints, periods: int) -> Floats:
        """Mean over the periods before ``end`` of running sums ``(2, ..., N + 1)``; NaN where nothing is."""
        top = sums.shape[-1] - 1
        high, low = np.clip(end, 0, top), np.clip(end - periods, 0, top)
        total, count = sums[..., high] - sums[..., low]
        return np.where(count > 0.5, total / np.maximum(count, 1.0), np.nan)

    def recent(self, hours: int) -> Floats:
        """Mean deviation from the typical course over the last hours: ``(n,)``, 0 where nothing is known."""
        periods = max(1, hours * HOUR_S // self.frame.resolution_s)
        return np.nan_to_num(self.block(self.frame.sums[2:], self.issue.known, periods))


def _lags(frame: Frame, at: Lookup) -> tuple[list[Floats], Floats]:
    """Past values that speak for the target, each ``(n, H)``, and the candidates of the reference."""
    near = at.newest(1)
    week = at.newest(7)
    weeks = np.stack([at.back(week + 7 * k) for k in range(4)], axis=-1)
    same = frame.layout.same_type[at.day]
    types = np.stack([at.value(at.at_days(same[..., k])) for k in range(same.shape[-1])], axis=-1)
    types = np.where(np.cumsum(np.isfinite(types), axis=-1) <= 4, types, np.nan)
    analogues = np.stack([at.back(d) for d in ANALOGUES_D], axis=-1)
    few = np.isfinite(analogues).sum(axis=-1, keepdims=True) < 3
    analogues = np.concatenate([analogues, np.where(few, weeks, np.nan)], axis=-1)
    low, middle, high = quantiles_of(analogues, (0.1, 0.5, 0.9))
    week_mean = frame.week[at.today[:, None], at.slot]
    center = np.broadcast_to(at.center[:, None], at.day.shape)
    type_mean = _first(mean_known(types), mean_known(weeks), week_mean, center)
    lags = [
        type_mean,
        at.back(near),
        at.back(near + 1),
        weeks[..., 0],
        weeks[..., 1],
        mean_known(weeks),
        week_mean,
        low,
        middle,
        high,
        at.back(364) + _yearly_drift(frame, at),
    ]
    candidates = np.stack([type_mean, _first(week_mean, type_mean), _first(middle, type_mean)], axis=-1)
    return [np.asarray(x) for x in lags], candidates


def _yearly_drift(frame: Frame, at: Lookup) -> Floats:
    """How the level moved since the same day a year ago."""
    then = at.today - 364
    old = np.where(then >= 0, frame.center[np.maximum(then, 0)], np.nan)
    return np.asarray((at.center - old)[:, None])


def _first(*choices: Floats) -> Floats:
    out = choices[0]
    for other in choices[1:]:
        out = np.where(np.isfinite(out), out, other)
    return out


def mean_known(samples: Floats) -> Floats:
    """Mean of what is finite along the last axis, NaN where nothing is."""
    there = np.isfinite(samples)
    count = there.sum(axis=-1)
    total = np.where(there, samples, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _widths(at: Lookup, spread: Floats, unit: Floats) -> list[Floats]:
    return [unit / spread, spread / at.frame.scale.range_, np.log(spread / at.frame.scale.range_)]


def _state(frame: Frame, at: Lookup, recent: Floats) -> list[Floats]:
    """What is the same for all targets of an issue, and the lead: ``(n, H)`` or ``(n, 1)`` each."""
    scale = frame.scale
    newest = take(frame.values, at.issue.known - 1)
    level = (at.center - scale.level) / scale.range_
    behind = (at.issue.at - at.issue.known) * frame.resolution_s / 86_400
    lead = (at.targets - at.issue.at[:, None] + 1) * frame.resolution_s / 86_400
    day = at.block(frame.sums[:2], at.issue.known, frame.per_day)
    before = at.block(frame.sums[:2], at.issue.known, 7 * frame.per_day)
    near, week = at.newest(1), at.newest(7)
    rest = frame.layout.holiday
    single = [
        *[recent[:, k] / at.spread for k in range(recent.shape[1])],
        (newest - at.center) / at.spread,
        (day - at.center) / at.spread,
        (before - at.center) / at.spread,
        level,
        behind,
    ]
    known_lags = np.isfinite(at.back(364)) * 1.0
    full = [lead, np.sqrt(lead), known_lags]
    holiday = [np.take(rest, at.day - d, mode="clip") * 1.0 for d in (near, week)]
    return [*[x[:, None] for x in single], *full, *holiday]


def _weather(frame: Frame, at: Lookup, is_future: NDArray[np.bool_]) -> list[Floats]:
    """Known-future covariates at the target, against the days of the reference and around it; and whether there are."""
    future = frame.columns[is_future]
    sums = frame.column_sums[:, is_future]
    now = np.moveaxis(at_periods(future, at.targets), 0, -1)
    week = np.moveaxis(at_periods(future, at.at_days(at.day - at.newest(7))), 0, -1)
    same = frame.layout.same_type[at.day]
    types = np.stack([at_periods(future, at.at_days(same[..., k])) for k in range(4)], axis=-1)
    typical = np.moveaxis(mean_known(types), 0, -1)
    day = np.moveaxis(at.block(sums, at.targets + 1, frame.per_day), 0, -1)
    days = np.moveaxis(at.block(sums, at.targets + 1, 3 * frame.per_day), 0, -1)
    have: Floats = np.asarray(np.isfinite(now).any(axis=-1, keepdims=True), dtype=np.float64)
    return [now, now - week, now - typical, day, days, have]


def at_periods(columns: Floats, index: Ints) -> Floats:
    """``(C, ...)`` of covariates ``(C, N)`` at periods ``(...)``, NaN outside of the grid."""
    return take(columns, index) if len(columns) else np.zeros((0, *index.shape))


def _encoder(frame: Frame, at: Lookup, is_future: NDArray[np.bool_]) -> Floats:
    """``(n, L, E)``: blocks that end where knowledge ends, oldest first."""
    periods = max(1, BLOCK_S // frame.resolution_s)
    end = at.issue.known[:, None] - periods * np.arange(HISTORY_BLOCKS - 1, -1, -1)
    value = at.block(frame.sums[:2], end, periods)
    deviation = at.block(frame.sums[2:], end, periods)
    z = (value - at.center[:, None]) / at.spread[:, None]
    middle = np.clip(end - (periods + 1) // 2, 0, len(frame.layout.day) - 1)
    clock = 2 * np.pi * (frame.layout.slot[middle] + 0.5) / frame.per_day
    day = frame.layout.day[middle]
    rest = frame.layout.holiday[day] | (frame.layout.weekday[day] >= 5)
    place = np.broadcast_to(np.linspace(-1, 0, HISTORY_BLOCKS), z.shape)
    wave = [np.sin(clock), np.cos(clock)]
    own = [z, deviation / at.spread[:, None], np.isfinite(z), *wave, rest, frame.layout.holiday[day], place]
    weather = np.moveaxis(at.block(frame.column_sums, end, periods), 0, -1)
    return np.concatenate([np.stack(own, axis=-1).astype(np.float64), weather], axis=-1)
