"""What is served is ordered, from the past only, and says how good it is."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from histories import START, a_history
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import FolderRegistry, trusted

from forecast_service.inference import ChampionLoader, ServingForecaster
from forecast_service.model.artifact import load_model
from forecast_service.model.levels import SITE_LEVELS_BPS
from forecast_service.ports import QuantileForecast, SeriesHistory

pytestmark = pytest.mark.timeout(400)
"""The first optimizer of a process imports half of PyTorch: a minute where nothing may be compiled ahead."""

SIX_HOURS = 21_600
SLOT = START + timedelta(days=57, hours=9)


@pytest.fixture(scope="session")
def serving(trained: FolderRegistry) -> ServingForecaster:
    assert trained.serving is not None
    model = load_model(trained.folder / trained.serving.version)
    choices = dict.fromkeys(model.choices, "lstm") | {"home_load": "reference"}
    return ServingForecaster(replace(model, choices=choices), name="n", version="1", model_hash="0x")


def lacking(history: SeriesHistory, periods: int, slot: datetime = SLOT) -> SeriesHistory:
    """Without its newest values before the slot."""
    at = (int(slot.timestamp()) - history.start_s) // history.series.resolution_s
    values = history.values.copy()
    values[at - periods : at] = np.nan
    return replace(history, values=values)


def ask(serving: ServingForecaster, fleet: list[SeriesHistory], slot: datetime = SLOT) -> list[QuantileForecast]:
    return serving.forecast(fleet, slot, SIX_HOURS, SITE_LEVELS_BPS)


def test_every_series_gets_the_model_of_its_kind(serving: ServingForecaster, fleet: list[SeriesHistory]) -> None:
    made = ask(serving, fleet)

    assert [m.series_id for m in made] == [h.series.series_id for h in fleet]
    for forecast, history in zip(made, fleet, strict=True):
        resolution = history.series.resolution_s
        assert forecast.values_milli.shape == (SIX_HOURS // resolution, 7)
        assert forecast.values_milli.dtype == np.int64
        assert forecast.first_target_s == int(SLOT.timestamp()) + resolution
        assert forecast.model == ("reference" if history.series.kind == "home_load" else "lstm")
        assert (forecast.rung, forecast.data_age_s) == (1, 0)


@settings(max_examples=15, deadline=None)
@given(st.integers(32 * 24, 59 * 24), st.integers(0, 10), st.sets(st.integers(1, 9_999), min_size=1, max_size=6))
def test_quantiles_never_cross(
    serving: ServingForecaster, fleet: list[SeriesHistory], hour: int, late: int, levels: set[int]
) -> None:
    slot = START + timedelta(hours=hour)
    histories = [lacking(history, late, slot) for history in fleet]

    for forecast in serving.forecast(histories, slot, SIX_HOURS, sorted(levels)):
        assert (np.diff(forecast.values_milli, axis=1) >= 0).all()


def test_nothing_after_the_slot_and_no_other_order_changes_a_number(
    serving: ServingForecaster, fleet: list[SeriesHistory]
) -> None:
    changed = []
    for history in fleet:
        at = (int(SLOT.timestamp()) - history.start_s) // history.series.resolution_s
        changed.append(replace(history, values=np.concatenate([history.values[:at], [9e9] * 50])))

    before = ask(serving, fleet)
    after = ask(serving, changed[::-1])[::-1]

    for one, other in zip(before, after, strict=True):
        assert (one.values_milli == other.values_milli).all()


def test_solar_is_zero_at_night_and_never_negative(serving: ServingForecaster, fleet: list[SeriesHistory]) -> None:
    solar = [h for h in fleet if h.series.kind in ("pv", "home_pv")]

    for forecast in ask(serving, solar, START + timedelta(days=57, hours=19)):
        assert (forecast.values_milli == 0).all()
    for forecast in ask(serving, solar):
        assert (forecast.values_milli >= 0).all()


@pytest.mark.parametrize(("late", "rung"), [(1, 1), (3, 1), (4, 2), (12, 2), (13, 3)])
def test_late_telemetry_lowers_the_rung(
    serving: ServingForecaster, fleet: list[SeriesHistory], late: int, rung: int
) -> None:
    [net] = [h for h in fleet if h.series.kind == "home_net"]

    [forecast] = ask(serving, [lacking(net, late)])

    assert (forecast.rung, forecast.data_age_s) == (rung, late * 3_600)
    assert forecast.model == ("analogue" if rung == 3 else "lstm")


def test_bands_of_the_reference_widen_with_age(serving: ServingForecaster, fleet: list[SeriesHistory]) -> None:
    [load] = [h for h in fleet if h.series.kind == "home_load"]

    def width(late: int) -> float:
        slots = [START + timedelta(days=50, hours=h) for h in range(0, 72, 3)]
        made = [ask(serving, [lacking(load, late, slot)], slot)[0].values_milli for slot in slots]
        return float(np.mean([m[0, -1] - m[0, 0] for m in made]))

    assert width(8) > width(0)


def test_an_unknown_series_falls_to_the_analogues(serving: ServingForecaster) -> None:
    stranger = a_history("home_load", site="home-99")

    [forecast] = ask(serving, [stranger])

    assert (forecast.model, forecast.rung) == ("analogue", 3)


def test_a_series_with_little_of_the_last_week_falls_to_the_analogues(
    serving: ServingForecaster, fleet: list[SeriesHistory]
) -> None:
    [net] = [h for h in fleet if h.series.kind == "home_net"]
    values = net.values.copy()
    at = (int(SLOT.timestamp()) - net.start_s) // 3_600
    values[at - 160 : at - 2] = np.nan

    assert ask(serving, [replace(net, values=values)])[0].model == "analogue"


def test_a_series_without_any_value_is_left_out(serving: ServingForecaster, fleet: list[SeriesHistory]) -> None:
    empty = replace(fleet[0], values=np.full(4_000, np.nan))

    assert [m.series_id for m in ask(serving, [empty, fleet[1]])] == [fleet[1].series.series_id]


def test_the_same_question_has_the_same_answer(trained: FolderRegistry, fleet: list[SeriesHistory]) -> None:
    one, other = ChampionLoader(trained, trusted).poll(), ChampionLoader(trained, trusted).poll()
    assert one is not None
    assert other is not None

    for a, b in zip(ask(one, fleet), ask(other, fleet), strict=True):
        assert (a.values_milli == b.values_milli).all()
