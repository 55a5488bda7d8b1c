"""From readings to vectors through the stream's own batches."""

from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from gridseal.wire.catalog import SeriesInput
from streaming_processor.features.groups import WIND
from streaming_processor.features.ports import VectorKey

from ..builders import NOW_S, a_message, a_reading, a_reference, an_asset
from ..stream import Stream
from .builders import a_series, a_site, utc
from .field import Field
from .test_step import FINAL

pytestmark = pytest.mark.servers

BEGIN_S = NOW_S - 30 * 3_600
RECORDS = (
    a_site(region_id="fr-grand-est", timezone="Europe/Paris"),
    an_asset("a", site_id="home"),
    a_series(
        "wind",
        kind="wind",
        resolution_s=900,
        issue_every_s=1_800,
        direction="into_grid",
        inputs=(SeriesInput(device_id="a", quantity="active_power"),),
    ),
)
KEY = VectorKey("fr-grand-est", "home/wind", 900)


@pytest.fixture
def field(dsn: str, hot_client: "redis.Redis") -> Iterator[Field]:
    with closing(Field(dsn, hot_client, RECORDS, NOW_S)) as field:
        yield field


def test_vectors_follow_the_windows_of_real_batches(field: Field, dsn: str) -> None:
    stream = Stream(dsn, a_reference(*RECORDS), features=field.step)
    # Ten-minute readings lie across the borders of quarter hours: half of the windows grow twice.
    watts = [1_000.0 + 37 * i * i % 211 for i in range(30 * 6)]
    readings = [a_reading(power, start_s=BEGIN_S + 600 * i) for i, power in enumerate(watts)]
    late = readings.pop(100)
    for number in range(18):
        stream.take(number, a_message(*readings[number * 10 : number * 10 + 10], seq=number))
        field.work_off()

    [before] = field.store.latest(WIND, [KEY])
    stream.take(18, a_message(late, seq=18))
    field.work_off()
    [after] = field.store.latest(WIND, [KEY])

    assert before is not None
    assert after is not None
    assert before.issued_at == after.issued_at == utc(NOW_S)
    assert before.values["power_latest_w"] == round((watts[179] * 600 + watts[178] * 300) / 900, 3)
    assert before.values["power_mean_24h_w"] != after.values["power_mean_24h_w"]
    assert after.version == before.version + 1
    assert field.hot.latest(WIND, [KEY]) == [after]
    final = field.ask(FINAL)
    assert len(final) == 2 * 30 * 4
    assert field.backfill(BEGIN_S, NOW_S) == len(final)
    assert field.ask(FINAL) == final


def test_a_window_that_is_open_is_noted_once_however_often_it_grows(field: Field, dsn: str) -> None:
    field.clock.moment_s = NOW_S
    stream = Stream(dsn, a_reference(*RECORDS), features=field.step)

    for i in range(5):
        stream.take(i, a_message(a_reading(5.0, start_s=NOW_S - 240 + 60 * i, period_ms=60_000), seq=i))

    noted = "SELECT window_start, changes, due_at FROM telemetry.vector_due ORDER BY 1"
    assert field.ask(noted) == [
        (utc(NOW_S - 900), 1, utc(NOW_S + 60)),
        (utc(NOW_S), 1, utc(NOW_S + 960)),
    ]
