"""ESIOS on its recorded answers; REE and SMARD on bodies of the shape that their documents and pages show."""

import json
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from gridseal.errors import UnavailableError, WireError
from gridseal.wire.demand import Demand
from gridseal.wire.market import MarketPrice
from ingestion_gateway.feeds.ports import FeedKeyError, Outside
from ingestion_gateway.feeds.providers import esios, ree, smard

from .rooms import OUTSIDE, TestRoom, a_source, an_answer, answering, recorded, utc, values_of

DST = "esios/indicator_1001_PVPC_2021-10-31_DST_25h.json"


def pvpc(**fields: Any) -> Any:
    usual = {"feed": "esios", "series_id": "es/pvpc", "region_id": "es", "code": "1001", "content": "price"}
    return a_source(**(usual | fields))


def an_indicator(step: str, *values: dict[str, Any]) -> str:
    return json.dumps({"indicator": {"id": 1293, "tiempo": [{"name": step}], "values": list(values)}})


def five_minutes(at: str, value: object = 25000.0, geo_id: int = 8741) -> dict[str, Any]:
    return {"value": value, "datetime_utc": at, "geo_id": geo_id}


def test_the_day_of_25_hours_has_25_prices_of_the_peninsula() -> None:
    batch = esios.parse(an_answer(recorded(DST)), pvpc())
    starts = [r.period_start for r in batch.records]

    assert (len(starts), starts[0], starts[-1]) == (25, utc(2021, 10, 30, 22), utc(2021, 10, 31, 22))
    assert {b - a for a, b in pairwise(starts)} == {timedelta(hours=1)}
    assert batch.left_out == {"foreign": 100}
    first = batch.records[0]
    assert isinstance(first, MarketPrice)
    assert (first.market, first.value, first.period_s) == ("day_ahead", 171.48, 3600)
    assert first.provider_updated_at == utc(2021, 10, 30, 18, 16, 46)


def test_the_stamp_called_utc_is_wrong_in_the_hour_that_comes_twice() -> None:
    rows = [r for r in json.loads(recorded(DST))["indicator"]["values"] if r["geo_id"] == 8741]
    twice = [stamp for stamp, count in Counter(r["datetime_utc"] for r in rows).items() if count > 1]

    assert twice == ["2021-10-31T00:00:00Z"], "the reason why the feed does not read it"
    prices = values_of(esios.parse(an_answer(recorded(DST)), pvpc()).records)
    assert (prices[utc(2021, 10, 31, 0)], prices[utc(2021, 10, 31, 1)]) == (109.55, 104.85)


def test_another_area_is_another_series() -> None:
    batch = esios.parse(an_answer(recorded(DST)), pvpc(options={"geo_id": "8742", "market": "retail"}))

    assert {r.market for r in batch.records if isinstance(r, MarketPrice)} == {"retail"}
    assert len(batch.records) == 25


def test_demand_of_five_minutes_comes_in_its_own_step() -> None:
    values = (
        five_minutes("2026-06-07T22:00:00Z", "25000.5"),
        five_minutes("2026-06-07T22:05:00Z"),
        five_minutes("2026-06-07T22:05:00Z", 1.0),
        five_minutes("2026-06-07T22:10:00Z", None),
        five_minutes("2026-06-07T22:15:00Z", geo_id=8742),
    )
    source = pvpc(content="actual", code="1293", series_id="es/indicator")
    batch = esios.parse(an_answer(an_indicator("Cinco minutos", *values)), source)

    assert values_of(batch.records) == {utc(2026, 6, 7, 22): 25000.5, utc(2026, 6, 7, 22, 5): 25000.0}
    assert {(r.period_s, r.unit) for r in batch.records if isinstance(r, Demand)} == {(300, "MW")}
    assert batch.left_out == {"duplicate": 1, "null": 1, "foreign": 1}


async def test_a_refused_token_makes_room_for_the_next() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        ok = request.headers["x-api-key"] == "second"
        return httpx.Response(200 if ok else 403, content=recorded(DST) if ok else b'{"status": 403}')

    room = TestRoom(handler)
    batches = await room.pull(
        esios.make(Outside({"ESIOS_TOKEN": "first, second"})), pvpc(), utc(2021, 10, 30), utc(2021, 11, 1)
    )

    assert [r.headers["x-api-key"] for r in room.asked] == ["first", "second"]
    assert room.asked[0].headers["accept"] == esios.ACCEPT
    assert len(batches[0].records) == 25


async def test_the_firewall_is_no_refused_token() -> None:
    room = TestRoom(lambda _: httpx.Response(403, html="<html>Request Rejected</html>"))

    with pytest.raises(UnavailableError, match="firewall"):
        await room.pull(esios.make(OUTSIDE), pvpc(), utc(2021, 10, 30), utc(2021, 11, 1))
    assert len(room.asked) == 4


async def test_when_every_token_is_refused_it_is_said_where_to_ask() -> None:
    room = TestRoom(answering((403, '{"status": 403}')))

    with pytest.raises(FeedKeyError, match="ESIOS_TOKEN"):
        await room.pull(esios.make(OUTSIDE), pvpc(), utc(2021, 10, 30), utc(2021, 11, 1))


def jsonp(*rows: tuple[str, object]) -> str:
    inner = json.dumps({"valoresHorariosGeneracion": [{"ts": ts, "dem": dem} for ts, dem in rows]})
    return f"null({inner});"


def peninsula() -> Any:
    return a_source(feed="ree", series_id="es/indicator", region_id="es", code="Peninsula", timezone="Europe/Madrid")


def test_the_hour_that_comes_twice_has_letters() -> None:
    body = jsonp(("2024-10-27 01:55", 1), ("2024-10-27 2A:00", 2), ("2024-10-27 2B:00", 3), ("2024-10-27 03:00", 4))
    batch = ree.parse(an_answer(body), peninsula())

    assert values_of(batch.records) == {
        utc(2024, 10, 26, 23, 55): 1.0,
        utc(2024, 10, 27, 0): 2.0,
        utc(2024, 10, 27, 1): 3.0,
        utc(2024, 10, 27, 2): 4.0,
    }


def test_a_stamp_that_the_clock_skips_or_that_is_none_is_left_out() -> None:
    body = jsonp(("2024-03-31 02:30", 1), ("27/10/2024", 2), ("2024-03-31 03:00", "4,5"), ("2024-03-31 25:00", 1))

    assert ree.parse(an_answer(body), peninsula()).left_out == Counter({"bad_stamp": 3, "null": 1})


async def test_each_local_day_is_asked_for_and_the_evening_before_counts_once() -> None:
    room = TestRoom(answering(jsonp(("2026-06-06 23:55", 1), ("2026-06-07 00:00", 2)), jsonp(("2026-06-07 23:55", 3))))
    batches = await room.pull(ree.make(OUTSIDE), peninsula(), utc(2026, 6, 6, 22), utc(2026, 6, 8, 22))

    assert [r.url.params["fecha"] for r in room.asked] == ["2026-06-07", "2026-06-08"]
    assert [len(b.records) for b in batches] == [1, 0]


@pytest.mark.parametrize(
    "body", ["", "null", "null(", "null();", "null({});", 'null({"valoresHorariosGeneracion": 1});']
)
def test_a_page_of_another_shape_is_refused_in_words(body: str) -> None:
    with pytest.raises(WireError):
        ree.parse(an_answer(body), peninsula())


def ms(*parts: int) -> int:
    return int(utc(*parts).timestamp() * 1_000)


def load_de(**fields: Any) -> Any:
    usual = {"feed": "smard", "series_id": "de/load-smard", "region_id": "de", "code": "410"}
    return a_source(**(usual | fields))


async def test_smard_reads_the_index_and_takes_files_that_exist() -> None:
    # Weeks begin at midnight in Berlin: across the clock change they are 7 days and an hour apart.
    weeks = [ms(2024, 10, 20, 22), ms(2024, 10, 27, 23), ms(2024, 11, 3, 23)]
    values = [[weeks[0], 100.0], [ms(2024, 10, 27, 22, 45), "101.5"], [ms(2024, 10, 27, 23), None]]

    def handler(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("index_quarterhour.json"):
            return httpx.Response(200, json={"timestamps": weeks})
        return httpx.Response(
            200, json={"meta_data": {"created": 1}, "series": values if str(weeks[0]) in path else []}
        )

    room = TestRoom(handler)
    batches = await room.pull(smard.make(OUTSIDE), load_de(), utc(2024, 10, 26), utc(2024, 11, 1))

    assert [r.url.path.rsplit("/", 1)[1] for r in room.asked] == [
        "index_quarterhour.json",
        f"410_DE_quarterhour_{weeks[0]}.json",
        f"410_DE_quarterhour_{weeks[1]}.json",
    ]
    assert values_of(batches[0].records) == {utc(2024, 10, 27, 22, 45): 101.5}
    assert batches[0].left_out == {"null": 1}
    assert {(r.unit, r.period_s) for r in batches[0].records if isinstance(r, Demand)} == {("MW.h", 900)}


def test_smard_prices_are_hours_where_the_source_says_so() -> None:
    source = load_de(content="price", code="4169", options={"resolution": "hour"})
    batch = smard.parse(an_answer(json.dumps({"series": [[ms(2024, 10, 1), -5.5], [ms(2024, 10, 1), 1.0], 7]})), source)

    assert [(r.value, r.period_s) for r in batch.records if isinstance(r, MarketPrice)] == [(-5.5, 3600)]
    assert batch.left_out == {"duplicate": 1, "malformed": 1}


async def test_a_file_that_does_not_exist_is_an_error_of_the_source() -> None:
    with pytest.raises(WireError, match="404"):
        await TestRoom(answering((404, ""))).pull(smard.make(OUTSIDE), load_de(), utc(2024, 1, 1), utc(2024, 1, 2))
