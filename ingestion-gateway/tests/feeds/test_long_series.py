"""Long series in the words of a provider: the feeds read them as they read the provider."""

from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from prometheus_client import CollectorRegistry

from gridseal.errors import ConfigError
from gridseal.wire.demand import Demand
from gridseal.wire.market import MarketPrice
from gridseal.wire.weather import Weather
from ingestion_gateway.feeds.http_room import HttpRoom
from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.ports import Batch, Outside, Window
from ingestion_gateway.feeds.registry import feeds_for
from ingestion_gateway.feeds.replay.long_series import LongSeries
from ingestion_gateway.feeds.replay.recordings import load
from ingestion_gateway.feeds.replay.server import create_app
from ingestion_gateway.feeds.sources import Source

from .rooms import KEYS, RECORDINGS, CountedPace, KeptAnswers, StillClock, a_source, utc

HOUR = timedelta(hours=1)
START = utc(2019, 3, 30)
"""The night in which Berlin's clock goes forward lies in the file."""
CATALOG = """
sets:
  - {provider: eia, file: us.parquet, time: at, key: who, values: {D: mw, DF: said}}
  - {provider: entsoe, file: us.parquet, time: at, key: who, codes: {10Y1001A1001A83F: DE},
     values: {A16: mw, A01: said, A44: said}}
  - {provider: open-meteo, file: air.parquet, time: at, values: {temperature_2m: c}}
"""


@pytest.fixture
def series(tmp_path: Path) -> LongSeries:
    """Two series of 6,000 hours; the third hour of each is missing."""
    hours = [START + n * HOUR for n in range(6_000)]
    mw = [None if n == 2 else 100.5 + n for n in range(6_000)]
    table = {
        "at": hours + hours,
        "who": ["DUK"] * 6_000 + ["DE"] * 6_000,
        "mw": mw + mw,
        "said": [7.0] * 12_000,
    }
    pq.write_table(pa.table(table), tmp_path / "us.parquet")
    pq.write_table(pa.table({"at": hours, "c": [n / 10 for n in range(6_000)]}), tmp_path / "air.parquet")
    (tmp_path / "sets.yaml").write_text(CATALOG)
    return LongSeries.of(tmp_path, tmp_path / "sets.yaml")


async def pull(series: LongSeries, source: Source, begin: datetime, end: datetime) -> list[Batch]:
    app = create_app(load(RECORDINGS), RECORDINGS, series)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://replay") as client:
        room = HttpRoom(client, KeptAnswers(), StillClock(), FeedMetrics(CollectorRegistry()), pace=CountedPace())
        feed = feeds_for([source], Outside(KEYS, replay_url="http://replay"))[source.feed]
        return [batch async for batch in feed.pull(source, Window(begin, end), room)]


async def test_eia_comes_in_pages_with_the_end_of_the_hour_as_its_stamp(series: LongSeries) -> None:
    batches = await pull(series, a_source(code="DUK"), START, START + 5_500 * HOUR)
    records = [r for b in batches for r in b.records if isinstance(r, Demand)]

    assert len(batches) == 2
    assert batches[0].left_out == {"null": 1}
    assert (records[0].period_start, records[0].value) == (START, 101.5)
    assert records[-1].period_start == START + 5_499 * HOUR
    assert len(records) == 5_499


async def test_entsoe_gives_load_the_operators_forecast_and_prices(series: LongSeries) -> None:
    zone, day = "10Y1001A1001A83F", START + 24 * HOUR
    load_, said, price = [
        (await pull(series, a_source(feed="entsoe", code=zone, content=content), START, day))[0].records
        for content in ("actual", "day_ahead_forecast", "price")
    ]

    assert [r.period_start for r in load_] == [START + n * HOUR for n in range(24) if n != 2]
    assert isinstance(load_[0], Demand)
    assert (load_[0].value, load_[0].period_s) == (100.5, 3_600)
    assert len(said) == 24
    assert isinstance(price[0], MarketPrice)


async def test_an_hour_that_has_not_ended_was_not_measured(series: LongSeries) -> None:
    source = a_source(feed="entsoe", code="10Y1001A1001A83F")
    [early] = await pull(series, source, START, START + timedelta(minutes=299))
    [late] = await pull(series, source, START, START + timedelta(minutes=300))

    assert early.records[-1].period_start == START + 3 * HOUR
    assert late.records[-1].period_start == START + 4 * HOUR


async def test_weather_is_an_analysis_with_the_units_that_were_asked_for(series: LongSeries) -> None:
    source = a_source(feed="open_meteo", content="archive", latitude=40.7, longitude=-74.0)
    [batch] = await pull(series, source, START, START + 24 * HOUR)

    assert len(batch.records) == 24
    first = batch.records[0]
    assert isinstance(first, Weather)
    assert [(v.variable, v.value, v.unit) for v in first.values] == [("temperature_2m", 0.0, "Cel")]


async def test_what_no_file_holds_is_answered_from_the_recordings(series: LongSeries) -> None:
    [batch] = await pull(series, a_source(code="NY"), utc(2023, 1, 1), utc(2023, 1, 2))

    assert len(batch.records) == 24


def test_a_folder_without_any_of_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has none of the files that"):
        LongSeries.of(tmp_path)
