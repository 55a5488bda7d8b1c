"""ENTSO-E documents, on recorded ones."""

from typing import Any

import pytest

from gridseal.errors import UnavailableError, WireError
from gridseal.wire.demand import Demand
from gridseal.wire.market import MarketPrice
from ingestion_gateway.feeds.ports import FeedKeyError, Outside
from ingestion_gateway.feeds.providers.entsoe import make, parse
from ingestion_gateway.feeds.providers.entsoe_document import read_document

from .rooms import OUTSIDE, TestRoom, a_source, an_answer, answering, recorded, utc, values_of

LOAD_NL = "entsoe/A65_A16_actual_load_NL_2024-09-02.xml"
FORECAST_NL = "entsoe/A65_A01_day_ahead_load_forecast_NL_2024-09-02.xml"
PRICES_DE = "entsoe/A44_prices_DE-LU_2021-01-01_hour_and_quarter.xml"
PRICES_PT = "entsoe/A44_prices_PT_2024-12-29_A03_gaps.xml"
NO_DATA = "entsoe/acknowledgement_no_matching_data_A65_FR_2050.xml"


def a_zone(content: str = "actual", **fields: Any) -> Any:
    return a_source(
        feed="entsoe", content=content, series_id="nl/load", region_id="nl", code="10YNL----------L", **fields
    )


def a_period(start: str, end: str, resolution: str, *points: tuple[int, float], curve: str = "A03") -> str:
    inner = "".join(f"<Point><position>{p}</position><price.amount>{v}</price.amount></Point>" for p, v in points)
    return (
        '<Publication_MarketDocument xmlns="urn:x:publicationdocument:7:3"><TimeSeries>'
        "<businessType>A62</businessType><currency_Unit.name>EUR</currency_Unit.name>"
        f"<price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>{curve}</curveType><Period>"
        f"<timeInterval><start>{start}</start><end>{end}</end></timeInterval>"
        f"<resolution>{resolution}</resolution>{inner}</Period></TimeSeries></Publication_MarketDocument>"
    )


def test_a_local_day_of_load_is_96_quarters_from_22_utc() -> None:
    records = parse(an_answer(recorded(LOAD_NL)), a_zone()).records

    assert len(records) == 96
    assert records[0].period_start == utc(2024, 9, 1, 22)
    assert values_of(records)[utc(2024, 9, 1, 22)] == 12156.45
    assert {(r.period_s, r.kind, r.unit) for r in records if isinstance(r, Demand)} == {(900, "actual", "MW")}


def test_the_operators_forecast_is_of_the_same_quarters_and_another_kind() -> None:
    records = parse(an_answer(recorded(FORECAST_NL)), a_zone("day_ahead_forecast")).records

    assert len(records) == 96
    assert {r.kind for r in records if isinstance(r, Demand)} == {"day_ahead_forecast"}


def test_days_of_hours_come_in_one_period() -> None:
    records = parse(an_answer(recorded("entsoe/A65_A16_actual_load_CZ_2023-03-03_3days.xml")), a_zone()).records

    assert (len(records), {r.period_s for r in records}) == (72, {3600})


@pytest.mark.parametrize(("auction", "period_s", "points"), [("1", 3600, 48), ("2", 900, 192)])
def test_prices_of_two_auctions_are_never_mixed(auction: str, period_s: int, points: int) -> None:
    batch = parse(an_answer(recorded(PRICES_DE)), a_zone("price", options={"auction": auction}))
    prices = [r for r in batch.records if isinstance(r, MarketPrice)]

    assert (len(prices), {p.period_s for p in prices}, {p.auction for p in prices}) == (points, {period_s}, {auction})
    assert batch.left_out == {"other_auction": 240 - points}


def test_a_left_out_position_repeats_the_one_before() -> None:
    series = read_document(recorded(PRICES_PT)).series[0]
    filled = [p for p in series.points if p.filled]

    assert (len(series.points), len(filled)) == (24, 1)
    before = series.points[series.points.index(filled[0]) - 1]
    assert filled[0].value == before.value


def test_nothing_is_filled_where_every_position_should_be_there() -> None:
    body = a_period("2024-12-28T23:00Z", "2024-12-29T23:00Z", "PT60M", (1, 5.0), (3, 6.0), curve="A01")

    assert [p.start.hour for p in read_document(body.encode()).series[0].points] == [23, 1]


@pytest.mark.parametrize(
    ("start", "end", "quarters"),
    [
        ("2024-03-30T23:00Z", "2024-03-31T22:00Z", 92),
        ("2024-10-26T22:00Z", "2024-10-27T23:00Z", 100),
        ("2024-06-07T22:00Z", "2024-06-08T22:00Z", 96),
    ],
)
def test_days_of_23_and_25_hours_have_as_many_quarters(start: str, end: str, quarters: int) -> None:
    points = read_document(a_period(start, end, "PT15M", (1, 5.0)).encode()).series[0].points

    assert len(points) == quarters
    assert len({p.start for p in points}) == quarters


def test_an_hour_and_its_first_quarter_are_two_prices() -> None:
    hours = a_period("2025-09-30T22:00Z", "2025-09-30T23:00Z", "PT60M", (1, 10.0))
    quarters = a_period("2025-09-30T22:00Z", "2025-09-30T23:00Z", "PT15M", (1, 9.0), (2, 11.0))
    cut = hours.index("</Publication_MarketDocument>")
    both = hours[:cut] + quarters[quarters.index("<TimeSeries>") :]
    records = parse(an_answer(both), a_zone("price")).records

    assert sorted((r.period_s, r.value) for r in records if isinstance(r, MarketPrice)) == [
        (900, 9.0),
        (900, 11.0),
        (900, 11.0),
        (900, 11.0),
        (3600, 10.0),
    ]


def test_the_outlook_of_a_week_is_no_load() -> None:
    batch = parse(an_answer(recorded("entsoe/A65_A31_week_ahead_load_forecast_NL_2024-09-02.xml")), a_zone())

    assert list(batch.records) == []


def test_no_data_is_a_document_and_no_error() -> None:
    assert list(parse(an_answer(recorded(NO_DATA)), a_zone()).records) == []


def test_any_other_acknowledgement_is_an_error() -> None:
    body = recorded(NO_DATA).replace(b"No matching data found", b"Input parameter does not exist")

    with pytest.raises(WireError, match="refuses"):
        parse(an_answer(body), a_zone())


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<a>",
        "<html/>",
        '<!DOCTYPE a [<!ENTITY b "c">]><GL_MarketDocument>&b;</GL_MarketDocument>',
        a_period("2024-01-01T00:00Z", "2034-01-01T00:00Z", "PT15M", (1, 5.0)),
        a_period("not a time", "2024-01-01T00:00Z", "PT15M"),
    ],
)
def test_a_body_of_another_shape_is_refused_in_words(body: str) -> None:
    with pytest.raises(WireError):
        parse(an_answer(body), a_zone())


async def test_a_request_names_document_process_and_span() -> None:
    room = TestRoom(answering(recorded(LOAD_NL)))
    batches = await room.pull(make(OUTSIDE), a_zone(), utc(2024, 9, 1, 22), utc(2024, 9, 1, 23))
    asked = room.asked[0].url.params

    assert dict(asked) == {
        "securityToken": "k-entsoe",
        "documentType": "A65",
        "periodStart": "202409012200",
        "periodEnd": "202409012300",
        "outBiddingZone_Domain": "10YNL----------L",
        "processType": "A16",
    }
    assert len(batches[0].records) == 4, "the platform answers with whole days, the feed with what was asked for"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, "<html>Unauthorized. Missing or invalid security token</html>", FeedKeyError),
        (400, "", WireError),
        (429, "", UnavailableError),
        (503, "", UnavailableError),
    ],
)
async def test_refusals_are_told_apart(status: int, body: str, expected: type[Exception]) -> None:
    room = TestRoom(answering((status, body)))

    with pytest.raises(expected):
        await room.pull(make(OUTSIDE), a_zone(), utc(2024, 9, 1), utc(2024, 9, 2))


async def test_a_missing_token_names_the_variable_and_where_to_register() -> None:
    with pytest.raises(FeedKeyError, match=r"ENTSOE_TOKEN.*transparency\.entsoe\.eu"):
        await TestRoom(answering("")).pull(make(Outside({})), a_zone(), utc(2024, 9, 1), utc(2024, 9, 2))
