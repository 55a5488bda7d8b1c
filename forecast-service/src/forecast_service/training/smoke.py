"""The last look before a model serves: the registered files, asked the way they will be asked. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from forecast_service.ports import Forecaster, QuantileForecast, SeriesHistory
from forecast_service.training.contest import cut, due
from forecast_service.training.leakage import forecaster_leaks

FAR = 10.0
"""Times the largest value ever seen, or the capacity: a quantile beyond is nonsense."""
BASELINES = {"analogue", "stored"}


def smoke_faults(
    forecaster: Forecaster,
    histories: Sequence[SeriesHistory],
    slots_s: Sequence[int],
    horizon_s: int,
    levels_bps: Sequence[int],
) -> list[str]:
    """What is wrong with a model that is about to serve; empty if nothing.

    Args:
        forecaster: Made of the files that the registry gave back.
        histories: Of every series that will be asked for.
        slots_s: Newest slots, Unix seconds.
        horizon_s: Seconds ahead.
        levels_bps: Levels that will be asked for.
    """
    faults: list[str] = []
    for slot_s in slots_s:
        known = [cut(h, slot_s, forecaster.history_s) for h in due(histories, slot_s)]
        known = [h for h in known if np.isfinite(h.values).any()]
        if not known:
            continue
        slot = datetime.fromtimestamp(slot_s, UTC)
        made = forecaster.forecast(known, slot, horizon_s, levels_bps)
        again = forecaster.forecast(known, slot, horizon_s, levels_bps)
        if [one.series_id for one in made] != [h.series.series_id for h in known]:
            faults.append("does not answer for every series that has data")
            continue
        if any(not np.array_equal(a.values_milli, b.values_milli) for a, b in zip(made, again, strict=True)):
            faults.append("does not give the same answer twice")
        if all(one.model in BASELINES for one in made):
            faults.append("leaves every series to the baseline")
        faults += [
            f"{history.series.series_id} {fault}"
            for history, one in zip(known, made, strict=True)
            if (fault := _fault(history, one, horizon_s, len(levels_bps)))
        ]
    reach = [cut(h, max(slots_s) + horizon_s, 2 * horizon_s + forecaster.history_s) for h in histories]
    return faults + forecaster_leaks(forecaster, reach, slots_s[-1:], horizon_s, levels_bps)


def _fault(history: SeriesHistory, made: QuantileForecast, horizon_s: int, levels: int) -> str:
    one, values = history.series, made.values_milli
    if values.shape != (horizon_s // one.resolution_s, levels):
        return "has the wrong number of periods or levels"
    if (np.diff(values, axis=1) < 0).any():
        return "has quantiles that cross"
    largest = max(float(np.nanmax(np.abs(history.values))), float(one.capacity_w or 0), 1.0)
    if np.abs(values).max() > FAR * 1_000 * largest:
        return "is forecast far beyond anything that it did"
    return ""
