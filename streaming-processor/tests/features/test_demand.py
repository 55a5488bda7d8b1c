"""The 20 features of S3, as far as they are known when a forecast is issued."""

import numpy as np
import pandas as pd
import pytest

from streaming_processor.features.groups import DEMAND, S3_FEATURES
from streaming_processor.features.vectors import vectors_of

from .builders import DAY, HOUR, T0, a_track, a_weather_series, an_entity, the_vector, utc

WEEKS = [1_000_000_000 * (i % 37 + 1) + 7 * i for i in range(24 * 21)]
"""Three weeks of hours, in milliwatts."""


def test_the_names_are_those_of_s3_in_its_order() -> None:
    assert [f.name for f in S3_FEATURES] == [
        "temperature",
        "apparent_temperature",
        "humidity",
        "wind_speed",
        "cloud_cover",
        "solar_radiation",
        "precipitation",
        "hour_of_day",
        "day_of_week",
        "month",
        "is_weekend",
        "is_holiday",
        "demand_lag_1h",
        "demand_lag_24h",
        "demand_lag_168h",
        "demand_rolling_mean_24h",
        "demand_rolling_std_24h",
        "temp_squared",
        "cooling_degree_hours",
        "heating_degree_hours",
    ]


def test_for_the_next_hour_lags_and_rolling_figures_are_those_of_pandas_shifted_by_one() -> None:
    entity = an_entity()
    mwh = pd.Series(np.array(WEEKS) / 1e9)
    moments = T0 + HOUR * np.arange(24 * 8, 24 * 21, dtype=np.int64)

    rows = [v for v in vectors_of(entity, {entity.lane: a_track(WEEKS)}, moments, utc(T0)) if v.horizon_s == HOUR]

    def column(name: str) -> list[object]:
        return [v.values[name] for v in rows]

    hours = range(24 * 8, 24 * 21)
    assert column("demand_lag_1h") == [mwh.shift(1)[i] for i in hours]
    assert column("demand_lag_24h") == [mwh.shift(24)[i] for i in hours]
    assert column("demand_lag_168h") == [mwh.shift(168)[i] for i in hours]
    shifted = mwh.shift(1).rolling(24)
    assert column("demand_rolling_mean_24h") == pytest.approx([shifted.mean()[i] for i in hours], rel=1e-12)
    assert column("demand_rolling_std_24h") == pytest.approx([shifted.std()[i] for i in hours], rel=1e-9)


def test_a_day_ahead_a_lag_goes_back_by_whole_days_until_it_was_known() -> None:
    entity = an_entity()
    issue = T0 + 14 * DAY

    ahead = the_vector(entity, {entity.lane: a_track(WEEKS)}, issue, 24 * HOUR)

    target = 14 * 24 + 23
    assert ahead.target_start == utc(T0 + target * HOUR)
    assert ahead.values["demand_lag_24h"] == WEEKS[target - 24] / 1e9
    assert ahead.values["demand_lag_168h"] == WEEKS[target - 168] / 1e9
    assert ahead.values["demand_lag_1h"] == WEEKS[target - 25] / 1e9


@pytest.mark.parametrize("horizon_s", DEMAND.horizons_s)
def test_nothing_that_ends_after_issue_changes_a_vector(horizon_s: int) -> None:
    weather = a_weather_series("air_temperature")
    entity = an_entity(weather)
    lane = dict(entity.weather)["air_temperature"]
    issue_hour = 15 * 24 + 7
    issue = T0 + issue_hour * HOUR
    before = {entity.lane: a_track(WEEKS), lane: a_track(WEEKS)}
    after = [v if i < issue_hour else -v - 1 for i, v in enumerate(WEEKS)]
    gone = WEEKS[:issue_hour]

    seen = the_vector(entity, before, issue, horizon_s)

    assert seen == the_vector(entity, {entity.lane: a_track(after), lane: a_track(after)}, issue, horizon_s)
    assert seen == the_vector(entity, {entity.lane: a_track(gone), lane: a_track(gone)}, issue, horizon_s)
    last_changed = [*WEEKS[: issue_hour - 1], 5]
    assert seen != the_vector(entity, {**before, entity.lane: a_track(last_changed)}, issue, horizon_s)


def test_a_missing_lag_is_filled_from_the_day_before_and_says_so() -> None:
    entity = an_entity()
    issue_hour = 15 * 24
    gap: list[int | None] = [*WEEKS]
    gap[issue_hour - 1] = None

    vector = the_vector(entity, {entity.lane: a_track(gap)}, T0 + issue_hour * HOUR)

    assert vector.values["demand_lag_1h"] == WEEKS[issue_hour - 25] / 1e9
    assert vector.imputed == {"demand_lag_1h": "previous_day"}
    assert vector.ages_s["own"] == HOUR
    assert vector.values["demand_hours_24h"] == 23
    gap[issue_hour - 25] = None
    weekly = the_vector(entity, {entity.lane: a_track(gap)}, T0 + issue_hour * HOUR)
    assert weekly.imputed["demand_lag_1h"] == "previous_week"
    assert weekly.values["demand_lag_1h"] == WEEKS[issue_hour - 1 - 168] / 1e9


def test_what_is_not_known_is_null_and_never_zero() -> None:
    entity = an_entity()

    vector = the_vector(entity, {}, T0)

    missing = {name for name, value in vector.values.items() if value is None}
    assert {"demand_lag_1h", "demand_rolling_mean_24h", "temperature", "temp_squared", "demand_latest"} <= missing
    assert vector.values["demand_hours_24h"] == 0
    assert vector.ages_s == {"own": None, "weather": None}
    assert not vector.imputed


def test_a_rolling_mean_needs_three_quarters_of_its_hours() -> None:
    entity = an_entity()
    day: list[int | None] = [*WEEKS[:24]]

    for gaps, known in ((6, True), (7, False)):
        day[:gaps] = [None] * gaps
        vector = the_vector(entity, {entity.lane: a_track(day)}, T0 + DAY)
        assert (vector.values["demand_rolling_mean_24h"] is not None) is known


def test_temperature_becomes_degree_hours_around_65_fahrenheit() -> None:
    entity = an_entity(a_weather_series("air_temperature"))
    lane = dict(entity.weather)["air_temperature"]

    warm = the_vector(entity, {lane: a_track([25_000])}, T0 + HOUR).values
    cold = the_vector(entity, {lane: a_track([-1_700])}, T0 + HOUR).values

    assert (warm["cooling_degree_hours"], warm["heating_degree_hours"], warm["temp_squared"]) == (6.7, 0.0, 625.0)
    assert (cold["cooling_degree_hours"], cold["heating_degree_hours"]) == (0.0, 20.0)


def test_a_half_empty_window_counts_and_a_thinner_one_does_not() -> None:
    from streaming_processor.features.tracks import track_from

    start = np.array([T0, T0 + HOUR], np.int64)
    track = track_from(HOUR, start, start, np.array([1_800, 1_799]), np.array([HOUR, HOUR]))

    assert track.start_s.tolist() == [T0]
