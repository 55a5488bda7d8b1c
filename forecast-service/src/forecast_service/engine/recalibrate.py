"""Rolling calibration: moves quantiles by how far they were off on outcomes that had come by the issue.

Dimensions: S series, I issues ascending, H target periods, Q levels, G groups of leads.
Offsets are quantiles of the scores (outcome - quantile) / band width over the last weeks (rolling conformal;
Romano et al. 2019), a series' own mixed with everyone's. The level at which they are taken is corrected by the
coverage that the corrected forecasts really had (an integral controller; Angelopoulos et al. 2023), so that
coverage returns to its level also after a shift.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.grid import Floats, Ints

GROUPS = 4
WINDOW_DAYS = 90
HALF_LIFE_DAYS = 20.0
"""Age at which an outcome weighs half."""
LEAST = 20
"""Outcomes under which a series follows everyone's offset."""
TRUST_DAYS = 8.0
"""Days of own errors at which an offset counts half."""
POOL_DAYS = 20.0
"""Days of own errors that weigh as much as everyone's."""
GAIN = 1.0
"""How much of a surplus of outcomes below a quantile its level gives way."""
MEMORY_DAYS = 40.0
"""Days over which that surplus is averaged."""
FLOOR_SHARE = 0.005
DAY_S = 86_400
UPDATE_S = 22 * 3_600
MOST_ISSUES = 400
"""Issues that are looked at together; more are thinned out evenly."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Forecasts before calibration and what came: the matter of calibration."""

    issues_s: Ints
    """``(I,)``."""
    ends_s: Ints
    """``(I, H)`` when each target period ends."""
    raw: Floats
    """``(S, I, H, Q)``; NaN where a series had no forecast."""
    actual: Floats
    """``(S, I, H)``; NaN where none."""
    ranges: Floats
    """``(S,)``."""


def recalibrate(ledger: Ledger, levels: Floats) -> Floats:
    """Corrected quantiles of every issue, ``(S, I, H, Q)``, each from outcomes that had come by then."""
    series, count, horizon, _ = ledger.raw.shape
    group = np.arange(horizon) * min(GROUPS, horizon) // horizon
    width = _width(ledger.raw, ledger.ranges[:, None, None])
    score = (ledger.actual[..., None] - ledger.raw) / width[..., None]
    out = np.array(ledger.raw)
    control = _Controller(series, levels)
    offsets = np.zeros((series, GROUPS, len(levels)))
    judged, updated = 0, -(2**62)
    for i in range(count):
        now = int(ledger.issues_s[i])
        if now - updated >= UPDATE_S:
            while judged < i and ledger.ends_s[judged, -1] <= now:
                since = ledger.issues_s[judged] - ledger.issues_s[judged - 1] if judged else DAY_S
                control.see(ledger.actual[:, judged], out[:, judged], min(since / DAY_S, 1.0))
                judged += 1
            recent = np.flatnonzero((ledger.issues_s >= now - WINDOW_DAYS * DAY_S) & (np.arange(count) < i))
            recent = recent[:: max(1, -(-len(recent) // MOST_ISSUES))]
            known = (ledger.ends_s[recent] <= now)[None, :, :, None]
            seen = np.where(known, score[:, recent], np.nan)
            days = len(np.unique(ledger.issues_s[recent] // DAY_S))
            weights = 0.5 ** ((now - ledger.issues_s[recent]) / (HALF_LIFE_DAYS * DAY_S))
            offsets = _offsets(seen, weights, group, control.levels(), days)
            updated = now
        out[:, i] = np.sort(out[:, i] + _smooth(offsets, horizon) * width[:, i, :, None], axis=-1)
    return out


def last_offsets(ledger: Ledger, levels: Floats) -> Floats:
    """Offsets ``(S, G, Q)`` from everything in the ledger."""
    series, count, horizon, _ = ledger.raw.shape
    score = (ledger.actual[..., None] - ledger.raw) / _width(ledger.raw, ledger.ranges[:, None, None])[..., None]
    group = np.arange(horizon) * min(GROUPS, horizon) // horizon
    days = len(np.unique(ledger.issues_s // DAY_S)) if count else 0
    return _offsets(score, np.ones(count), group, np.broadcast_to(levels, (series, len(levels))), days)


def moved(quantiles: Floats, offsets: Floats, range_: float) -> Floats:
    """One series' quantiles ``(n, H, Q)`` moved by offsets ``(G, Q)`` and in order again."""
    smooth = _smooth(offsets[None], quantiles.shape[1])
    return np.sort(quantiles + smooth * _width(quantiles, np.asarray(range_))[..., None], axis=-1)


def _width(quantiles: Floats, ranges: Floats) -> Floats:
    return np.asarray(quantiles[..., -1] - quantiles[..., 0] + FLOOR_SHARE * ranges)


class _Controller:
    """Levels at which offsets are taken: lowered where too many outcomes fell below, and the other way round."""

    def __init__(self, series: int, levels: Floats) -> None:
        self._levels = levels
        self._surplus = np.zeros((series, len(levels)))

    def see(self, actual: Floats, corrected: Floats, days: float) -> None:
        """Take in one issue, ``(S, H)`` and ``(S, H, Q)``, that stands for so many days."""
        known = np.isfinite(actual)[..., None] & np.isfinite(corrected)
        count = known.sum(axis=1)
        tied = actual[..., None] == corrected
        below = np.where(tied, self._levels, actual[..., None] < corrected)
        share = np.where(known, below, 0.0).sum(axis=1) / np.maximum(count, 1)
        surplus = np.where(count > 0, share - self._levels, 0.0)
        self._surplus += days / MEMORY_DAYS * (surplus - self._surplus)

    def levels(self) -> Floats:
        """``(S, Q)``."""
        low, high = self._levels / 3, 1 - (1 - self._levels) / 3
        return np.sort(np.clip(self._levels - GAIN * self._surplus, low, high), axis=-1)


def _offsets(seen: Floats, weights: Floats, group: Ints, levels: Floats, days: int) -> Floats:
    """``(S, G, Q)`` in band widths, from scores ``(S, n, H, Q)`` of weights ``(n,)``, NaN for what is not known."""
    series, _, _, count = seen.shape
    out = np.zeros((series, GROUPS, count))
    if days == 0:
        return out
    for g in range(int(group.max()) + 1):
        mine = seen[:, :, group == g].reshape(series, -1, count)
        weight = np.repeat(weights, int((group == g).sum()))
        own = _quantiles(mine, weight, levels)
        everyone = own
        if series > 1:
            flat = mine.reshape(1, -1, count)
            everyone = _quantiles(flat, np.tile(weight, series), levels.mean(axis=0, keepdims=True))
        pool = np.where(np.isfinite(everyone), everyone, 0.0)
        share = days / (days + POOL_DAYS) if series > 1 else 1.0
        mixed = np.where(np.isfinite(own), share * own + (1 - share) * pool, pool)
        out[:, g] = mixed * days / (days + TRUST_DAYS)
    if group.max() + 1 < GROUPS:
        out[:, int(group.max()) + 1 :] = out[:, int(group.max()) : int(group.max()) + 1]
    return out


def _quantiles(samples: Floats, weights: Floats, levels: Floats) -> Floats:
    """``(S, Q)``: of column k of ``(S, n, Q)`` the weighted quantile at level k; NaN where under 20 samples are."""
    there = np.isfinite(samples)
    order = np.argsort(np.where(there, samples, np.inf), axis=1)
    share = np.where(there, weights[None, :, None], 0.0)
    share = np.take_along_axis(share, order, axis=1)
    below = np.cumsum(share, axis=1)
    total = below[:, -1:] if samples.shape[1] else np.zeros((samples.shape[0], 1, samples.shape[2]))
    place = np.minimum((below < levels[:, None] * total).sum(axis=1), there.sum(axis=1) - 1)
    if samples.shape[1] == 0:
        return np.full(levels.shape, np.nan)
    found = np.take_along_axis(samples, np.take_along_axis(order, np.maximum(place, 0)[:, None], axis=1), axis=1)
    return np.where(there.sum(axis=1) >= LEAST, found[:, 0], np.nan)


def _smooth(offsets: Floats, horizon: int) -> NDArray[np.float64]:
    """Offsets of each target period, going over evenly between groups: ``(S, H, Q)``."""
    groups = offsets.shape[1]
    place = np.clip((np.arange(horizon) + 0.5) / horizon * groups - 0.5, 0, groups - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, groups - 1)
    share = (place - low)[None, :, None]
    return np.asarray((1 - share) * offsets[:, low] + share * offsets[:, high])
