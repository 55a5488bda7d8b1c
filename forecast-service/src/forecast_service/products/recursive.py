"""One period after the other: each is forecast from the ones before it, as if they had been measured.

Uncertainty travels on paths: path ``k`` of K goes through one quantile of every step, which is then its
newest value; the quantiles of a step are those over the paths. Which path takes which quantile is shuffled
from step to step by a fixed rule, so that the same inputs give the same bits.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from forecast_service.model.grid import Floats
from forecast_service.model.levels import at_levels, probabilities, to_milli
from forecast_service.ports import Forecaster, QuantileForecast, SeriesHistory
from forecast_service.products.view import Around

PATHS = 16
_STRIDE = 7
"""Coprime with ``PATHS``."""
_ASKED_BPS = (500, 2_500, 5_000, 7_500, 9_500)


class RecursiveForecaster(Around):
    """Implements ``ports.Forecaster`` with another one that is asked for one period at a time."""

    def __init__(self, inner: Forecaster, *, paths: int = PATHS) -> None:
        self._inner, self._paths = inner, paths

    @property
    def history_s(self) -> int:
        """What the inner model reads."""
        return self._inner.history_s

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        """One forecast per history, in the same order; a series that the inner model leaves out is left out."""
        made: dict[str, QuantileForecast] = {}
        for resolution in sorted({h.series.resolution_s for h in histories}):
            same = [h for h in histories if h.series.resolution_s == resolution]
            made |= self._of_resolution(same, resolution, slot, horizon_s // resolution, levels_bps)
        return [made[h.series.series_id] for h in histories if h.series.series_id in made]

    def _of_resolution(
        self, histories: Sequence[SeriesHistory], resolution: int, slot: datetime, steps: int, levels_bps: Sequence[int]
    ) -> dict[str, QuantileForecast]:
        first = {f.series_id: f for f in self._inner.forecast(histories, slot, resolution, levels_bps)}
        paths = [[h for h in histories if h.series.series_id in first] for _ in range(self._paths)]
        rows: dict[str, list[Floats]] = {name: [] for name in first}
        # A forecaster speaks about the period that begins one period after its slot (decision 1), so the one that
        # runs at the slot is forecast from the slot before, and enters the chain like all later ones.
        for step in range(steps + 1):
            at = slot + timedelta(seconds=(step - 1) * resolution)
            values = self._step(paths, at, resolution, step, list(first))
            target_s = int(at.timestamp()) + resolution
            for k, path in enumerate(paths):
                paths[k] = [_grown(h, target_s, float(values[h.series.series_id][k])) for h in path]
            for name, drawn in values.items():
                rows[name].append(np.quantile(drawn, probabilities(levels_bps)))
        return {name: replace(first[name], values_milli=to_milli(np.stack(own[1:]))) for name, own in rows.items()}

    def _step(
        self, paths: Sequence[Sequence[SeriesHistory]], at: datetime, resolution: int, step: int, names: Sequence[str]
    ) -> dict[str, Floats]:
        """Next value on each path: ``(K,)`` W per series."""
        count = len(paths)
        drawn = {name: np.full(count, np.nan) for name in names}
        for k, path in enumerate(paths):
            level = round(10_000 * ((k * _STRIDE**step + step) % count + 0.5) / count)
            for made in self._inner.forecast(path, at, resolution, _ASKED_BPS):
                drawn[made.series_id][k] = at_levels(made.values_milli[:1] / 1_000, _ASKED_BPS, (level,))[0, 0]
        return drawn


def _grown(history: SeriesHistory, target_s: int, value: float) -> SeriesHistory:
    """The history with the period that starts at ``target_s`` filled in, unless it was measured."""
    place = (target_s - history.start_s) // history.series.resolution_s
    if place < 0 or (place < len(history.values) and np.isfinite(history.values[place])):
        return history
    values = np.full(max(place + 1, len(history.values)), np.nan)
    values[: len(history.values)] = history.values
    values[place] = value
    return SeriesHistory(history.series, history.start_s, values)
