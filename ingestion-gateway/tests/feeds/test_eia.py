"""EIA v2, on answers of 2023 and on texts that the project found quoted."""

import json
from typing import Any

import httpx
import pytest

from gridseal.errors import UnavailableError, WireError
from ingestion_gateway.feeds.ports import FeedKeyError, Outside
from ingestion_gateway.feeds.providers.eia import EiaFeed, make, parse

from .rooms import OUTSIDE, TestRoom, a_source, an_answer, answering, recorded, utc, values_of

FIRST = "eia/region-data_D_all_2023-01-01_2023-01-02.json"
SECOND = "eia/region-data_D_all_2023-01-02_2023-01-03.json"


def a_page(*rows: dict[str, Any], total: object = None) -> str:
    return json.dumps({"response": {"total": len(rows) if total is None else total, "data": list(rows)}})


def a_row(**fields: Any) -> dict[str, Any]:
    usual = {"period": "2023-01-01T05", "respondent": "NY", "type": "D", "value": 100, "value-units": "megawatthours"}
    return usual | fields


def test_a_stamp_names_the_end_of_its_hour() -> None:
    page = parse(an_answer(recorded(FIRST)), a_source())

    assert (page.total, page.rows, len(page.records)) == (1675, 1675, 25)
    assert page.left_out == {"foreign": 1650}
    assert page.records[0].period_start == utc(2022, 12, 31, 23)
    assert page.records[-1].period_start == utc(2023, 1, 1, 23)
    assert {(r.unit, r.period_s, r.kind, r.provider_code) for r in page.records} == {("MW.h", 3600, "actual", "NY")}


@pytest.mark.parametrize("region", ["NY", "CAL", "TEX", "MIDA", "US48"])
def test_every_region_of_the_design_was_recorded(region: str) -> None:
    assert len(parse(an_answer(recorded(FIRST)), a_source(code=region)).records) == 25


def test_windows_that_touch_repeat_an_hour_in_the_provider_but_not_in_the_feed() -> None:
    one = parse(an_answer(recorded(FIRST)), a_source()).records
    two = parse(an_answer(recorded(SECOND)), a_source()).records

    assert one[-1].period_start == two[0].period_start
    assert one[-1].value == two[0].value


async def test_numbers_may_be_texts_and_null_is_no_value() -> None:
    rows = (a_row(value="101.5"), a_row(period="2023-01-01T06", value=None), a_row(period="2023-01-01T07", value="x"))
    room = TestRoom(answering(a_page(*rows, total="3")))

    batches = await room.pull(EiaFeed(OUTSIDE), a_source(), utc(2023, 1, 1), utc(2023, 1, 2))

    assert values_of(batches[0].records) == {utc(2023, 1, 1, 4): 101.5}
    assert batches[0].left_out == {"null": 2}


async def test_pages_are_asked_for_until_all_rows_have_come() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        rows = [a_row(period=f"2023-01-01T{5 + (offset + n) % 15:02d}", value=n) for n in range(3 if offset < 6 else 1)]
        body = {"response": {"total": "7", "data": rows, "warnings": [{"warning": "incomplete return"}]}}
        return httpx.Response(200, json=body)

    room = TestRoom(handler)
    batches = await room.pull(EiaFeed(OUTSIDE), a_source(), utc(2023, 1, 1), utc(2023, 1, 2))

    assert [int(r.url.params["offset"]) for r in room.asked] == [0, 3, 6]
    assert len(batches) == 3
    assert room.pace.slept == [1.0, 1.0], "one request a second"


async def test_a_request_asks_for_demand_only_and_for_disjoint_hours() -> None:
    room = TestRoom(answering(a_page()))
    await room.pull(EiaFeed(OUTSIDE), a_source(), utc(2023, 1, 1), utc(2023, 1, 2))
    asked = room.asked[0].url.params

    assert asked["facets[type][]"] == "D"
    assert asked["facets[respondent][]"] == "NY"
    assert (asked["start"], asked["end"], asked["length"]) == ("2023-01-01T01", "2023-01-02T00", "5000")
    assert (asked["sort[0][column]"], asked["frequency"]) == ("period", "hourly")


async def test_the_operators_forecast_is_another_type() -> None:
    row = a_row(type="DF", period="2023-01-02T05")
    room = TestRoom(answering(a_page(row, a_row())))
    source = a_source(content="day_ahead_forecast")
    batches = await room.pull(EiaFeed(OUTSIDE), source, utc(2023, 1, 1), utc(2023, 1, 3))

    assert room.asked[0].url.params["facets[type][]"] == "DF"
    assert [(r.kind) for r in batches[0].records] == ["day_ahead_forecast"]  # type: ignore[union-attr]
    assert batches[0].left_out == {"foreign": 1}


async def test_nothing_there_is_no_error() -> None:
    empty = '{"response": {"total": 0, "data": []}}'
    room = TestRoom(answering(empty))

    assert [len(b.records) for b in await room.pull(make(OUTSIDE), a_source(), utc(2030, 1, 1), utc(2030, 1, 2))] == [0]


async def test_a_missing_key_names_the_variable_and_where_to_register() -> None:
    room = TestRoom(answering(a_page()))

    with pytest.raises(FeedKeyError, match=r"EIA_API_KEY.*https://www\.eia\.gov/opendata/register\.php"):
        await room.pull(EiaFeed(Outside({})), a_source(), utc(2023, 1, 1), utc(2023, 1, 2))
    assert room.asked == []


@pytest.mark.parametrize("entry", json.loads(recorded("eia/error_bodies_from_text.json")))
async def test_error_bodies_become_the_error_that_says_what_to_do(entry: dict[str, Any]) -> None:
    room = TestRoom(answering((entry["status"], json.dumps(entry["body"]))))
    expected = FeedKeyError if entry["status"] == 403 else WireError

    with pytest.raises(expected):
        await room.pull(EiaFeed(OUTSIDE), a_source(), utc(2023, 1, 1), utc(2023, 1, 2))
    assert len(room.asked) == 1, "asking again would not help"


async def test_a_rate_limit_is_waited_for_as_long_as_the_provider_says() -> None:
    answers = iter([httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, text=a_page(a_row()))])
    room = TestRoom(lambda _: next(answers))
    batches = await room.pull(EiaFeed(OUTSIDE), a_source(), utc(2023, 1, 1), utc(2023, 1, 2))

    assert len(batches[0].records) == 1
    assert room.pace.slept == [7.0]


async def test_three_more_tries_a_minute_apart_and_then_it_is_said() -> None:
    room = TestRoom(answering((503, "")))

    with pytest.raises(UnavailableError, match="503"):
        await room.pull(EiaFeed(OUTSIDE), a_source(), utc(2023, 1, 1), utc(2023, 1, 2))
    assert len(room.asked) == 4
    assert room.pace.slept == [60.0, 60.0, 60.0]


async def test_the_key_that_the_provider_echoes_is_kept_nowhere() -> None:
    room = TestRoom(answering(a_page(a_row()).replace("NY", "NY", 1)[:-1] + ', "request": {"api_key": "k-eia"}}'))
    await room.pull(EiaFeed(OUTSIDE), a_source(), utc(2023, 1, 1), utc(2023, 1, 2))
    _, answer = room.archive.kept[0]

    assert b"k-eia" not in answer.body
    assert b"REDACTED" in answer.body


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"response": 1}', '{"response": {"data": 1, "total": 1}}'])
def test_a_body_of_another_shape_is_refused_in_words(body: str) -> None:
    with pytest.raises(WireError):
        parse(an_answer(body), a_source())
