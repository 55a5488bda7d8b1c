"""Series of one resolution side by side on one grid, and the constants of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.grid import DAY_S, Floats, Ints, last_index, take
from forecast_service.model.kinds import LEARNED, LOADS, SOLAR
from forecast_service.ports import SeriesHistory
from gridseal.wire.catalog import Series

SCALE_DAYS = 180
MAX_STALE_S = 43_200
"""Telemetry older than this is no input any more: the series falls to the analogues."""
LEARNED_WEEK_SHARE = 0.5
"""Share of the last seven days that must be there for anything but the analogues."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Constants of one series, measured while training and kept in the artifact. All in W."""

    range_w: float
    """P99 - P1 of the last 180 days: the unit of the network and of scores."""
    floor_w: float
    cap_w: float


@dataclass(frozen=True)
class Panel:
    """Histories of one resolution, sorted by series id, on the grid that starts at ``start_s``.

    Dimensions everywhere: S series, N periods of history, n samples, H target periods, Q levels.
    """

    resolution_s: int
    start_s: int
    series: tuple[Series, ...]
    scales: tuple[Scale, ...]
    values: Floats
    """``(S, N)`` W, NaN where there is no complete window."""

    @property
    def per_day(self) -> int:
        """Periods a day."""
        return DAY_S // self.resolution_s

    @property
    def per_hour(self) -> int:
        """Periods an hour, at least 1."""
        return max(3_600 // self.resolution_s, 1)

    @property
    def max_stale(self) -> int:
        """Periods that the newest value may be old."""
        return MAX_STALE_S // self.resolution_s

    @property
    def ranges(self) -> Floats:
        """``(S,)``."""
        return np.array([scale.range_w for scale in self.scales])

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kind of each row."""
        return tuple(series.kind for series in self.series)

    @property
    def solar(self) -> NDArray[np.bool_]:
        """``(S,)``."""
        return np.array([kind in SOLAR for kind in self.kinds], dtype=bool)

    @property
    def loads(self) -> NDArray[np.bool_]:
        """``(S,)``."""
        return np.array([kind in LOADS for kind in self.kinds], dtype=bool)

    def row(self, k: int) -> "Panel":
        """The panel of one series alone."""
        return Panel(self.resolution_s, self.start_s, (self.series[k],), (self.scales[k],), self.values[k : k + 1])

    def known_until(self, slots: Ints) -> Ints:
        """Per row, the position behind the newest value before each slot: ``(S, len(slots))``, 0 for none."""
        newest = take(last_index(self.values).astype(np.float64), slots - 1)
        return np.where(np.isfinite(newest), newest, -1).astype(np.int64) + 1

    def week_share(self, slots: Ints) -> Floats:
        """Share of the seven days before each slot that is there: ``(S, len(slots))``."""
        count = np.cumsum(np.isfinite(self.values), axis=-1)
        count = np.concatenate([np.zeros((len(count), 1)), count], axis=-1)
        steps = self.values.shape[-1]
        end, begin = np.clip(slots, 0, steps), np.clip(slots - 7 * self.per_day, 0, steps)
        return np.asarray((count[:, end] - count[:, begin]) / (7 * self.per_day))


def align(histories: Sequence[SeriesHistory], start_s: int, until_s: int) -> Floats:
    """Histories of one resolution on the grid ``[start_s, until_s)``: ``(S, N)``. What lies outside is cut off.

    Raises:
        ValueError: A history is not on the grid.
    """
    resolution = histories[0].series.resolution_s
    steps = (until_s - start_s) // resolution
    out = np.full((len(histories), steps), np.nan)
    for k, history in enumerate(histories):
        offset, rest = divmod(history.start_s - start_s, resolution)
        if rest:
            raise ValueError(f"history of {history.series.series_id} is not on its grid")
        low, high = max(offset, 0), min(offset + len(history.values), steps)
        if high > low:
            out[k, low:high] = history.values[low - offset : high - offset]
    return out


def measure(series: Series, values: Floats) -> Scale | None:
    """Constants of a series from its last 180 days; ``None`` where it does not move enough to be learned."""
    days = SCALE_DAYS * DAY_S // series.resolution_s
    recent = values[-days:][np.isfinite(values[-days:])]
    if series.kind not in LEARNED or len(recent) < DAY_S // series.resolution_s:
        return None
    low, high = float(recent.min()), float(recent.max())
    spread = float(np.quantile(recent, 0.99) - np.quantile(recent, 0.01))
    if spread <= max(1.0, 0.005 * (series.capacity_w or 0)):
        return None
    if series.kind == "wind":
        return Scale(spread, low, max(high, float(series.capacity_w or 0)))
    if series.kind in SOLAR:
        return Scale(spread, 0.0, 1.15 * high)
    if series.kind == "home_net":
        return Scale(spread, low - 0.25 * spread, high + 0.25 * spread)
    return Scale(spread, 0.0, 1.5 * high)
