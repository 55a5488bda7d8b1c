"""Does a forecaster use what was not known yet? Change the future and see whether the forecast moves. Pure.

Whatever arrived after the issue is replaced: outcomes, late meter values, and weather runs that were
published or restated later. A forecast that changes was made from them. Works on anything that can be
asked twice, whatever it is made of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from forecast_service.ports import Forecaster, SeriesHistory

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MANY = 5
"""Names in one sentence."""


@dataclass(frozen=True, slots=True)
class Column:
    """Values with the moment at which each came to be known. Several rows may speak for the same start: runs."""

    starts_s: Ints
    """``(N,)`` what each value speaks about."""
    arrived_s: Ints
    """``(N,)`` when it could be read for the first time."""
    values: Floats
    """``(N,)``."""


Ask = Callable[[Mapping[str, Column], int], Floats]
"""A forecaster under suspicion: columns and the moment of the issue in, any array of numbers out."""


def leaking(ask: Ask, columns: Mapping[str, Column], issue_s: int, seed: int = 0) -> list[str]:
    """Names of the columns of which the forecast uses values that arrived after the issue.

    Args:
        ask: The forecaster. It gets everything, also what it must not use.
        columns: Everything.
        issue_s: Unix seconds.
        seed: Of the replacement.
    """
    honest = ask(columns, issue_s)
    others = {name: {**columns, name: _tampered(column, issue_s, seed)} for name, column in columns.items()}
    return sorted(name for name, other in others.items() if not np.array_equal(honest, ask(other, issue_s)))


def _tampered(column: Column, issue_s: int, seed: int) -> Column:
    """The same with another future: other values, none of them near the true ones, a few missing."""
    later = column.arrived_s > issue_s
    values = column.values.copy()
    known = values[np.isfinite(values)]
    spread = float(known.max() - known.min()) + 1.0 if len(known) else 1.0
    random = np.random.default_rng(seed)
    values[later] = spread * (3 + random.random(int(later.sum())))
    values[later & (random.random(len(values)) < 0.1)] = np.nan
    return replace(column, values=values)


def column_of(history: SeriesHistory) -> Column:
    """A series whose values arrive when their period has ended."""
    step = history.series.resolution_s
    starts = history.start_s + np.arange(len(history.values), dtype=np.int64) * step
    return Column(starts, starts + step, history.values)


def forecaster_leaks(
    forecaster: Forecaster,
    histories: Sequence[SeriesHistory],
    slots_s: Sequence[int],
    horizon_s: int,
    levels_bps: Sequence[int],
) -> list[str]:
    """What a forecaster uses that it must not, in sentences; empty if nothing.

    It gets histories that go on beyond the slot, with the true future and with two others: none, and a
    wrong one. All three must give the same forecasts.
    """
    faults: list[str] = []
    for slot_s in slots_s:
        ask = _asked(forecaster, histories, horizon_s, levels_bps)
        columns = {h.series.series_id: column_of(h) for h in histories}
        honest = ask(columns, slot_s)
        everything = {name: _tampered(column, slot_s, 1) for name, column in columns.items()}
        short = {name: _until(column, slot_s) for name, column in columns.items()}
        if not np.array_equal(honest, ask(short, slot_s)) or not np.array_equal(honest, ask(everything, slot_s)):
            names = leaking(ask, columns, slot_s)
            moment = datetime.fromtimestamp(slot_s, UTC).isoformat()
            faults.append(f"uses what came after {moment}: {', '.join(names[:MANY]) or 'several series together'}")
    return faults


def _until(column: Column, issue_s: int) -> Column:
    known = int(np.searchsorted(column.arrived_s, issue_s, side="right"))
    return Column(column.starts_s[:known], column.arrived_s[:known], column.values[:known])


def _asked(
    forecaster: Forecaster, histories: Sequence[SeriesHistory], horizon_s: int, levels_bps: Sequence[int]
) -> Ask:
    def ask(columns: Mapping[str, Column], issue_s: int) -> Floats:
        given = [replace(h, values=columns[h.series.series_id].values) for h in histories]
        made = forecaster.forecast(given, datetime.fromtimestamp(issue_s, UTC), horizon_s, levels_bps)
        flat = [one.values_milli.reshape(-1) for one in made]
        return np.concatenate(flat).astype(np.float64) if flat else np.zeros(0)

    return ask
