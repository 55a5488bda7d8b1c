"""A pull: what is new, what is a correction, what stays when something breaks."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from gridseal.errors import UnavailableError, WireError
from gridseal.wire.demand import Demand
from gridseal.wire.weather import Weather, WeatherValue
from ingestion_gateway.feeds.backfill import fill, history_window
from ingestion_gateway.feeds.http_room import Patience
from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.ports import Batch, FeedKeyError, FeedRecord, Request, Room, Window
from ingestion_gateway.feeds.pull import Puller
from ingestion_gateway.feeds.revisions import digest_of, item_of, news_among
from ingestion_gateway.feeds.service import FeedService, live_window
from ingestion_gateway.feeds.sources import Source

from .rooms import NOW, MemoryBook, MemoryOutlet, StillClock, TestRoom, a_source, answering, utc


def a_value(start: datetime = NOW - timedelta(hours=5), value: float = 100.0, **fields: Any) -> Demand:
    usual: dict[str, Any] = {
        "series_id": "us-ny/demand",
        "region_id": "us-ny",
        "provider": "eia",
        "provider_code": "NY",
        "period_s": 3600,
        "unit": "MW.h",
        "known_at": NOW,
    }
    return Demand(period_start=start, value=value, **(usual | fields))


class ScriptedFeed:
    """Answers what it is told to, and remembers what it was asked for."""

    def __init__(self, *batches: Batch | Exception, served_at: datetime | None = None) -> None:
        self.script, self.windows = list(batches), list[Window]()

    async def pull(self, source: Source, window: Window, room: Room) -> AsyncIterator[Batch]:
        self.windows.append(window)
        step = self.script.pop(0) if self.script else Batch([])
        if isinstance(step, Exception):
            raise step
        yield step


def a_puller(
    book: MemoryBook | None = None, outlet: MemoryOutlet | None = None
) -> tuple[Puller, MemoryBook, MemoryOutlet]:
    book, outlet = book or MemoryBook(), outlet or MemoryOutlet()
    room = TestRoom(answering("")).room
    return Puller(room, outlet, book, FeedMetrics(CollectorRegistry())), book, outlet


def of(records: Sequence[FeedRecord]) -> list[tuple[int, float]]:
    return [(r.revision, r.value) for r in records if isinstance(r, Demand)]


DAY = Window(NOW - timedelta(days=1), NOW)


async def test_a_value_seen_again_is_not_sent_again() -> None:
    puller, _, outlet = a_puller()
    feed = ScriptedFeed(Batch([a_value()]), Batch([a_value(known_at=NOW + timedelta(hours=1))]))

    first = await puller.pull(feed, a_source(), DAY, "live")
    second = await puller.pull(feed, a_source(), DAY, "live")

    assert (first.new, second.new, second.revised, second.seen) == (1, 0, 0, 1)
    assert of(outlet.sent) == [(1, 100.0)]


async def test_a_correction_is_the_next_revision_and_the_earlier_one_stays() -> None:
    puller, book, outlet = a_puller()
    feed = ScriptedFeed(*(Batch([a_value(value=v)]) for v in (100.0, 101.0, 101.0, 100.0)))
    for _ in range(4):
        await puller.pull(feed, a_source(), DAY, "live")

    assert of(outlet.sent) == [(1, 100.0), (2, 101.0), (3, 100.0)]
    assert of(book.noted) == of(outlet.sent)


async def test_what_kafka_does_not_have_is_not_noted_and_comes_again() -> None:
    puller, book, outlet = a_puller()
    feed = ScriptedFeed(Batch([a_value()]), Batch([a_value()]))
    outlet.error = UnavailableError("Kafka does not answer")
    with pytest.raises(UnavailableError):
        await puller.pull(feed, a_source(), DAY, "live")
    assert (book.noted, book.cursors) == ([], {})

    outlet.error = None
    await puller.pull(feed, a_source(), DAY, "live")
    assert of(outlet.sent) == [(1, 100.0)]


async def test_the_cursor_moves_behind_each_piece_and_stops_where_the_provider_does() -> None:
    puller, book, _ = a_puller()
    source = a_source(chunk_s=6 * 3600)
    feed = ScriptedFeed(Batch([]), Batch([]), UnavailableError("eia does not answer"))

    with pytest.raises(UnavailableError):
        await puller.pull(feed, source, DAY, "live")
    assert book.cursors["s", "live"] == NOW - timedelta(hours=12)


async def test_a_measurement_of_the_future_is_left_out_by_the_providers_clock() -> None:
    puller, _, outlet = a_puller()
    tomorrow = NOW + timedelta(hours=20)
    behind = Batch([a_value(tomorrow), a_value(tomorrow, kind="day_ahead_forecast")])
    ahead = Batch([a_value(tomorrow)], served_at=tomorrow + timedelta(hours=2))

    pulled = await puller.pull(ScriptedFeed(behind), a_source(), DAY, "live")
    assert pulled.left_out == {"from_the_future": 1}
    assert [r.kind for r in outlet.sent if isinstance(r, Demand)] == ["day_ahead_forecast"]

    assert (await puller.pull(ScriptedFeed(ahead), a_source(), DAY, "live")).new == 1


def test_of_two_values_of_one_hour_in_one_answer_each_is_a_revision() -> None:
    news = news_among([a_value(value=1.0), a_value(value=1.0), a_value(value=2.0)], {})

    assert of(news) == [(1, 1.0), (2, 2.0)]


def test_two_forecasts_of_one_hour_are_two_items_and_two_analyses_are_one() -> None:
    def a_weather(**fields: Any) -> Weather:
        usual: dict[str, Any] = {"kind": "analysis", "provider": "open-meteo", "period_start": NOW, "period_s": 3600}
        place = {"location_id": "de", "latitude": 1.0, "longitude": 2.0, "known_at": NOW}
        value = WeatherValue(variable="temperature_2m", unit="Cel", value=fields.pop("value", 1.0))
        return Weather(**(usual | place | fields), values=(value,))

    early, late = (a_weather(kind="forecast", issued_at=NOW + timedelta(hours=h)) for h in (0, 6))
    assert item_of(early) != item_of(late)
    assert item_of(a_weather()) == item_of(a_weather(known_at=NOW + timedelta(days=1)))
    assert digest_of(a_weather()) != digest_of(a_weather(value=1.5))


def test_a_live_pull_looks_back_for_corrections_and_ahead_for_prices() -> None:
    source = a_source(look_back_s=7 * 86400, look_ahead_s=86400)

    assert live_window(source, NOW, NOW) == Window(NOW - timedelta(days=7), NOW + timedelta(days=1))
    assert live_window(a_source(look_back_s=0), None, NOW).end > live_window(a_source(look_back_s=0), None, NOW).start


class Bar:
    def __init__(self) -> None:
        self.begun: list[tuple[str, int, int]] = []
        self.steps: list[Window] = []

    def begin(self, source: Source, pieces: int, done: int) -> None:
        self.begun.append((source.source_id, pieces, done))

    def advance(self, source: Source, piece: Window) -> None:
        self.steps.append(piece)


async def test_a_back_fill_goes_on_where_it_was_cut_off_and_then_does_nothing() -> None:
    puller, book, outlet = a_puller()
    source, bar = a_source(chunk_s=6 * 3600), Bar()
    one = Batch([a_value(NOW - timedelta(hours=23))])
    cut = await fill([source], {"eia": ScriptedFeed(one, UnavailableError("gone"))}, DAY, puller, book, bar)
    assert cut.failed == {"s": "gone"}

    feed = ScriptedFeed(Batch([a_value(NOW - timedelta(hours=17))]))
    rest = await fill([source], {"eia": feed}, DAY, puller, book, bar)
    again = await fill([source], {"eia": feed}, DAY, puller, book, bar)

    assert (rest.failed, again.failed) == ({}, {})
    assert feed.windows[0].start == NOW - timedelta(hours=18)
    assert bar.begun == [("s", 4, 0), ("s", 4, 1), ("s", 4, 4)]
    assert len(bar.steps) == 4
    assert len(outlet.sent) == 2


async def test_another_span_starts_at_its_own_beginning_and_sends_nothing_twice() -> None:
    puller, book, outlet = a_puller()
    for days in (1, 2):
        window = Window(NOW - timedelta(days=days), NOW)
        await fill([a_source()], {"eia": ScriptedFeed(Batch([a_value()]))}, window, puller, book, Bar())

    assert len(outlet.sent) == 1


async def test_what_cannot_be_asked_for_any_more_is_no_part_of_history() -> None:
    puller, book, _ = a_puller()
    feed = ScriptedFeed()
    await fill([a_source(history=False)], {"eia": feed}, DAY, puller, book, Bar())

    assert feed.windows == []
    assert history_window(utc(2023, 1, 1), utc(2030, 1, 1), NOW + timedelta(minutes=5)).end == NOW


async def test_one_dead_provider_stops_no_other() -> None:
    puller, book, outlet = a_puller()
    feeds = {
        "keyless": ScriptedFeed(FeedKeyError("EIA_API_KEY is not set")),
        "dead": ScriptedFeed(UnavailableError("does not answer")),
        "odd": ScriptedFeed(WireError("no JSON")),
        "broken": ScriptedFeed(TypeError("a parser's mistake")),
        "well": ScriptedFeed(Batch([a_value()])),
    }
    sources = [a_source(source_id=name, feed=name) for name in feeds]
    metrics = FeedMetrics(CollectorRegistry())
    service = FeedService(sources, feeds, puller, book, StillClock(), metrics)  # type: ignore[arg-type]
    for name in feeds:
        await service.once(name)

    outcomes = {name: state.outcome for name, state in service.states.items()}
    assert outcomes == {"keyless": "key", "dead": "unavailable", "odd": "malformed", "broken": "failed", "well": "well"}
    assert "EIA_API_KEY" in service.states["keyless"].detail
    assert "mistake" not in service.states["broken"].detail
    assert len(outlet.sent) == 1
    assert metrics.freshness.labels("well")._value.get() == 4 * 3600
    assert metrics.up.labels("dead")._value.get() == 0


async def test_an_answer_without_end_is_given_up_at_the_bound() -> None:
    room = TestRoom(lambda _: httpx.Response(200, content=b"x" * 5_000), patience=Patience(max_body_bytes=4_000))

    with pytest.raises(WireError, match="larger"):
        await room.room.get(Request("eia", "https://example.org/"))
    assert room.archive.kept == []


async def test_a_network_error_names_no_address_and_so_no_key() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}")

    room = TestRoom(broken)
    with pytest.raises(UnavailableError) as caught:
        await room.room.get(Request("eia", "https://example.org/", [("api_key", "secret")], secrets=("secret",)))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_requests_to_one_provider_keep_their_distance_and_others_do_not_wait() -> None:
    room = TestRoom(answering("{}"))
    for provider in ("eia", "eia", "smard", "eia"):
        await room.room.get(Request(provider, "https://example.org/"))

    assert room.pace.slept == [1.0, 1.0]
