"""Two forecasters, the same slots, the same data as it was known then: what each lost. Pure.

Both are asked through ``ports.Forecaster``, the way they serve. Each gets histories that end at the
slot, so that neither can be flattered by what came later. Windows that were corrected afterwards are
seen as they are now, by both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.levels import crps
from forecast_service.ports import Forecaster, QuantileForecast, SeriesHistory

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DAY_S = 86_400
IDLE_SHARE = 0.02
"""Periods where both bands stay below this share of the range say nothing about coverage: a PV system at night."""
LARGE_SHARE = 0.05
"""Outcomes below this share of the range have no meaningful error in percent."""


@dataclass(frozen=True, slots=True)
class Duel:
    """Losses of the challenger (first) and of the champion (second) for the same targets."""

    slots_s: Ints
    mine: Floats
    """``(n,)`` rCRPS of a slot: mean over kinds of the mean over their series."""
    theirs: Floats
    kinds: Mapping[str, tuple[float, float]]
    """Mean rCRPS of each kind."""
    coverage80: tuple[float, float]
    coverage90: tuple[float, float]
    point: Mapping[str, float]
    """``mae``, ``rmse`` (W), ``r2`` and ``mape`` (percent) of the challenger's medians, over all targets."""
    block: int
    """Slots a day: what is drawn together in the bootstrap."""

    @property
    def days(self) -> float:
        """Days that were judged."""
        return int(np.isfinite(self.mine).sum()) / self.block


def cut(history: SeriesHistory, slot_s: int, reach_s: int) -> SeriesHistory:
    """What was there at a slot: the periods that had ended, as far back as ``reach_s``."""
    step = history.series.resolution_s
    high = min(max((slot_s - history.start_s) // step, 0), len(history.values))
    low = max(high - reach_s // step, 0)
    return SeriesHistory(history.series, history.start_s + low * step, history.values[low:high])


def due(histories: Sequence[SeriesHistory], slot_s: int) -> list[SeriesHistory]:
    """Those that are issued at a slot."""
    return [h for h in histories if slot_s % h.series.issue_every_s == 0]


def duel(
    challenger: Forecaster,
    champion: Forecaster,
    histories: Sequence[SeriesHistory],
    slots_s: Sequence[int],
    horizon_s: int,
    levels_bps: Sequence[int],
) -> Duel:
    """Ask both at every slot and score them on the targets that both answered.

    Args:
        challenger: Must not have seen anything after the first slot.
        champion: What serves now.
        histories: With the outcomes.
        slots_s: Unix seconds, ascending, evenly spaced; their targets have matured.
        horizon_s: Seconds ahead.
        levels_bps: Levels to compare at.
    """
    ranges = {h.series.series_id: _range(h, slots_s[0]) for h in histories}
    found = [h for h in histories if ranges[h.series.series_id] > 0]
    kinds: list[str] = sorted({h.series.kind for h in found})
    losses = np.full((2, len(slots_s), len(kinds)), np.nan)
    tally = _Tally(tuple(levels_bps))
    reach = max(challenger.history_s, champion.history_s)
    for k, slot_s in enumerate(slots_s):
        asked = due(found, slot_s)
        known, slot = [cut(h, slot_s, reach) for h in asked], datetime.fromtimestamp(slot_s, UTC)
        mine, theirs = (
            {f.series_id: f for f in one.forecast(known, slot, horizon_s, levels_bps)} for one in (challenger, champion)
        )
        per_kind: dict[str, list[Floats]] = {}
        for history in asked:
            name = history.series.series_id
            if name in mine and name in theirs:
                lost = _losses(history, ranges[name], (mine[name], theirs[name]), levels_bps, tally)
                per_kind.setdefault(history.series.kind, []).append(lost)
        for kind, lost_here in per_kind.items():
            table = np.array(lost_here)
            if np.isfinite(table).any():
                losses[:, k, kinds.index(kind)] = np.nanmean(table, axis=0)
    return _summed(losses, kinds, slots_s, tally)


class _Tally:
    """Counts outcomes inside the 80 % and the 90 % band of both, and errors of the challenger's median."""

    def __init__(self, levels_bps: tuple[int, ...]) -> None:
        wanted = {80: (1_000, 9_000), 90: (500, 9_500)}
        self.places = {
            band: (levels_bps.index(low), levels_bps.index(high))
            for band, (low, high) in wanted.items()
            if low in levels_bps and high in levels_bps
        }
        self.inside = {band: np.zeros(2) for band in wanted}
        self.seen = 0
        self.middle = min(range(len(levels_bps)), key=lambda k: abs(levels_bps[k] - 5_000))
        self.actuals: list[Floats] = []
        self.medians: list[Floats] = []
        self.relative: list[Floats] = []

    def add(self, actual: Floats, both: Sequence[Floats], spread: float) -> None:
        top = np.maximum(*(np.abs(q).max(axis=-1) for q in both))
        judged = np.isfinite(actual) & (top > IDLE_SHARE * spread)
        self.seen += int(judged.sum())
        for band, (low, high) in self.places.items():
            for k, quantiles in enumerate(both):
                within = (actual >= quantiles[:, low]) & (actual <= quantiles[:, high])
                self.inside[band][k] += (within & judged).sum()
        known = np.isfinite(actual)
        median = both[0][known, self.middle]
        self.actuals.append(actual[known])
        self.medians.append(median)
        large = np.abs(actual[known]) > LARGE_SHARE * spread
        self.relative.append(np.abs(median - actual[known])[large] / np.abs(actual[known])[large])

    def shares(self, band: int) -> tuple[float, float]:
        if not self.seen or band not in self.places:
            return float("nan"), float("nan")
        mine, theirs = self.inside[band] / self.seen
        return float(mine), float(theirs)

    def point(self) -> dict[str, float]:
        actual, median, relative = (
            np.concatenate(parts) if parts else np.zeros(0) for parts in (self.actuals, self.medians, self.relative)
        )
        if not len(actual):
            return {}
        error = median - actual
        spread = float(((actual - actual.mean()) ** 2).sum())
        found = {"mae": float(np.abs(error).mean()), "rmse": float(np.sqrt((error**2).mean()))}
        if spread > 0:
            found["r2"] = 1 - float((error**2).sum()) / spread
        if len(relative):
            found["mape"] = 100 * float(relative.mean())
        return found


def _losses(
    history: SeriesHistory,
    spread: float,
    both: tuple[QuantileForecast, QuantileForecast],
    levels_bps: Sequence[int],
    tally: _Tally,
) -> Floats:
    """Mean loss of both over the targets of one series: ``(2,)``."""
    step = history.series.resolution_s
    count = min(len(one.values_milli) for one in both)
    at = (both[0].first_target_s - history.start_s) // step + np.arange(count)
    inside = (at >= 0) & (at < len(history.values))
    actual = np.where(inside, history.values[np.clip(at, 0, len(history.values) - 1)], np.nan)
    quantiles = [one.values_milli[:count] / 1_000 for one in both]
    tally.add(actual, quantiles, spread)
    if not np.isfinite(actual).any():
        return np.full(2, np.nan)
    return np.array([float(np.nanmean(crps(actual, q, levels_bps))) / spread for q in quantiles])


def _range(history: SeriesHistory, until_s: int) -> float:
    """P99 - P1 of what came before."""
    values = cut(history, until_s, 180 * DAY_S).values
    values = values[np.isfinite(values)]
    return float(np.quantile(values, 0.99) - np.quantile(values, 0.01)) if len(values) else 0.0


def _summed(losses: Floats, kinds: Sequence[str], slots_s: Sequence[int], tally: _Tally) -> Duel:
    known: NDArray[np.bool_] = np.asarray(np.isfinite(losses).all(axis=0))
    count = known.sum(axis=1)
    per_slot = np.where(known, losses, 0).sum(axis=2) / np.where(count, count, 1)
    per_slot = np.where(count > 0, per_slot, np.nan)
    per_kind = {
        kind: (float(losses[0, known[:, k], k].mean()), float(losses[1, known[:, k], k].mean()))
        for k, kind in enumerate(kinds)
        if known[:, k].any()
    }
    every = slots_s[1] - slots_s[0] if len(slots_s) > 1 else DAY_S
    return Duel(
        slots_s=np.array(slots_s, dtype=np.int64),
        mine=per_slot[0],
        theirs=per_slot[1],
        kinds=per_kind,
        coverage80=tally.shares(80),
        coverage90=tally.shares(90),
        point=tally.point(),
        block=max(DAY_S // every, 1),
    )
