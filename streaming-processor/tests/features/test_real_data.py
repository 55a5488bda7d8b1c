"""The formulas on measured data: against pandas, against a pyranometer, in a storm."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from streaming_processor.arrays import Ints
from streaming_processor.features import air, sun
from streaming_processor.features.groups import DEMAND, WIND
from streaming_processor.features.tracks import Track, track_from
from streaming_processor.features.vectors import vectors_of

from .builders import DAY, HOUR, a_site, a_weather_series, an_entity, the_vector, utc

DATA = Path(__file__).with_name("data")
QUARTER = 900


def read(name: str) -> tuple[Ints, pd.DataFrame]:
    frame = pd.read_csv(DATA / name)
    return pd.to_datetime(frame["time_utc"]).dt.tz_convert(None).to_numpy("datetime64[s]").astype(np.int64), frame


def a_measured_track(start_s: Ints, milli: NDArray[np.floating[Any]], width_s: int) -> Track:
    there = ~np.isnan(milli)
    full = np.full(int(there.sum()), width_s, np.int64)
    return track_from(width_s, start_s[there], np.round(milli[there]).astype(np.int64), full, full)


def test_demand_of_a_balancing_area_gives_what_pandas_gives_and_fills_its_gap_openly() -> None:
    start, frame = read("eia930-duk-2019-03.csv")
    mwh = frame["raw_mw"].astype(float)
    entity = an_entity(site=a_site(region_id="us-nc", timezone="America/New_York"))
    track = a_measured_track(start, mwh.to_numpy() * 1e9, HOUR)
    moments = start[168:]

    rows = [v for v in vectors_of(entity, {entity.lane: track}, moments, utc(0)) if v.horizon_s == HOUR]

    for name, expected in {
        "demand_lag_1h": mwh.shift(1),
        "demand_lag_24h": mwh.shift(24),
        "demand_lag_168h": mwh.shift(168),
        "demand_rolling_mean_24h": mwh.shift(1).rolling(24).mean(),
        "demand_rolling_std_24h": mwh.shift(1).rolling(24).std(),
    }.items():
        known = expected[168:].notna().to_numpy()
        assert known.sum() > 400
        got = [v.values[name] for v, is_known in zip(rows, known, strict=True) if is_known]
        assert got == pytest.approx(expected[168:][known].to_list(), rel=1e-11), name
        assert not any(name in v.imputed for v, is_known in zip(rows, known, strict=True) if is_known)
    filled = [v for v in rows if "demand_lag_1h" in v.imputed]
    assert len(filled) == mwh.isna().sum() == 23
    assert {v.imputed["demand_lag_1h"] for v in filled} == {"previous_day"}
    assert sum(v.values["demand_rolling_mean_24h"] is None for v in rows) == 34  # more than 6 of 24 hours are missing


def test_the_day_when_the_clock_goes_forward_has_no_hour_two_and_is_no_holiday() -> None:
    start, _ = read("eia930-duk-2019-03.csv")
    entity = an_entity(site=a_site(region_id="us-nc", timezone="America/New_York"))
    midnight = int(pd.Timestamp("2019-03-10T05:00Z").timestamp())
    assert midnight in start

    rows = vectors_of(entity, {}, midnight + HOUR * np.arange(23, dtype=np.int64), utc(0))

    day = [v.values for v in rows if v.horizon_s == HOUR]
    assert [v["hour_of_day"] for v in day] == [0, 1, *range(3, 24)]
    assert {v["is_weekend"] for v in day} == {1}
    assert {v["is_holiday"] for v in day} == {0}


def test_a_pyranometer_on_a_clear_day_sees_the_clear_sky_and_at_no_other_time_so_well() -> None:
    start, frame = read("midc-bms-2022-01-20.csv")
    measured = frame["ghi_w_m2"].to_numpy(float)

    index, known = sun.clear_sky_index(measured, sun.sky(39.742, -105.18, start, QUARTER).ghi_w_m2)

    assert 0.97 < float(np.median(index[known])) < 1.03
    assert known.sum() == 36
    fits = {
        shift: float(np.corrcoef(measured, sun.sky(39.742, -105.18, start + shift, QUARTER).ghi_w_m2)[0, 1])
        for shift in range(-HOUR, HOUR + 1, QUARTER)
    }
    assert max(fits, key=lambda shift: fits[shift]) == 0


def test_the_vector_divides_irradiance_by_the_clear_sky_of_its_own_period() -> None:
    start, frame = read("midc-bms-2022-01-20.csv")
    from streaming_processor.features.groups import PV

    site = a_site(latitude=39.742, longitude=-105.18, timezone="America/Denver", region_id="us-co-golden")
    entity = an_entity(
        a_weather_series("irradiance", resolution_s=QUARTER),
        group=PV,
        site=site,
        kind="pv",
        resolution_s=QUARTER,
        issue_every_s=QUARTER,
        capacity_w=3_400,
    )
    lane = dict(entity.weather)["irradiance"]
    ghi = a_measured_track(start, np.maximum(frame["ghi_w_m2"].to_numpy(float), 0) * 1_000, QUARTER)
    afternoon = int(pd.Timestamp("2022-01-20T22:00Z").timestamp())

    now = the_vector(entity, {lane: ghi}, afternoon)
    late = the_vector(entity, {lane: ghi}, afternoon, 6 * HOUR)

    assert now.values["clear_sky_index"] == pytest.approx(1.0, abs=0.05)
    assert late.values["clear_sky_index"] == now.values["clear_sky_index"]
    assert isinstance(late.values["solar_elevation_deg"], float)
    assert late.values["solar_elevation_deg"] < -30
    assert late.values["clear_sky_ghi_w_m2"] == 0.0
    assert the_vector(entity, {lane: ghi}, afternoon + 12 * HOUR).values["clear_sky_index"] is None


def test_air_is_thinner_in_a_storm_and_moist_air_thinner_than_dry() -> None:
    _, frame = read("openstef-307-2020-12.csv")
    temperature, pressure = frame["temp_c"].to_numpy(float), frame["pressure_pa"].to_numpy(float)

    moist = air.density_kg_m3(temperature, pressure, frame["humidity"].to_numpy(float) * 100)
    dry = air.density_kg_m3(temperature, pressure)

    assert 1.2 < moist.min() < moist.max() < 1.31
    assert np.corrcoef(moist, pressure)[0, 1] > 0.95
    assert np.all(moist < dry)
    assert np.all(dry - moist < 0.005)


def test_the_standard_atmosphere_is_met_and_an_assumed_pressure_is_named() -> None:
    assert air.density_kg_m3(np.array([15.0]), np.array([101_325.0]))[0] == pytest.approx(1.225, abs=0.0005)
    entity = an_entity(
        a_weather_series("air_temperature"),
        a_weather_series("wind_speed"),
        group=WIND,
        kind="wind",
        direction="into_grid",
    )
    lanes = dict(entity.weather)
    start = 10 * DAY

    tracks = {
        lanes["air_temperature"]: a_measured_track(np.array([start]), np.array([15_000.0]), HOUR),
        lanes["wind_speed"]: a_measured_track(np.array([start]), np.array([10_000.0]), HOUR),
    }
    vector = the_vector(entity, tracks, start + HOUR)

    assert vector.imputed == {
        "air_density_kg_m3": "standard_atmosphere",
        "wind_power_density_w_m2": "standard_atmosphere",
    }
    density = vector.values["air_density_kg_m3"]
    assert density == pytest.approx(1.18, abs=0.05)
    assert vector.values["wind_power_density_w_m2"] == pytest.approx(500 * float(density or 0), abs=0.01)
    assert vector.values["hub_wind_speed_m_s"] is None


def test_wind_rises_with_height_by_either_law() -> None:
    speed = np.array([5.0])

    assert air.hub_speed_m_s(speed, 10, 80)[0] == pytest.approx(5 * 8 ** (1 / 7))
    by_logarithm = air.hub_speed_m_s(speed, 10, 80, roughness_m=0.1)[0]
    assert by_logarithm == pytest.approx(5 * np.log(80 / 0.1) / np.log(10 / 0.1))
    assert air.hub_speed_m_s(speed, 80, 80)[0] == 5.0


def test_felt_temperature_needs_all_three_and_falls_with_wind() -> None:
    felt = air.apparent_temperature_c(
        np.array([30.0, 30.0, 30.0]), np.array([50.0, 50.0, np.nan]), np.array([0, 5, 5.0])
    )

    # Bureau of Meteorology: e = 21.2 hPa at 30 °C and 50 %
    assert felt[0] == pytest.approx(30 + 0.33 * 21.2 - 4.0, abs=0.1)
    assert felt[0] - felt[1] == pytest.approx(3.5)
    assert np.isnan(felt[2])


def test_demand_names_no_weather_that_was_not_measured() -> None:
    vector = the_vector(an_entity(), {}, DAY)

    assert all(vector.values[name] is None for name in DEMAND.names[:7])
