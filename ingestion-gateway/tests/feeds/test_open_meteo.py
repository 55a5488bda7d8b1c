"""Open-Meteo, on its own answers."""

import json
from datetime import timedelta
from typing import Any

import pytest

from gridseal.errors import UnavailableError, WireError
from gridseal.wire.weather import Weather
from ingestion_gateway.feeds.ports import FeedKeyError, Outside
from ingestion_gateway.feeds.providers.open_meteo import HOURLY, LIVE, OpenMeteoFeed, make, parse

from .rooms import NOW, OUTSIDE, TestRoom, a_source, an_answer, answering, recorded, utc

ARCHIVE = "open-meteo/archive_temperature_2m_52.52_13.41_2024-01-01_2024-01-02.json"
QUARTERS = "open-meteo/forecast_minutely15_radiation_45.84_6.86_2025-02-24.json"
MODELS = "open-meteo/forecast_two_models_suffix_columns_2023-11-13.json"


def a_place(content: str = "archive", **fields: Any) -> Any:
    return a_source(feed="open_meteo", content=content, series_id=None, latitude=52.52, longitude=13.41, **fields)


def hourly(times: list[str], units: dict[str, str] | None = None, **columns: list[Any]) -> str:
    known = {"temperature_2m": "°C", "shortwave_radiation": "W/m²", "wind_speed_10m": "km/h", "precipitation": "mm"}
    body = {
        "latitude": 1.5,
        "longitude": 2.5,
        "utc_offset_seconds": 0,
        "hourly_units": known | (units or {}),
        "hourly": {"time": times, **columns},
    }
    return json.dumps(body)


def weather(body: str | bytes, content: str = "archive") -> list[Weather]:
    return [r for r in parse(an_answer(body), a_place(content)).records if isinstance(r, Weather)]


def said(record: Weather) -> dict[str, float]:
    return {v.variable: v.value for v in record.values}


def test_the_archive_gives_an_hour_for_an_hour() -> None:
    records = weather(recorded(ARCHIVE))

    assert len(records) == 48
    assert records[0].period_start == utc(2024, 1, 1)
    assert (records[0].kind, records[0].issued_at) == ("analysis", None)
    assert (records[0].latitude, records[0].longitude) == (52.54833, 13.407822), "the cell, not the place asked for"
    assert records[0].values[0].unit == "Cel"


def test_radiation_of_a_stamp_belongs_to_the_hour_before() -> None:
    body = hourly(
        ["2024-01-01T08:00", "2024-01-01T09:00"],
        temperature_2m=[1.0, 2.0],
        shortwave_radiation=[80.0, 90.0],
        precipitation=[0.1, 0.2],
    )
    by_hour = {r.period_start.hour: said(r) for r in weather(body)}

    assert by_hour == {
        7: {"shortwave_radiation": 80.0, "precipitation": 0.1},
        8: {"temperature_2m": 1.0, "shortwave_radiation": 90.0, "precipitation": 0.2},
        9: {"temperature_2m": 2.0},
    }


def test_stamps_without_a_zone_stand_at_the_constant_offset_of_the_answer() -> None:
    records = weather(recorded(QUARTERS), "nowcast")

    assert json.loads(recorded(QUARTERS))["utc_offset_seconds"] == 3600
    # Rain of the first stamp fell in the quarter before it.
    assert records[0].period_start == utc(2025, 2, 23, 22, 45)
    assert {r.period_s for r in records} == {900}
    assert {v.variable for v in records[5].values} == {
        "temperature_2m",
        "relative_humidity_2m",
        "rain",
        "cloud_cover",
        "wind_speed_10m",
    }


def test_the_sample_of_radiation_is_not_taken_for_its_mean() -> None:
    batch = parse(an_answer(recorded(QUARTERS)), a_place("nowcast"))

    assert batch.left_out["unknown_variable"] == 3 * 288


def test_wind_is_in_meters_per_second_whatever_the_answer_says() -> None:
    kilometers, meters = (
        said(weather(hourly(["2024-01-01T00:00"], {"wind_speed_10m": unit}, wind_speed_10m=[value]))[0])
        for unit, value in (("km/h", 36.0), ("m/s", 10.0))
    )

    assert kilometers == meters == {"wind_speed_10m": 10.0}


def test_an_unknown_unit_is_left_out_and_counted() -> None:
    batch = parse(an_answer(hourly(["2024-01-01T00:00"], {"temperature_2m": "°F"}, temperature_2m=[50.0])), a_place())

    assert (list(batch.records), dict(batch.left_out)) == ([], {"wrong_unit": 1})


def test_two_models_are_two_records() -> None:
    columns = {"temperature_2m_best_match": [1.0], "temperature_2m_gfs_seamless": [2.0]}
    units = dict.fromkeys(columns, "°C")
    records = weather(hourly(["2024-01-01T00:00"], units, **columns), "forecast")

    assert {(r.model, r.values[0].value) for r in records} == {("best_match", 1.0), ("gfs_seamless", 2.0)}


def test_a_recorded_answer_of_weather_codes_holds_nothing_that_is_asked_for() -> None:
    batch = parse(an_answer(recorded(MODELS)), a_place("forecast"))

    assert list(batch.records) == []
    assert set(batch.left_out) == {"unknown_variable"}


def test_days_that_the_archive_does_not_have_yet_are_null_and_not_zero() -> None:
    times = ["2024-01-01T00:00", "2024-01-01T01:00", "2024-01-01T01:00", "2024-01-01T02:00"]
    batch = parse(an_answer(hourly(times, temperature_2m=[1.0, 2.0, 9.0, None])), a_place())

    assert [said(r) for r in batch.records if isinstance(r, Weather)] == [
        {"temperature_2m": 1.0},
        {"temperature_2m": 2.0},
    ]
    assert dict(batch.left_out) == {"duplicate": 1, "null": 1}


async def test_a_forecast_is_kept_with_the_time_from_when_it_could_be_used() -> None:
    room = TestRoom(answering(hourly(["2026-06-08T01:00", "2026-06-09T01:00"], temperature_2m=[1.0, 2.0])))
    batches = await room.pull(make(OUTSIDE), a_place("forecast"), NOW, NOW + timedelta(hours=1))

    assert {r.issued_at for r in batches[0].records if isinstance(r, Weather)} == {NOW}
    assert len(batches[0].records) == 2, "a forecast is whole, whatever the window"
    asked = room.asked[0].url
    assert (asked.host, asked.params["forecast_days"], asked.params["timezone"]) == ("api.open-meteo.com", "2", "GMT")


async def test_history_asks_for_twelve_variables_and_live_for_six() -> None:
    room = TestRoom(answering(recorded(ARCHIVE)))
    batches = await room.pull(make(OUTSIDE), a_place(), utc(2024, 1, 1), utc(2024, 1, 2))
    asked = room.asked[0].url

    assert asked.host == "archive-api.open-meteo.com"
    assert asked.params["hourly"].split(",") == list(HOURLY)
    assert (len(HOURLY), len(LIVE)) == (12, 6)
    assert len(batches[0].records) == 24, "the day after was asked for its first stamp only"


async def test_with_a_key_the_customers_host_is_asked() -> None:
    room = TestRoom(answering(recorded(ARCHIVE)))
    source = a_place(options={"keyed": "true"})
    await room.pull(make(OUTSIDE), source, utc(2024, 1, 1), utc(2024, 1, 2))

    assert room.asked[0].url.host == "customer-archive-api.open-meteo.com"
    assert room.asked[0].url.params["apikey"] == "k-weather"
    with pytest.raises(FeedKeyError, match="WEATHER_API_KEY"):
        await room.pull(OpenMeteoFeed(Outside({})), source, utc(2024, 1, 1), utc(2024, 1, 2))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "Parameter 'start_date' is out of allowed range from 2022-06-08 to 2023-06-04"),
        (429, "Minutely API request limit exceeded. Please try again in one minute."),
        (429, "Daily API request limit exceeded. Please try again tomorrow."),
        (429, "Too many concurrent requests"),
        (500, "Something went wrong."),
    ],
)
async def test_errors_are_told_apart(status: int, reason: str) -> None:
    room = TestRoom(answering((status, json.dumps({"error": True, "reason": reason}))))
    expected = WireError if status == 400 else UnavailableError

    with pytest.raises(expected):
        await room.pull(make(OUTSIDE), a_place(), utc(2024, 1, 1), utc(2024, 1, 2))
    assert len(room.asked) == (1 if status == 400 else 4)


async def test_an_error_with_status_200_is_an_error_and_asked_for_again() -> None:
    room = TestRoom(answering('{"reason": "Something went wrong.", "error": true}', recorded(ARCHIVE)))
    batches = await room.pull(make(OUTSIDE), a_place(), utc(2024, 1, 1), utc(2024, 1, 2))

    assert len(room.asked) == 2
    assert len(batches[0].records) == 24


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"hourly": {}, "hourly_units": {}}', '{"hourly": [], "hourly_units": 1}']
)
def test_a_body_of_another_shape_is_refused_in_words(body: str) -> None:
    with pytest.raises(WireError):
        parse(an_answer(body), a_place())
