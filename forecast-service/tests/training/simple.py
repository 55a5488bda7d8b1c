"""Forecasters made of one line, for the gate: no network, no training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from forecast_service.ports import QuantileForecast, SeriesHistory

HOUR, DAY, SIX_HOURS = 3_600, 86_400, 21_600
Point = Callable[[SeriesHistory, int, np.ndarray], np.ndarray]
"""Median of a series at a slot for target starts."""


@dataclass
class Simple:
    """A forecaster made of a point rule and one band width."""

    point: Point
    band: float = 400.0
    name: str = "simple"
    version: str = "1"
    model_hash: str = "0x"
    history_s: int = 8 * DAY

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        made = []
        for history in histories:
            step, at_s = history.series.resolution_s, int(slot.timestamp())
            targets = at_s + step * (1 + np.arange(horizon_s // step))
            middle = self.point(history, at_s, targets)
            spread = np.linspace(-self.band, self.band, len(levels_bps))
            values = np.rint(1_000 * (np.nan_to_num(middle)[:, None] + spread)).astype(np.int64)
            made.append(QuantileForecast(history.series.series_id, int(targets[0]), values, "simple", 1, 0))
        return made


def at(history: SeriesHistory, moments_s: np.ndarray) -> np.ndarray:
    """Values of a history, NaN where it has none."""
    k = (moments_s - history.start_s) // history.series.resolution_s
    inside = (k >= 0) & (k < len(history.values))
    return np.where(inside, history.values[np.clip(k, 0, max(len(history.values) - 1, 0))], np.nan)


def yesterday(history: SeriesHistory, slot_s: int, targets_s: np.ndarray) -> np.ndarray:
    return at(history, targets_s - DAY)


def of_three_days(history: SeriesHistory, slot_s: int, targets_s: np.ndarray) -> np.ndarray:
    """Mean of three days: less noise than yesterday alone, plus what the last hour was off."""
    day = np.mean([at(history, targets_s - k * DAY) for k in (1, 2, 3)], axis=0)
    last = np.array([slot_s - HOUR])
    off = at(history, last) - np.mean([at(history, last - k * DAY) for k in (1, 2, 3)], axis=0)
    return day + off * 0.9 ** np.arange(1, len(targets_s) + 1)
