"""What the trees see beside the network's inputs: the recent past value by value, and the neighbors.

The network reads the past as a sequence; a tree needs it as columns. Every column is computed element
by element in a fixed order, so that one slot gives the same bits alone and in a batch.
"""

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.assemble import DECODER_NAMES, Inputs
from forecast_service.model.frame import Frame
from forecast_service.model.grid import DAY_S, Floats, Ints
from forecast_service.model.kinds import TREE_BLOCKS, TreeBlock
from forecast_service.model.samples import Samples

FLOOR_SHARE = 0.02
DECAY = 0.9
"""Weight of a day against the one after it in the recency-weighted mean of a time of day."""
GROUP_LAGS = (1, 2, 3, 4, 6)


class TreeColumns:
    """Columns of the series of one kind in one frame. Build once, ask for many samples."""

    def __init__(self, frame: Frame, kind: str) -> None:
        panel = frame.panel
        self._frame, self._kind = frame, kind
        rows = [k for k, other in enumerate(panel.kinds) if other == kind]
        level = panel.values[rows] / panel.ranges[rows][:, None]
        self._level = _mean_over_rows(level)
        self._highest, self._lowest = _extremes(level)
        usual = np.full(level.shape, np.nan)
        shared = panel.values.shape[-1] - frame.positions_first
        first = max(frame.positions_first, 0)
        known = frame.positions.mean7[rows, first - frame.positions_first : shared]
        usual[:, first : first + known.shape[-1]] = known / panel.ranges[rows][:, None]
        self._anomaly = _mean_over_rows(np.clip(level - usual, -1.0, 1.0))
        clear = np.zeros(level.shape)
        envelope = frame.positions.envelope[rows, first - frame.positions_first : shared]
        clear[:, first : first + envelope.shape[-1]] = envelope
        self._index = _group_index(panel.values[rows], clear, 0.05 * float(panel.ranges[rows].sum()))

    def matrix(self, inputs: Inputs, samples: Samples, identity: Ints) -> NDArray[np.float32]:
        """All columns: ``(n, H, F)``; NaN is "not known", which a tree can read.

        Args:
            inputs: Of the same samples.
            samples: Rows of this kind only.
            identity: ``(n,)`` number of the series.
        """
        shape = samples.targets.shape
        own = [inputs.decoder[..., : len(DECODER_NAMES)], np.repeat(inputs.encoder[:, None, -4:, 0], shape[1], axis=1)]
        ahead = (samples.targets - samples.known[:, None]).astype(np.float64)
        more: list[Floats] = [identity[:, None].astype(np.float64), ahead]
        for block in TREE_BLOCKS[self._kind]:
            more += self._block(block, samples)
        wide = np.stack([np.broadcast_to(column, shape) for column in more], axis=-1)
        return np.concatenate([*own, wide.astype(np.float32)], axis=-1)

    def _block(self, block: TreeBlock, samples: Samples) -> Iterable[Floats]:
        if block == "lags":
            return self._lags(samples)
        if block == "rough":
            return self._rough(samples)
        if block == "same_time":
            return self._same_time(samples)
        return self._group(samples) if block == "group" else self._clear_sky(samples)

    def _lags(self, samples: Samples) -> Iterable[Floats]:
        """The newest values one by one, then in means."""
        scale = self._scale(samples)
        hourly = self._frame.panel.per_hour == 1
        found = self._before(samples, range(1, 25 if hourly else 49))
        out = found if hourly else found[:8]
        if not hourly:
            out = out + [_mean(found[a - 1 : b - 1]) for a, b in ((9, 13), (13, 17), (17, 25), (25, 49))]
        return [(column / scale)[:, None] for column in out]

    def _rough(self, samples: Samples) -> Iterable[Floats]:
        """How much the series moved of late."""
        lags = self._before(samples, range(1, 13))
        steps = _mean([np.abs(a - b) for a, b in itertools.pairwise(lags[:9])])
        return [column[:, None] / self._scale(samples)[:, None] for column in (_spread(lags[:4]), _spread(lags), steps)]

    def _same_time(self, samples: Samples) -> Iterable[Floats]:
        """The time of day on past days: one by one, around it, by day type, with fading weight; the day's level."""
        panel, targets = self._frame.panel, samples.targets
        day, scale, known = panel.per_day, self._scale(samples)[:, None], samples.known[:, None]
        back = day * np.arange(1, 29)
        days = list(np.moveaxis(self._value(samples.rows, targets[..., None] - back), -1, 0))
        out = [value / scale for value in days[:7]]
        for lag in (1, 2, 7):
            for beside in (-2, -1, 1, 2):
                at = targets - lag * day + beside
                out.append(np.where(at < known, self._value(samples.rows, at), np.nan) / scale)
        weekday = ((panel.start_s + targets * panel.resolution_s) // DAY_S + 3) % 7
        typed, fading = _Weighted(targets.shape), _Weighted(targets.shape)
        for lag, value in enumerate(days, start=1):
            typed.add(value, (((weekday - lag) % 7 >= 5) == (weekday >= 5)) * 1.0)
            fading.add(value, np.full(targets.shape, DECAY**lag))
        out += [typed.mean() / scale, fading.mean() / scale]
        last_day = self._mean(samples, range(1, day + 1, max(day // 24, 1)))
        last_week = self._mean(samples, range(1, 7 * day + 1, max(day // 12, 1)))
        return [*out, last_day[:, None] / scale, last_week[:, None] / scale]

    def _group(self, samples: Samples) -> Iterable[Floats]:
        """Level and anomaly of all series of the kind, now and at the same time yesterday."""
        known, day = samples.known[:, None], self._frame.panel.per_day
        out = []
        for lag in GROUP_LAGS:
            out += [_along(self._level, known - lag), _along(self._anomaly, known - lag)]
        high, low = _along(self._highest, known - 1), _along(self._lowest, known - 1)
        out += [high - low, high, low]
        if "same_time" in TREE_BLOCKS[self._kind]:
            yesterday = np.where(samples.targets - day < known, samples.targets - day, -1)
            out += [_along(self._anomaly, yesterday), _along(self._level, yesterday)]
        return out

    def _clear_sky(self, samples: Samples) -> Iterable[Floats]:
        """Clear-sky index now and yesterday, own and of all series of the kind; how high the sun stands."""
        rows, known, targets, day = samples.rows, samples.known[:, None], samples.targets, self._frame.panel.per_day
        floor = FLOOR_SHARE * self._frame.panel.ranges[rows][:, None]

        def index(at: Ints) -> Floats:
            return np.where(at < known, self._value(rows, at), np.nan) / (self._clear(rows, at) + floor)

        out = [index(known - lag) for lag in GROUP_LAGS]
        out += [index(targets - day), index(known - 1 - day)]
        lags = known - np.arange(1, day + 1)
        clear, power = self._clear(rows, lags), np.nan_to_num(self._value(rows, lags))
        peak = np.maximum(floor, clear.max(axis=1, keepdims=True))
        # Added lag by lag: a sum over an axis may round differently in a batch.
        total, sums = np.zeros(known.shape), np.zeros(known.shape)
        for lag in range(day):
            total, sums = total + clear[:, lag : lag + 1], sums + power[:, lag : lag + 1]
        out += [sums / np.maximum(total, floor), self._clear(rows, targets) / peak, self._clear(rows, known - 1) / peak]
        out.append((self._clear(rows, targets + 1) - self._clear(rows, targets - 1)) / peak)
        out += [_along(self._index, known - lag) for lag in (1, 2, 3)]
        out += [_along(self._index, np.where(at < known, at, -1)) for at in (targets - day, targets - day - 1)]
        return [*out, _along(self._index, known - 1 - day)]

    def _scale(self, samples: Samples) -> Floats:
        return self._frame.as_of.width[samples.rows, samples.known - self._frame.as_of_first]

    def _value(self, rows: Ints, at: Ints) -> Floats:
        return _picked(self._frame.panel.values, rows, at)

    def _clear(self, rows: Ints, at: Ints) -> Floats:
        return np.nan_to_num(_picked(self._frame.positions.envelope, rows, at - self._frame.positions_first))

    def _before(self, samples: Samples, lags: Iterable[int]) -> list[Floats]:
        """Values some periods behind the newest: one array ``(n,)`` a lag."""
        return list(self._value(samples.rows, samples.known[:, None] - np.array([*lags])).T)

    def _mean(self, samples: Samples, lags: Iterable[int]) -> Floats:
        return _mean(self._before(samples, lags))


class _Weighted:
    """A weighted mean that is added up term by term; NaN is left out."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._sum, self._weight = np.zeros(shape), np.zeros(shape)

    def add(self, value: Floats, weight: Floats) -> None:
        there = np.isfinite(value)
        self._sum += np.where(there, value, 0.0) * weight
        self._weight += there * weight

    def mean(self) -> Floats:
        return np.where(self._weight > 0, self._sum / np.maximum(self._weight, 1e-12), np.nan)


def _mean(parts: Iterable[Floats]) -> Floats:
    listed = list(parts)
    whole = _Weighted(listed[0].shape)
    for part in listed:
        whole.add(part, np.ones(part.shape))
    return whole.mean()


def _spread(parts: Iterable[Floats]) -> Floats:
    listed = list(parts)
    middle = _mean(listed)
    return np.sqrt(_mean([(part - middle) ** 2 for part in listed]))


def _mean_over_rows(values: Floats) -> Floats:
    return _mean(values) if len(values) else np.zeros(values.shape[-1])


def _extremes(values: Floats) -> tuple[Floats, Floats]:
    high = np.where(np.isfinite(values), values, -np.inf).max(axis=0)
    low = np.where(np.isfinite(values), values, np.inf).min(axis=0)
    return np.where(np.isfinite(high), high, np.nan), np.where(np.isfinite(low), low, np.nan)


def _group_index(values: Floats, clear: Floats, least: float) -> Floats:
    power, sky = np.zeros(values.shape[-1]), np.zeros(values.shape[-1])
    for row in range(len(values)):
        there = np.isfinite(values[row])
        power += np.where(there, values[row], 0.0)
        sky += np.where(there, clear[row], 0.0)
    return np.where(sky > least, power / np.maximum(sky, 1e-9), np.nan)


def _along(track: Floats, at: Ints) -> Floats:
    """``track[at]``, NaN where the position lies outside."""
    inside = (at >= 0) & (at < len(track))
    return np.where(inside, track[np.clip(at, 0, len(track) - 1)], np.nan)


def _picked(values: Floats, rows: Ints, at: Ints) -> Floats:
    """``values[row, at]`` with one row per sample: shape of ``at``, NaN where it lies outside."""
    inside = (at >= 0) & (at < values.shape[-1])
    row = rows.reshape((-1,) + (1,) * (at.ndim - 1))
    return np.where(inside, values[row, np.clip(at, 0, values.shape[-1] - 1)], np.nan)
