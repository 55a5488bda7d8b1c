"""Forecasts of the weather in the vectors of demand: what was known at issue, for the hour that is forecast."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from gridseal.wire.features import FeatureVector
from streaming_processor.features.groups import PV
from streaming_processor.features.store.outlooks import PostgresOutlooks
from streaming_processor.features.store.session import Session
from streaming_processor.features.sync import Outlook
from streaming_processor.features.vectors import outlooks_of, vectors_of
from streaming_processor.feeds.records import FeedRecords
from streaming_processor.feeds.store import keep_records

from ..feeds.published import START, a_weather, at
from .builders import HOUR, T0, a_track, a_weather_series, an_entity, utc

ISSUE = T0 + 30 * HOUR
WARM = a_weather_series("air_temperature")


def an_outlook(*forecasts: tuple[int, int, int]) -> Outlook:
    """Start, known at, thousandths; counted in hours from issue."""
    table = np.array([(ISSUE + s * HOUR, ISSUE + k * HOUR, v) for s, k, v in forecasts], np.int64).reshape(-1, 3)
    return Outlook(HOUR, *table.T)


def vectors(outlooks: Mapping[str, Outlook], measured: int | None = 5_000) -> dict[int, FeatureVector]:
    entity = an_entity(WARM)
    [(_, lane)] = entity.weather
    tracks = {entity.lane: a_track([1_000_000] * 30), lane: a_track([measured] * 30)}
    made = vectors_of(entity, tracks, np.array([ISSUE], np.int64), utc(ISSUE), outlooks)
    return {v.horizon_s: v for v in made}


def test_each_horizon_takes_the_forecast_of_its_own_hour() -> None:
    found = vectors({"air_temperature": an_outlook((0, -1, 7_000), (23, -1, -2_000))})

    assert (found[HOUR].values["temperature"], found[24 * HOUR].values["temperature"]) == (7.0, -2.0)
    assert found[24 * HOUR].values["heating_degree_hours"] == pytest.approx(20.3)
    assert found[HOUR].ages_s["weather"] == HOUR


def test_of_several_issues_the_newest_that_was_known_counts() -> None:
    found = vectors({"air_temperature": an_outlook((0, -2, 6_000), (0, -1, 7_000), (0, 1, 9_000))})

    assert found[HOUR].values["temperature"] == 7.0


def test_an_old_forecast_gives_way_to_what_was_measured() -> None:
    found = vectors({"air_temperature": an_outlook((0, -4, 7_000))})

    assert found[HOUR].values["temperature"] == 5.0


def test_without_a_forecast_nothing_is_other_than_before() -> None:
    assert vectors({}) == vectors({"air_temperature": an_outlook()})


def test_rain_of_a_forecast_is_the_amount_of_its_hour() -> None:
    found = vectors({"precipitation": an_outlook((0, -1, 1_500))})

    assert (found[HOUR].values["precipitation"], found[24 * HOUR].values["precipitation"]) == (1.5, None)


def test_plants_measure_and_read_no_forecast() -> None:
    class History:
        def read(self, region_id: str, begin_s: int, end_s: int) -> Mapping[str, Outlook]:
            raise AssertionError("nobody asks")

    assert outlooks_of(History(), an_entity(WARM, group=PV), ISSUE, ISSUE) == {}
    assert outlooks_of(None, an_entity(WARM), ISSUE, ISSUE) == {}


@pytest.fixture
def session(dsn: str) -> Iterator[Session]:
    kept = Session(dsn)
    yield kept
    kept.close()


@pytest.mark.servers
def test_the_table_gives_every_issue_from_when_the_gateway_had_it(session: Session) -> None:
    def forecast(hours: int, **fields: Any) -> Any:
        known = at(-60 * hours)
        return a_weather(kind="forecast", issued_at=known, known_at=known + timedelta(seconds=0.5), **fields)

    with session.transaction() as connection:
        keep_records(connection, FeedRecords(weather=[forecast(2), forecast(1), a_weather()]))
    begin = int(START.timestamp())
    found = PostgresOutlooks(session).read("us-ny", begin, begin + HOUR)

    temperature = found["air_temperature"]
    assert temperature.milli.tolist() == [-1_500, -1_500], "the analysis of later is not among them"
    assert (temperature.known_at_s - begin).tolist() == [-2 * HOUR + 1, -HOUR + 1]
    assert set(found) == {"air_temperature", "irradiance", "air_pressure"}
    assert PostgresOutlooks(session).read("us-cal", begin, begin + HOUR) == {}
