"""The baseline answers from the first slot on, from the past only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from histories import START, a_history
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.model.levels import SITE_LEVELS_BPS, at_levels

SIX_HOURS = 21_600


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def test_targets_start_one_period_after_the_slot() -> None:
    [wind, load] = AnalogueForecaster().forecast(
        [a_history("wind"), a_history("home_load")], at(59), SIX_HOURS, SITE_LEVELS_BPS
    )

    assert (wind.first_target_s, wind.values_milli.shape) == (int(at(59).timestamp()) + 900, (24, 7))
    assert (load.first_target_s, load.values_milli.shape) == (int(at(59).timestamp()) + 3600, (6, 7))
    assert wind.values_milli.dtype == np.int64
    assert (wind.model, wind.rung, wind.data_age_s) == ("analogue", 3, 0)


@pytest.mark.parametrize("hours", [1, 5, 30, 24 * 6, 24 * 20])
def test_it_answers_with_whatever_history_there_is(hours: int) -> None:
    history = a_history("pv", days=30)
    young = replace(history, values=history.values[: hours * 4])

    [forecast] = AnalogueForecaster().forecast([young], at(hours / 24), SIX_HOURS, SITE_LEVELS_BPS)

    assert (np.diff(forecast.values_milli, axis=1) >= 0).all()


def test_a_series_without_any_value_is_left_out() -> None:
    empty = replace(a_history(), values=np.full(10, np.nan))

    assert AnalogueForecaster().forecast([empty, a_history()], at(50), SIX_HOURS, SITE_LEVELS_BPS)[1:] == []


def test_same_weekdays_of_six_weeks_are_its_analogues() -> None:
    history = a_history("home_load", days=60)
    slot = 50 * 24
    sample = [history.values[slot + 1 - 168 * k] for k in range(1, 7)]

    [forecast] = AnalogueForecaster().forecast([history], at(50), SIX_HOURS, (5_000,))

    assert forecast.values_milli[0, 0] == round(float(np.median(sample)) * 1000)


def test_nothing_after_the_slot_counts() -> None:
    history = a_history("wind")
    changed = history.values.copy()
    changed[50 * 96 :] = 1e9
    forecaster = AnalogueForecaster()

    [a] = forecaster.forecast([history], at(50), SIX_HOURS, SITE_LEVELS_BPS)
    [b] = forecaster.forecast([replace(history, values=changed)], at(50), SIX_HOURS, SITE_LEVELS_BPS)

    assert (a.values_milli == b.values_milli).all()


def test_a_slot_off_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="grid"):
        AnalogueForecaster().forecast([a_history()], datetime(2025, 2, 1, 0, 1, tzinfo=UTC), SIX_HOURS, (5_000,))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 59 * 24), st.lists(st.integers(0, 60 * 24 - 1), max_size=200))
def test_quantiles_never_cross(hour: int, holes: list[int]) -> None:
    history = a_history("home_net", holes=[h for h in holes if h != 0])

    [forecast] = AnalogueForecaster().forecast([history], at(hour / 24), SIX_HOURS, SITE_LEVELS_BPS)

    assert (np.diff(forecast.values_milli, axis=1) >= 0).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=7, max_size=7), st.lists(st.integers(1, 9_999), min_size=2, unique=True))
def test_other_levels_keep_the_order(values: list[float], wanted: list[int]) -> None:
    known = np.sort(np.array(values))

    moved = at_levels(known, SITE_LEVELS_BPS, sorted(wanted))

    assert (np.diff(moved) >= -1e-6).all()
    assert at_levels(known, SITE_LEVELS_BPS, (5_000,))[0] == pytest.approx(known[3])
