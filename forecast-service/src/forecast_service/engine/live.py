"""The engine behind ``ports.Forecaster``: serves products whose targets lie within what it was trained for."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import torch

from forecast_service.engine.artifact import load_engine
from forecast_service.engine.model import Engine, Place
from forecast_service.engine.pool import MINIMUM_DAYS, known_until
from forecast_service.engine.product import table_of
from forecast_service.inference.named import NamedVersion
from forecast_service.inference.registry import Registered
from forecast_service.model.grid import DAY_S, slot_index
from forecast_service.model.levels import at_levels, to_milli
from forecast_service.model.sealed import Keys
from forecast_service.ports import QuantileForecast, SeriesHistory

HISTORY_DAYS = 380
"""What the analogues of a year ago and the level around them reach back."""
FRESH_PERIODS = 3
LATE_DAYS = 2
"""Older telemetry than this was not trained for: the baseline answers."""


def open_engine(folder: Path, registered: Registered, keys: Keys | None, name: str) -> "EngineService":
    """An ``inference.champion.Opener`` for engines.

    Raises:
        ArtifactRefusedError: The files are not what was registered and signed.
    """
    engine = load_engine(folder, registered.model_hash, keys)
    return EngineService(engine, name=name, version=registered.version, model_hash=registered.model_hash)


class EngineService(NamedVersion):
    """Implements ``ports.Forecaster`` with one version of an engine."""

    def __init__(self, engine: Engine, *, name: str, version: str, model_hash: str, home: Place | None = None) -> None:
        """Serve an engine.

        Args:
            engine: As loaded from its artefact.
            name: Registered model name.
            version: Version under that name.
            model_hash: Hash of the artefact's manifest.
            home: Calendar of series that the engine was not trained on.
        """
        super().__init__(name, version, model_hash)
        torch.set_num_threads(1)
        self._engine, self._home = engine, home or Place()

    @property
    def history_s(self) -> int:
        """A year and the weeks around it; with less the engine works too."""
        return HISTORY_DAYS * DAY_S

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        """One forecast per history, in the same order, from the first period the engine speaks about.

        Left out is a series with under nine days of history, with telemetry older than two days, or asked
        further ahead than the engine was trained for.
        """
        made = (self._one(history, slot, horizon_s, levels_bps) for history in histories)
        return [forecast for forecast in made if forecast is not None]

    def _one(
        self, history: SeriesHistory, slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> QuantileForecast | None:
        one, slot_s, engine = history.series, int(slot.timestamp()), self._engine
        first, horizon = engine.window
        # A slot's first period starts one period after it, as everywhere in the live service.
        if one.resolution_s != engine.resolution_s or horizon_s // one.resolution_s + 1 > first + horizon:
            return None
        at = slot_index(history.start_s, one.resolution_s, slot_s)
        past = history.values[: max(at, 0)]
        known = np.flatnonzero(np.isfinite(past))
        if len(known) == 0 or at - known[0] < MINIMUM_DAYS * DAY_S // one.resolution_s:
            return None
        place = engine.places.get(one.series_id, self._home)
        table = table_of(SeriesHistory(one, history.start_s, past), place)
        frame = engine.frame(table, slot_s)
        stale = at - int(known_until(frame, np.array([at]))[0])
        if stale * one.resolution_s > LATE_DAYS * DAY_S or known[-1] < at - LATE_DAYS * DAY_S // one.resolution_s:
            return None
        quantiles = engine.calibrated(frame, np.array([at]))[0]
        return QuantileForecast(
            series_id=one.series_id,
            first_target_s=slot_s + first * one.resolution_s,
            values_milli=to_milli(at_levels(quantiles, engine.task.levels_bps, levels_bps)),
            model="engine",
            rung=1 if stale <= FRESH_PERIODS else 2,
            data_age_s=stale * one.resolution_s,
        )
