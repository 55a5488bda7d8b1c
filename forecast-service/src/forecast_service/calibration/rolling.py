"""Rolling calibration: every matured outcome moves the quantiles of its group a little towards what they claim.

A group is what shares its errors: a product, a kind, a rung; in a backtest usually one series or one
kind. Per group and level there is an offset in units of the local band width, given at a few knots
along the horizon and linear between them. Each batch of matured outcomes moves it by a step against
the gradient of the pinball loss (the quantile tracker of Angelopoulos, Candès and Tibshirani,
"Conformal PID control", 2023, without its scorecaster): up by the level where outcomes lay above, down
by its complement where they lay below. In the long run the share of outcomes below each quantile is
its level, whatever the model and the season do. Steps start large, as 1/days, and end at ``Rule.gain``;
in the tails, where outcomes are rare, they are larger by the density of a normal distribution.

The state is a few dozen numbers, so that it can live in a database row, and it depends on nothing but
what came: the same outcomes in the same order give the same bits.

Dimensions: S series, I issues, H target periods, Q levels, B knots, n outcomes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.grid import DAY_S, Floats, Ints
from forecast_service.model.levels import probabilities

FLOOR_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Rule:
    """How fast to learn. Gains are band widths a day, for outcomes that are all on one side of the median."""

    gain: float = 0.03
    first: float = 1.5
    """The gain after ``d`` days is ``first / d`` until that falls under ``gain``."""
    most: float = 0.3
    knots: int = 3
    limit: float = 2.0
    """No offset goes further than this: a broken meter is no reason for a band as wide as the sky."""


@dataclass(frozen=True, slots=True)
class Track:
    """What one group has learned."""

    offsets: Floats
    """``(B, Q)`` in band widths."""
    days: float = 0.0
    """Days of outcomes seen."""
    until_s: int = 0
    """Unix seconds: end of the newest target period that was learned from; 0 for none."""


def fresh(levels_bps: Sequence[int], rule: Rule) -> Track:
    """A group that has seen nothing: quantiles stay as they are."""
    return Track(np.zeros((rule.knots, len(levels_bps))))


def band_width(quantiles: Floats, span: Floats) -> Floats:
    """What offsets are counted in: the outer band plus a little of the range, so that nights divide by something.

    Args:
        quantiles: ``(..., H, Q)``.
        span: ``(...,)`` P99 - P1 of the series.
    """
    return np.asarray(quantiles[..., -1] - quantiles[..., 0] + FLOOR_SHARE * span[..., None])


def hats(places: Floats, knots: int) -> Floats:
    """Share that each knot has at places along the horizon: ``(n, B)``, rows summing to 1.

    Args:
        places: ``(n,)`` in (0, 1): the middle of a target period as a share of the horizon.
        knots: B, in the middles of B equal parts; before the first and behind the last nothing changes.
    """
    at = np.clip(places * knots - 0.5, 0.0, knots - 1)
    return np.asarray(np.maximum(1.0 - np.abs(at[:, None] - np.arange(knots)), 0.0))


def places(horizon: int) -> Floats:
    """Middles of H target periods as shares of the horizon: ``(H,)``."""
    return (np.arange(horizon) + 0.5) / horizon


def offsets_at(track: Track, where: Floats) -> Floats:
    """Offsets along the horizon, rising with the level as far as the band allows: ``(n, Q)`` band widths."""
    return hats(where, len(track.offsets)) @ track.offsets


def moved(quantiles: Floats, width: Floats, offsets: Floats) -> Floats:
    """Quantiles ``(..., H, Q)`` moved by offsets ``(H, Q)`` in units of ``width`` ``(..., H)`` and put in order."""
    return np.sort(quantiles + offsets * width[..., None], axis=-1)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of forecasts of one group, n of them."""

    scores: Floats
    """``(n, Q)`` outcome minus quantile as forecast, before any offset, in band widths. NaN rows are left out."""
    where: Floats
    """``(n,)`` place of each along the horizon."""
    ends_s: Ints
    """``(n,)`` Unix seconds at which each target period ended."""
    tied: NDArray[np.bool_]
    """``(n, Q)`` whether the outcome was exactly the quantile that was served, as at a load that is 0 half of the
    time. Such an outcome lies neither above nor below and moves nothing."""
    period_s: int
    """Length of a target period; the shortest, where they differ."""

    def part(self, chosen: NDArray[np.bool_]) -> "Outcomes":
        """Some of them."""
        return Outcomes(self.scores[chosen], self.where[chosen], self.ends_s[chosen], self.tied[chosen], self.period_s)


def learn(track: Track, seen: Outcomes, levels_bps: Sequence[int], rule: Rule) -> Track:
    """What a group knows after more outcomes.

    Args:
        track: What it knew.
        seen: What came.
        levels_bps: Q levels.
        rule: How fast.
    """
    seen = seen.part(np.asarray(np.isfinite(seen.scores).all(axis=1)))
    if not len(seen.scores):
        return track
    # A day at a time: a week of outcomes at once would move an offset seven steps with one look.
    day = -(-(seen.ends_s - int(seen.ends_s.min())) // DAY_S)
    for one in np.unique(day):
        track = _step(track, seen.part(day == one), levels_bps, rule)
    return track


def _step(track: Track, seen: Outcomes, levels_bps: Sequence[int], rule: Rule) -> Track:
    share, end_s, levels = hats(seen.where, rule.knots), int(seen.ends_s.max()), probabilities(levels_bps)
    below = np.where(seen.tied, levels, seen.scores <= share @ track.offsets)
    weight = share.sum(axis=0)
    lack = (share.T @ (levels - below)) / np.maximum(weight, 1e-9)[:, None]
    # Time that had outcomes, not time since the last one: after a night the first minutes of light would count as
    # half a day, and PV's bands would follow the dawn.
    passed = min(len(np.unique(seen.ends_s[seen.ends_s > track.until_s])) * seen.period_s / DAY_S, 1.0)
    days = track.days + passed
    gain = max(rule.gain, min(rule.most, rule.first / max(days, 1e-9)))
    # A knot that the batch hardly touches moves as little.
    touched = np.minimum(weight * rule.knots / len(seen.scores), 1.0)[:, None]
    step = gain * passed * touched * _rarity(levels_bps) * lack
    return Track(np.clip(track.offsets + step, -rule.limit, rule.limit), days, max(track.until_s, end_s))


def _rarity(levels_bps: Sequence[int]) -> Floats:
    """Density of the normal distribution at its median over that at each level: ``(Q,)``, 1 and more."""
    normal = NormalDist()
    return np.array([normal.pdf(0) / normal.pdf(normal.inv_cdf(bps / 10_000)) for bps in levels_bps])


def _period(ends_s: Ints) -> int:
    """Seconds between neighboring targets, or between issues of a single one."""
    if ends_s.shape[1] > 1:
        return int(ends_s[0, 1] - ends_s[0, 0])
    return int(np.diff(ends_s[:, 0]).min()) if len(ends_s) > 1 else 0


@dataclass(slots=True)
class _Pending:
    """Outcomes that had not ended at the last issue."""

    scores: list[Floats] = field(default_factory=list)
    where: list[Floats] = field(default_factory=list)
    ends_s: list[Ints] = field(default_factory=list)


class RollingCalibration:
    """Calibrates issue after issue of a backtest or of a calibration window, each with what had matured by then.

    Call ``run`` with the issues of the calibration window first, then with those of the test: what was
    learned is kept from one call to the next, and so are outcomes that mature between them.
    """

    def __init__(
        self, levels_bps: Sequence[int], rule: Rule | None = None, tracks: Mapping[str, Track] | None = None
    ) -> None:
        self._levels, self._rule = tuple(levels_bps), rule or Rule()
        self.tracks: dict[str, Track] = dict(tracks or {})
        self._pending: dict[str, _Pending] = {}
        self._period_s = 0

    def run(
        self, quantiles: Floats, actual: Floats, issues_s: Ints, ends_s: Ints, groups: Sequence[str], spans: Floats
    ) -> Floats:
        """Calibrated quantiles: ``(S, I, H, Q)``, non-decreasing along Q.

        Args:
            quantiles: ``(S, I, H, Q)`` as the model gave them.
            actual: ``(S, I, H)``, NaN where nothing is to be judged: a hole, a night of PV, the future. An outcome
                is read for issues at or after its end only.
            issues_s: ``(I,)`` ascending, all behind those of earlier calls.
            ends_s: ``(I, H)`` Unix seconds at which the target periods end (and their values arrive).
            groups: ``(S,)`` name of each series' group.
            spans: ``(S,)`` P99 - P1 of each series.
        """
        out = np.empty_like(quantiles)
        self._period_s = _period(ends_s)
        width = band_width(quantiles, np.broadcast_to(spans[:, None], quantiles.shape[:2]))
        scores = (actual[..., None] - quantiles) / width[..., None]
        where = places(quantiles.shape[2])
        members = {name: np.array([k for k, g in enumerate(groups) if g == name]) for name in dict.fromkeys(groups)}
        for i, issue_s in enumerate(issues_s):
            for name, rows in members.items():
                track = self._mature(name, int(issue_s))
                out[rows, i] = moved(quantiles[rows, i], width[rows, i], offsets_at(track, where))
                waiting = self._pending.setdefault(name, _Pending())
                waiting.scores.append(scores[rows, i].reshape(-1, scores.shape[-1]))
                waiting.where.append(np.tile(where, len(rows)))
                waiting.ends_s.append(np.tile(ends_s[i], len(rows)))
        return out

    def _mature(self, name: str, now_s: int) -> Track:
        track = self.tracks.get(name) or fresh(self._levels, self._rule)
        waiting = self._pending.get(name)
        if waiting and waiting.ends_s:
            scores, where = np.concatenate(waiting.scores), np.concatenate(waiting.where)
            ends_s = np.concatenate(waiting.ends_s)
            ended: NDArray[np.bool_] = ends_s <= now_s
            if ended.any():
                seen = Outcomes(scores[ended], where[ended], ends_s[ended], scores[ended] == 0, self._period_s)
                track = learn(track, seen, self._levels, self._rule)
                rest = ~ended
                self._pending[name] = _Pending([scores[rest]], [where[rest]], [ends_s[rest]])
        self.tracks[name] = track
        return track
