"""Raw records in our units."""

from typing import Any

import pytest

from gridseal.wire.codec import encode
from gridseal.wire.topics import DEMAND_RAW, WEATHER_RAW
from streaming_processor.feeds.records import demand_readings, power_milli, price_milli, read_records, weather_readings

from .published import a_demand, a_price, a_weather


@pytest.mark.parametrize(
    ("value", "unit", "period_s", "milliwatts"),
    [
        (15_341.0, "MW.h", 3_600, 15_341 * 10**9),
        (2_500.25, "MW.h", 900, 10_001 * 10**9),
        (12_156.45, "MW", 900, 12_156_450_000_000),
        (0.1, "kW", 900, 100_000),
        (0.0015, "W", 900, 2),
        (0.0025, "W", 900, 2),
        (-3.0, "MW", 300, -3 * 10**9),
    ],
)
def test_power_is_exact_and_rounds_half_to_even(value: float, unit: Any, period_s: int, milliwatts: int) -> None:
    assert power_milli(a_demand(value=value, unit=unit, period_s=period_s)) == milliwatts


def test_demand_is_what_a_meter_would_send_that_draws_from_the_grid() -> None:
    [reading] = demand_readings([a_demand(), a_demand(kind="day_ahead_forecast")])

    assert (reading.device_id, reading.quantity, reading.milli) == ("us-ny-demand", "active_power", -100 * 10**9)


def test_of_several_revisions_in_a_batch_the_highest_counts_in_any_order() -> None:
    records = [a_demand(value=2.0, revision=2), a_demand(value=3.0, revision=3), a_demand(value=1.0)]

    assert [r.milli for r in demand_readings(records)] == [-3 * 10**9]


def test_an_analysis_becomes_measurements_and_a_forecast_does_not() -> None:
    readings = weather_readings([a_weather(), a_weather(kind="forecast")])

    assert {(r.device_id, r.quantity, r.milli) for r in readings} == {
        ("us-ny-weather", "air_temperature", -1_500),
        ("us-ny-weather", "irradiance", 80_000),
        ("us-ny-weather", "air_pressure", 101_325_000),
    }


def test_a_price_is_in_thousandths_for_a_megawatt_hour() -> None:
    assert price_milli(a_price(value=-2.5)) == -2_500
    assert price_milli(a_price(value=0.17148, per="kW.h")) == 171_480


def test_what_is_no_record_is_set_aside_with_its_place_and_bytes() -> None:
    rows = [
        (DEMAND_RAW, 0, 7, b"us-ny/demand", encode(a_demand())),
        (DEMAND_RAW, 0, 8, None, b"{}"),
        (WEATHER_RAW, 0, 9, b"k", None),
        (WEATHER_RAW, 0, 10, b"k", encode(a_demand())),
    ]
    found = read_records(rows)

    assert len(found) == 1
    assert [(u.topic, u.offset, u.payload) for u in found.undecodable][:2] == [
        (DEMAND_RAW, 8, b"{}"),
        (WEATHER_RAW, 9, b""),
    ]
    assert len(found.undecodable) == 3
