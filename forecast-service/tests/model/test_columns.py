"""Features are the same while training and while serving, and know nothing of the future."""

from dataclasses import fields, replace

import numpy as np
import pytest
from histories import a_history

from forecast_service.model.assemble import Inputs, assemble, physical
from forecast_service.model.columns import NIGHT_SHARE
from forecast_service.model.frame import HISTORY_DAYS, Frame, slot_frame, whole_frame
from forecast_service.model.grid import Floats
from forecast_service.model.panel import Panel, Scale, measure
from forecast_service.ports import SeriesHistory

HOURLY = [a_history(kind, seed=k, name=f"series-{k}") for k, kind in enumerate(["home_load", "home_pv", "home_pv"])]
HOURLY += [a_history("home_net", seed=8), a_history("household", seed=9, holes=range(1_100, 1_120))]
QUARTER = [a_history("wind", seed=3), a_history("wind", seed=4, name="farm", holes=[4_795, 4_796]), a_history("pv")]


def a_panel(histories: list[SeriesHistory], values: Floats | None = None, skip: int = 0) -> Panel:
    first = histories[0]
    scales = tuple(measure(h.series, h.values) or Scale(1, 0, 1) for h in histories)
    stacked = np.stack([h.values for h in histories]) if values is None else values
    start = first.start_s + skip * first.series.resolution_s
    series = tuple(h.series for h in histories)
    return Panel(first.series.resolution_s, start, series, scales, stacked[:, skip:])


def inputs_at(frame: Frame, slot: int, horizon: int) -> Inputs:
    rows = np.arange(len(frame.panel.series))
    known = frame.panel.known_until(np.array([slot]))[:, 0]
    survival = np.full((len(rows), 2 * horizon), 0.6)
    return assemble(frame, survival, rows, np.full(len(rows), slot), known, horizon)


@pytest.mark.parametrize(("histories", "horizon"), [(HOURLY, 6), (QUARTER, 24)])
@pytest.mark.parametrize("days", [40.0, 49.75, 58.0])
def test_one_slot_gives_the_same_bits_as_the_whole_history(
    histories: list[SeriesHistory], horizon: int, days: float
) -> None:
    panel = a_panel(histories)
    slot = int(days * panel.per_day)
    skip = slot - HISTORY_DAYS * panel.per_day
    alone = a_panel(histories, skip=skip)
    alone = replace(alone, values=alone.values[:, : slot - skip])

    trained = inputs_at(whole_frame(panel, horizon), slot, horizon)
    served = inputs_at(slot_frame(alone, slot - skip, horizon), slot - skip, horizon)

    for field in fields(Inputs):
        assert getattr(trained, field.name).tobytes() == getattr(served, field.name).tobytes(), field.name


@pytest.mark.parametrize(("histories", "horizon"), [(HOURLY, 6), (QUARTER, 24)])
def test_nothing_after_the_slot_reaches_the_inputs(histories: list[SeriesHistory], horizon: int) -> None:
    panel = a_panel(histories)
    slot = 45 * panel.per_day
    changed = panel.values.copy()
    changed[:, slot:] = -7e7

    before = inputs_at(whole_frame(panel, horizon), slot, horizon)
    after = inputs_at(whole_frame(replace(panel, values=changed), horizon), slot, horizon)

    assert before.encoder.tobytes() == after.encoder.tobytes()
    assert before.decoder.tobytes() == after.decoder.tobytes()
    assert before.reference.tobytes() == after.reference.tobytes()


@pytest.mark.parametrize("late", [1, 3, 12])
def test_pretending_that_values_are_late_equals_their_being_late(late: int) -> None:
    panel = a_panel(HOURLY)
    slot, rows = 45 * 24, np.arange(len(HOURLY))
    changed = panel.values.copy()
    changed[:, slot - late : slot] = np.nan
    at, survival = np.full(len(rows), slot), np.full((len(rows), 18), 0.6)

    pretended = assemble(whole_frame(panel, 6), survival, rows, at, at - late, 6)
    missing = assemble(whole_frame(replace(panel, values=changed), 6), survival, rows, at, at - late, 6)

    assert pretended.encoder.tobytes() == missing.encoder.tobytes()
    assert pretended.decoder.tobytes() == missing.decoder.tobytes()


def test_night_is_zero_whatever_is_forecast() -> None:
    panel = a_panel([a_history("pv")])
    frame = whole_frame(panel, 24)
    midnight = np.array([50 * 96])

    quantiles = physical(frame, np.array([0]), midnight[:, None] + 1 + np.arange(16), np.full((1, 16, 3), 500.0))

    assert (quantiles == 0).all()


def test_the_envelope_is_dark_at_night_and_lit_at_noon() -> None:
    frame = whole_frame(a_panel([a_history("home_pv")]), 6)
    day = frame.positions.envelope[0, 50 * 24 : 51 * 24]

    assert (day[:6] == 0).all()
    assert day[12] > NIGHT_SHARE * frame.panel.ranges[0]
