"""+10 °C is drift, the same data is not; the model getting worse is noticed, a single storm is not."""

from dataclasses import replace

import numpy as np
import pytest

from forecast_service.monitoring.concept import concept_drift
from forecast_service.monitoring.drift import CALENDAR, FeatureTable, judge, same_season, table_of
from forecast_service.ports import Floats

DAY_S = 86_400
START_S = 1_735_689_600  # 2025-01-01
NAMES = (
    "temperature", "apparent_temperature", "humidity", "wind_speed", "cloud_cover", "solar_radiation", "precipitation",
    "hour_of_day", "day_of_week", "month", "is_weekend", "is_holiday", "demand_lag_1h", "demand_lag_24h",
    "demand_lag_168h", "demand_rolling_mean_24h", "demand_rolling_std_24h", "temp_squared", "cooling_degree_hours",
    "heating_degree_hours",
)  # fmt: skip


def red(days: int, rng: np.random.Generator, keep: float = 0.97) -> Floats:
    """An hourly first-order process with deviation 1, as weather has."""
    out, value = np.empty(days * 24), 0.0
    for i in range(len(out)):
        value = keep * value + np.sqrt(1 - keep**2) * rng.normal()
        out[i] = value
    return out


def a_table(days: int, *, warmer: float = 0.0, first_day: int = 0, seed: int = 1, who: str = "us-duk") -> FeatureTable:
    """Rows with the twenty columns; ``warmer`` degrees are added before anything is derived from temperature."""
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24) + first_day * 24
    day = hours // 24
    cycle = np.sin((hours % 24 - 9) * 2 * np.pi / 24)
    heat = 15 + 5 * cycle + 4 * red(days, rng) + warmer
    demand = 10_000 + 2_000 * cycle + 500 * red(days, rng)
    columns = {
        "temperature": heat, "apparent_temperature": heat * 1.1 - 1, "humidity": 60 + 10 * red(days, rng),
        "wind_speed": 5 + red(days, rng), "cloud_cover": 50 + 20 * red(days, rng),
        "solar_radiation": np.maximum(cycle, 0) * 700, "precipitation": np.maximum(red(days, rng) - 1, 0),
        "hour_of_day": hours % 24, "day_of_week": day % 7, "month": day // 30 % 12 + 1, "is_weekend": day % 7 > 4,
        "is_holiday": 0 * hours, "demand_lag_1h": demand, "demand_lag_24h": demand, "demand_lag_168h": demand,
        "demand_rolling_mean_24h": demand, "demand_rolling_std_24h": 1_400 + 100 * red(days, rng),
        "temp_squared": heat**2, "cooling_degree_hours": np.maximum(heat - 18.3, 0),
        "heating_degree_hours": np.maximum(18.3 - heat, 0),
    }  # fmt: skip
    values = np.stack([np.asarray(columns[name], dtype=np.float64) for name in NAMES], axis=1)
    return FeatureTable(NAMES, np.full(len(hours), who), START_S + hours.astype(np.int64) * 3_600, values)


def test_the_same_data_has_not_drifted() -> None:
    table = a_table(60)

    report = judge(table, table, 0.3)

    assert not report.detected
    assert (report.share, report.n_drifted, report.n_total) == (0.0, 0, 15)


def test_ten_degrees_more_are_drift_in_what_comes_from_temperature() -> None:
    report = judge(a_table(60), a_table(7, warmer=10, first_day=60, seed=2), 0.3)

    drifted = {name for name, found in report.features.items() if found.drifted}
    heat = {"temperature", "apparent_temperature", "temp_squared", "cooling_degree_hours", "heating_degree_hours"}
    assert report.detected
    assert drifted == heat
    assert report.share == pytest.approx(5 / 15)


@pytest.mark.parametrize("seed", range(10, 16))
def test_an_ordinary_week_is_no_drift(seed: int) -> None:
    report = judge(a_table(60), a_table(7, first_day=60, seed=seed), 0.3)

    assert not report.detected


def test_a_share_of_exactly_the_threshold_is_not_above_it() -> None:
    report = judge(a_table(60), a_table(7, warmer=10, first_day=60, seed=2), 5 / 15)

    assert not report.detected


def test_the_calendar_is_shown_and_not_judged() -> None:
    report = judge(a_table(200), a_table(7, first_day=200, seed=3), 0.3)

    assert {name for name, found in report.features.items() if found.unjudged} == CALENDAR


def test_a_year_of_reference_is_cut_to_the_season() -> None:
    year, week = a_table(365), a_table(7, first_day=365, seed=4)

    cut, seasonal = same_season(year, week)

    assert seasonal
    assert cut.days == pytest.approx(90, abs=2)


def test_regions_of_other_size_are_compared_with_themselves_and_strangers_with_nobody() -> None:
    big, small = a_table(60), a_table(60, seed=5, who="home-01/load")
    small = replace(small, values=small.values / 1_000)
    both = FeatureTable(
        NAMES, np.concatenate([big.respondents, small.respondents]), np.concatenate([big.times_s, small.times_s]),
        np.concatenate([big.values, small.values]),
    )  # fmt: skip
    week = a_table(7, first_day=60, seed=6, who="home-01/load")
    week = replace(week, values=week.values / 1_000)

    alone = judge(both, week, 0.3)
    stranger = judge(both, a_table(7, first_day=60, seed=6, who="home-02/load"), 0.3)

    assert not alone.detected
    assert alone.reference_rows == len(same_season(small, week)[0])
    assert stranger.strangers == ("home-02/load",)
    assert (stranger.n_total, stranger.detected) == (0, False)


def test_columns_without_values_are_not_judged_and_their_gaps_are_told() -> None:
    reference = a_table(60)
    week = a_table(7, first_day=60, seed=7)
    week.values[:, NAMES.index("humidity")] = np.nan

    found = judge(reference, week, 0.3).features["humidity"]

    assert found.unjudged == "too few values"
    assert (found.reference_missing, found.current_missing) == (0.0, 1.0)


def test_rows_become_a_table_in_the_order_of_respondent_and_time() -> None:
    table = table_of(("a", "b"), [("y", 5, (1.0, None)), ("x", 9, (2.0, 3.0)), ("x", 4, (None, 7.0))])

    assert table.respondents.tolist() == ["x", "x", "y"]
    assert table.times_s.tolist() == [4, 9, 5]
    assert np.isnan(table.values[0, 0])


def errors(days: int, from_day: int, factor: float, seed: int = 3) -> tuple[np.ndarray, Floats]:
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    size = np.abs(rng.normal(size=len(hours))) * (1 + np.sin(hours * 2 * np.pi / 24) ** 2)
    return START_S + hours * 3_600, np.where(hours >= from_day * 24, factor, 1.0) * size


def test_an_error_that_doubles_for_good_is_concept_drift_and_says_since_when() -> None:
    times, size = errors(70, 42, 2.0)

    found = concept_drift(times, size)

    assert found.adwin
    assert found.page_hinkley
    assert found.since_s is not None
    assert 42 <= (found.since_s - START_S) / DAY_S <= 49
    assert found.rise == pytest.approx(2 ** (28 / 42), rel=0.1)


def test_an_error_that_stays_or_falls_is_none() -> None:
    assert not concept_drift(*errors(70, 42, 1.0)).detected
    assert not concept_drift(*errors(70, 42, 0.4)).detected


def test_one_bad_day_is_none() -> None:
    times, size = errors(70, 70, 1.0)
    size[50 * 24 : 51 * 24] *= 50

    assert not concept_drift(times, size).detected


def test_a_short_sequence_says_nothing() -> None:
    found = concept_drift(*errors(30, 0, 9.0))

    assert not found.detected
    assert found.rise is None
