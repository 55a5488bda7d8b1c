"""The baseline: what happened at the same time of the same weekday in past weeks.

Thirteen analogues where the history reaches back 56 weeks (six last weeks, seven days around a year
ago), six from 43 days, fewer before. With under three of them the same time of the last seven days
joins in, and with no such day yet the last day as it was. It needs no training and no artifact.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from forecast_service.model.grid import DAY_S, Floats, Ints, last_index, quantiles_of, slot_index, take
from forecast_service.model.levels import probabilities, to_milli
from forecast_service.ports import QuantileForecast, SeriesHistory

WEEK_LAGS_D = (7, 14, 21, 28, 35, 42)
YEAR_LAGS_D = (357, 358, 359, 364, 369, 370, 371)
RECENT_LAGS_D = (1, 2, 3, 4, 5, 6, 7)
ENOUGH = 3


def analogue_quantiles(values: Floats, origins: Ints, steps: int, per_day: int, levels: Floats) -> Floats:
    """Quantiles of the analogues: ``(n, steps, Q)`` for targets ``origin + 1 … origin + steps``.

    Args:
        values: ``(N,)``; nothing at or after an origin is read for it.
        origins: ``(n,)`` positions of the slots.
        steps: Target periods.
        per_day: Periods a day.
        levels: ``(Q,)`` probabilities.

    Returns:
        NaN where the history holds nothing at all.
    """
    target = origins[:, None] + 1 + np.arange(steps)
    wanted = [float(p) for p in levels]

    def at(days: Sequence[int]) -> Floats:
        lagged = [target - d * per_day for d in days]
        return np.stack([np.where(k < origins[:, None], take(values, k), np.nan) for k in lagged], axis=-1)

    weeks = at((*WEEK_LAGS_D, *YEAR_LAGS_D))
    few = np.isfinite(weeks).sum(axis=-1) < ENOUGH
    recent = np.where(few[..., None], at(RECENT_LAGS_D), np.nan)
    out = np.moveaxis(quantiles_of(np.concatenate([weeks, recent], axis=-1), wanted), 0, -1)
    rows = np.flatnonzero(~np.isfinite(out).all(axis=(1, 2)))
    if len(rows):
        out[rows] = np.where(np.isfinite(out[rows]), out[rows], _last_day(values, origins[rows], per_day, wanted))
    return out


def _last_day(values: Floats, origins: Ints, per_day: int, wanted: Sequence[float]) -> Floats:
    """Quantiles over the day that ends with the newest value: ``(n, 1, Q)``."""
    newest = take(last_index(values).astype(np.float64), origins - 1)
    end = np.where(np.isfinite(newest), newest, -1).astype(np.int64)
    day = take(values, end[:, None] - np.arange(per_day))
    return np.moveaxis(quantiles_of(day, wanted), 0, -1)[:, None, :]


class AnalogueForecaster:
    """Serves the baseline. Implements ``ports.Forecaster``."""

    def __init__(self) -> None:
        rule = {"weeks": WEEK_LAGS_D, "year": YEAR_LAGS_D, "recent": RECENT_LAGS_D, "enough": ENOUGH}
        self._hash = "0x" + hashlib.sha256(json.dumps(rule, sort_keys=True).encode()).hexdigest()

    @property
    def name(self) -> str:
        """``analogue``."""
        return "analogue"

    @property
    def version(self) -> str:
        """Of the rule."""
        return "1"

    @property
    def model_hash(self) -> str:
        """SHA-256 of the rule's parameters: there is no artifact."""
        return self._hash

    @property
    def history_s(self) -> int:
        """Enough for six analogues of every target."""
        return (WEEK_LAGS_D[-1] + 1) * DAY_S

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        """One forecast per history that holds any value."""
        made = (analogue_forecast(history, slot, horizon_s, levels_bps) for history in histories)
        return [forecast for forecast in made if forecast is not None]


def analogue_forecast(
    history: SeriesHistory, slot: datetime, horizon_s: int, levels_bps: Sequence[int]
) -> QuantileForecast | None:
    """The baseline of one series, or ``None`` where its history is empty."""
    resolution = history.series.resolution_s
    slot_s = int(slot.timestamp())
    at = slot_index(history.start_s, resolution, slot_s)
    past = history.values[: max(at, 0)]
    known = np.flatnonzero(np.isfinite(past))
    if len(known) == 0:
        return None
    levels = probabilities(levels_bps)
    quantiles = analogue_quantiles(past, np.array([at]), horizon_s // resolution, DAY_S // resolution, levels)[0]
    return QuantileForecast(
        series_id=history.series.series_id,
        first_target_s=slot_s + resolution,
        values_milli=to_milli(quantiles),
        model="analogue",
        rung=3,
        data_age_s=(at - 1 - int(known[-1])) * resolution,
    )
