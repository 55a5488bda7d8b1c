"""A batch of feed records in a real PostgreSQL."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from gridseal.wire.catalog import Asset, Series, SeriesInput
from gridseal.wire.codec import encode
from gridseal.wire.topics import DEMAND_RAW, MARKET_RAW, WEATHER_RAW
from streaming_processor.features.store.session import Session
from streaming_processor.feeds.stage import FeedStage, KafkaRow
from streaming_processor.feeds.store import FeedStore
from streaming_processor.ports import BatchId
from streaming_processor.reference import Reference
from streaming_processor.window_states import WindowStates

from ..builders import a_reference
from ..memory import FixedClock, MemoryCatalog, MemoryPublisher
from .published import START, a_demand, a_price, a_weather, at

pytestmark = pytest.mark.servers


def an_area(name: str, site: str, period_s: int) -> tuple[Asset, Series]:
    asset = Asset(
        tenant_id="demo",
        site_id=site,
        asset_id=f"{site}-{name}",
        device_id=f"{site}-{name}",
        name=name,
        asset_type="meter",
        telemetry_class="meter",
        quantities=("active_power",),
        native_period_s=period_s,
    )
    series = Series(
        tenant_id="demo",
        series_id=f"{site}/{name}",
        site_id=site,
        name=name,
        kind="demand",
        unit="W",
        resolution_s=period_s,
        issue_every_s=period_s,
        direction="from_grid",
        inputs=(SeriesInput(device_id=f"{site}-{name}", quantity="active_power", sign=-1),),
    )
    return asset, series


class Told:
    """What features and Kafka would have been told."""

    def __init__(self) -> None:
        self.windows: list[tuple[str, int, int, int]] = []

    def offer(self, windows: WindowStates, batch: BatchId | None) -> None:
        self.windows += [(w.series_id, w.width_s, w.mean_milli, w.version) for w in windows]


class Stage:
    def __init__(self, dsn: str, reference: Reference) -> None:
        self.dsn, self.told, self.publisher = dsn, Told(), MemoryPublisher()
        self.session = Session(dsn)
        self.stage = FeedStage(
            catalog=MemoryCatalog(reference),
            store=FeedStore(self.session),
            publisher=self.publisher,
            teller=self.told,
            clock=FixedClock(),
            registry=CollectorRegistry(),
            recent_s=172_800,
            retry_s=0.0,
        )

    def take(self, *records: Any) -> None:
        topics = {"demand/1": DEMAND_RAW, "weather/1": WEATHER_RAW, "market/1": MARKET_RAW}
        rows: list[KafkaRow] = [(topics[r.schema_], 0, n, None, encode(r)) for n, r in enumerate(records)]
        self.stage.take(rows)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, options="-c timezone=UTC") as connection:
            return connection.execute(query.encode()).fetchall()

    def windows(self, width_s: int = 3_600) -> list[tuple[Any, ...]]:
        return self.ask(
            "SELECT series_id, mean_milli / 1000000000, covered_s, version FROM telemetry.windows"
            f" WHERE width_s = {width_s} ORDER BY series_id, window_start"
        )


@pytest.fixture
def stage(dsn: str) -> Iterator[Stage]:
    made = Stage(dsn, a_reference(*an_area("demand", "us-ny", 3_600), *an_area("indicator", "es", 300)))
    yield made
    made.session.close()


RAW = "SELECT respondent, value FROM energy_mlops.raw_demand ORDER BY period"


def test_an_hour_of_demand_becomes_a_window_and_a_row_of_s3(stage: Stage) -> None:
    stage.take(a_demand())

    assert stage.windows() == [("us-ny/demand", 100, 3_600, 1)]
    assert stage.ask(RAW) == [("us-ny/demand", 100.0)]
    assert stage.told.windows == [("us-ny/demand", 3_600, 100 * 10**9, 1)]


def test_the_same_batch_again_changes_nothing_and_tells_nobody(stage: Stage) -> None:
    batch = (a_demand(), a_demand(revision=2, value=110.0), a_weather(), a_price())
    stage.take(*batch)
    before, told = stage.windows(), len(stage.told.windows)
    stage.take(*batch)

    assert stage.windows() == before
    assert len(stage.told.windows) == told
    assert stage.ask("SELECT count(*) FROM telemetry.feed_demand") == [(2,)]


def test_a_correction_changes_the_window_and_the_earlier_value_stays(stage: Stage) -> None:
    stage.take(a_demand())
    stage.take(a_demand(revision=2, value=90.0))

    assert stage.windows() == [("us-ny/demand", 90, 3_600, 2)]
    assert stage.ask(RAW) == [("us-ny/demand", 90.0)]
    known = stage.ask("SELECT revision, value FROM telemetry.feed_demand ORDER BY revision")
    assert known == [(1, 100.0), (2, 90.0)]
    assert stage.ask("SELECT revision FROM telemetry.feed_demand_now") == [(2,)]


def test_an_older_revision_that_comes_late_does_not_win(stage: Stage) -> None:
    stage.take(a_demand(revision=2, value=90.0))
    stage.take(a_demand())

    assert stage.windows() == [("us-ny/demand", 90, 3_600, 1)]
    assert stage.ask(RAW) == [("us-ny/demand", 90.0)]


def test_twelve_values_of_five_minutes_make_an_hour_in_any_order(stage: Stage) -> None:
    values = [
        a_demand(series_id="es/indicator", unit="MW", period_s=300, period_start=at(5 * n), value=float(n))
        for n in range(12)
    ]
    random.Random(4).shuffle(values)
    stage.take(*values[:5])
    stage.take(*values[3:])

    [(series, _, covered_s, version)] = stage.windows()
    assert (series, covered_s, version) == ("es/indicator", 3_600, 2)
    assert stage.ask("SELECT mean_milli, count, min_milli, max_milli FROM telemetry.windows WHERE width_s = 3600") == [
        (5_500_000_000, 12, 0, 11 * 10**9)
    ]
    assert len(stage.windows(900)) == 4
    assert len(stage.windows(300)) == 12


def test_an_hour_with_a_gap_says_so(stage: Stage) -> None:
    gap = [a_demand(series_id="es/indicator", unit="MW", period_s=300, period_start=at(5 * n)) for n in range(7)]
    stage.take(*gap)

    assert stage.windows() == [("es/indicator", 100, 2_100, 1)]


def test_a_forecast_of_the_operator_is_kept_and_is_no_measurement(stage: Stage) -> None:
    stage.take(a_demand(kind="day_ahead_forecast", value=120.0))

    assert (stage.windows(), stage.ask(RAW)) == ([], [])
    assert stage.ask("SELECT kind, value_milli FROM telemetry.feed_demand") == [("day_ahead_forecast", 120 * 10**9)]


def test_a_series_that_the_catalog_does_not_have_is_kept_without_windows(stage: Stage) -> None:
    stage.take(a_demand(series_id="de/load-smard"))

    assert stage.windows() == []
    assert stage.ask("SELECT count(*) FROM telemetry.feed_demand") == [(1,)]


def test_weather_fills_the_columns_that_it_has_and_erases_none(stage: Stage) -> None:
    stage.take(a_weather())
    stage.take(a_weather(said={"temperature_2m": (2.5, "Cel")}, revision=2))

    assert stage.ask(
        "SELECT location, temperature_2m, snowfall, surface_pressure, cloud_cover FROM energy_mlops.raw_weather"
    ) == [("us-ny", 2.5, 0.1, 1013.25, None)]


def test_forecasts_of_one_hour_stand_beside_each_other_by_their_issue(stage: Stage) -> None:
    early = a_weather(kind="forecast", issued_at=at(-360), known_at=at(-360))
    late = a_weather(kind="forecast", issued_at=at(-60), known_at=at(-60), said={"temperature_2m": (0.5, "Cel")})
    stage.take(early, late)
    known_then = (
        "SELECT value FROM telemetry.feed_weather WHERE variable = 'temperature_2m' AND period_start = '{0}'"
        " AND known_at <= '{1}' ORDER BY issued_at DESC LIMIT 1"
    )

    assert stage.ask(known_then.format(START, at(-120))) == [(-1.5,)]
    assert stage.ask(known_then.format(START, at(0))) == [(0.5,)]
    assert stage.ask("SELECT count(*) FROM energy_mlops.raw_weather") == [(0,)]


def test_prices_of_an_hour_and_of_its_first_quarter_are_two(stage: Stage) -> None:
    stage.take(a_price(), a_price(period_s=900, value=-1.25), a_price(revision=2, value=51.0))

    assert stage.ask("SELECT period_s, value_milli FROM telemetry.feed_prices_now ORDER BY 1") == [
        (900, -1_250),
        (3_600, 51_000),
    ]


def test_history_is_stored_and_not_told(stage: Stage) -> None:
    stage.take(a_demand(period_start=START - timedelta(days=60)))

    assert len(stage.windows()) == 1
    assert stage.told.windows == []


def test_what_is_no_record_goes_to_dead_letter_and_the_rest_is_stored(stage: Stage) -> None:
    stage.stage.take([(DEMAND_RAW, 0, 1, b"k", b"no"), (DEMAND_RAW, 0, 2, b"k", encode(a_demand()))])

    assert [m.offset for m in stage.publisher.letters] == [1]
    assert len(stage.windows()) == 1
