"""Serves the promoted model, series by series as well as it can be done at that slot.

Rung 1: the model as trained (it uses no weather). Rung 2: telemetry is older than three periods;
the same model, told how old, with wider bands. Rung 3: the analogues, where the model does not know
the series, too little of the last week is there, or telemetry is older than twelve hours.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import torch

from forecast_service.inference.named import NamedVersion
from forecast_service.model.analogue import AnalogueForecaster, analogue_forecast
from forecast_service.model.frame import Frame, slot_frame
from forecast_service.model.frame import history_s as model_history_s
from forecast_service.model.grid import Floats
from forecast_service.model.levels import at_levels, to_milli
from forecast_service.model.lstm import NetShape, QuantileLstm
from forecast_service.model.panel import LEARNED_WEEK_SHARE, Panel, align
from forecast_service.model.predict import (
    Choice,
    Samples,
    SiteModel,
    calibrated_quantiles,
    lstm_quantiles,
    reference_forecast,
)
from forecast_service.ports import QuantileForecast, SeriesHistory

FRESH_PERIODS = 3


class ServingForecaster(NamedVersion):
    """Implements ``ports.Forecaster`` with one version of the model."""

    def __init__(self, model: SiteModel, *, name: str, version: str, model_hash: str) -> None:
        super().__init__(name, version, model_hash)
        torch.set_num_threads(1)
        self._model = model

    def running(self, way: Callable[[QuantileLstm, NetShape], QuantileLstm]) -> "ServingForecaster":
        """The same version with each network run another way."""
        first, *more = (way(net, self._model.shape) for net in (self._model.net, *self._model.more_nets))
        model = replace(self._model, net=first, more_nets=tuple(more))
        return ServingForecaster(model, name=self._name, version=self._version, model_hash=self._hash)

    @property
    def history_s(self) -> int:
        """What the columns read, or the analogues where they reach further back."""
        return max(model_history_s(), AnalogueForecaster().history_s)

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        """One forecast per history, in the same order; a series without any data is left out."""
        made: dict[str, QuantileForecast] = {}
        for resolution in sorted({history.series.resolution_s for history in histories}):
            same = [h for h in histories if h.series.resolution_s == resolution and self._knows(h, horizon_s)]
            if same:
                made |= self._learned(sorted(same, key=lambda h: h.series.series_id), slot, horizon_s, levels_bps)
        answers = (made.get(h.series.series_id) or analogue_forecast(h, slot, horizon_s, levels_bps) for h in histories)
        return [answer for answer in answers if answer is not None]

    def _knows(self, history: SeriesHistory, horizon_s: int) -> bool:
        one = history.series
        chosen = self._model.choices.get(one.kind, "analogue")
        return chosen != "analogue" and one.series_id in self._model.series and horizon_s <= self._model.horizon_s

    def _learned(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> dict[str, QuantileForecast]:
        """Forecasts of the series of one resolution that the model can speak about now."""
        frame, samples = self._frame(histories, slot, horizon_s)
        chosen = [self._model.choices[kind] for kind in frame.panel.kinds]
        out: dict[str, QuantileForecast] = {}
        for choice in ("lstm", "reference"):
            mine = np.array([chosen[row] == choice for row in samples.rows], dtype=bool)
            if not mine.any():
                continue
            part = Samples(samples.rows[mine], samples.slots[mine], samples.known[mine], samples.horizon)
            quantiles = at_levels(self._quantiles(choice, frame, part), self._model.shape.levels_bps, levels_bps)
            for k, row in enumerate(part.rows):
                stale = int(part.slots[k] - part.known[k])
                out[frame.panel.series[row].series_id] = QuantileForecast(
                    series_id=frame.panel.series[row].series_id,
                    first_target_s=int(slot.timestamp()) + frame.panel.resolution_s,
                    values_milli=to_milli(quantiles[k]),
                    model=choice,
                    rung=1 if stale <= FRESH_PERIODS else 2,
                    data_age_s=stale * frame.panel.resolution_s,
                )
        return out

    def _frame(self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int) -> tuple[Frame, Samples]:
        """Columns at the slot, and the rows that have enough of a past."""
        first, slot_s = histories[0].series, int(slot.timestamp())
        steps = model_history_s() // first.resolution_s
        start_s = slot_s - steps * first.resolution_s
        scales = tuple(self._model.series[h.series.series_id].scale for h in histories)
        values = align(histories, start_s, slot_s)
        panel = Panel(first.resolution_s, start_s, tuple(h.series for h in histories), scales, values)
        at = np.array([steps])
        known = panel.known_until(at)[:, 0]
        enough = (panel.week_share(at)[:, 0] >= LEARNED_WEEK_SHARE) & (steps - known <= panel.max_stale)
        rows = np.flatnonzero(enough)
        horizon = horizon_s // first.resolution_s
        samples = Samples(rows, np.full(len(rows), steps), known[rows], horizon)
        return slot_frame(panel, steps, horizon), samples

    def _quantiles(self, choice: Choice, frame: Frame, samples: Samples) -> Floats:
        if choice == "lstm":
            raw = lstm_quantiles(self._model, frame, samples)
            return calibrated_quantiles(raw, self._model.calibration, frame, samples)
        fits = {series_id: fit.reference for series_id, fit in self._model.series.items()}
        return reference_forecast(fits, frame, samples, len(self._model.shape.levels_bps))
