"""Stream and batch give the same vectors, bit for bit, however the data came."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
import psycopg
import pyarrow as pa
import pytest
import redis

from gridseal.wire.catalog import SeriesInput
from local_stack.scratch import scratch_database
from streaming_processor.features.gold import WINDOWS, gold_function, gold_schema
from streaming_processor.features.groups import DEMAND, GROUPS, PV, WIND

from .builders import DAY, HOUR, T0, a_series, a_site, a_weather_series
from .field import Field
from .test_step import FINAL, TABLES

pytestmark = pytest.mark.servers

QUARTER = 900
RECORDS = (
    a_site(),
    a_series("main"),
    a_weather_series("air_temperature"),
    a_weather_series("irradiance", resolution_s=1_800),
    a_weather_series("wind_speed"),
    a_series("pv", kind="pv", resolution_s=QUARTER, issue_every_s=QUARTER, direction="into_grid", capacity_w=4_000),
    a_series("wind", kind="wind", resolution_s=QUARTER, issue_every_s=QUARTER, direction="into_grid"),
    a_series(
        "net", kind="home_net", direction="into_grid", inputs=(SeriesInput(device_id="m", quantity="active_power"),)
    ),
)
WIDTHS = {
    "home/main": HOUR,
    "home/air-temperature": HOUR,
    "home/irradiance": 1_800,
    "home/wind-speed": HOUR,
    "home/pv": QUARTER,
    "home/wind": QUARTER,
    "home/net": HOUR,
}
HISTORY_S, LIVE_S = 9 * DAY, 8 * HOUR
Reading = tuple[int, str, int, int]
"""Start, series, value, seconds of its window that it covers."""


def the_readings(random_: random.Random) -> list[Reading]:
    """Halves of windows in order of time, with a gap of an hour in all of them and single windows missing."""
    listed: list[Reading] = []
    for series, width in WIDTHS.items():
        for start in range(T0, T0 + HISTORY_S + LIVE_S, width):
            in_gap = T0 + HISTORY_S + 3 * HOUR <= start < T0 + HISTORY_S + 4 * HOUR
            if not in_gap and random_.random() > 0.02:
                for half in (0, 1):
                    value = random_.randrange(-10_000, 5_000_000)
                    listed.append((start + half * width // 2, series, value, width // 2))
    return sorted(listed)


def replay(field: Field, readings: list[Reading], arrivals: list[int]) -> None:
    """History without the step; then each reading at its time, ten minutes of arrivals in a batch."""
    first = T0 + HISTORY_S - DAY
    for start, series, value, covered in readings:
        if start < first:
            field.reading(series, WIDTHS[series], start - start % WIDTHS[series], value, covered)
    order = sorted((at, i) for i, at in enumerate(arrivals) if readings[i][0] >= first)
    for begin in range(first, T0 + HISTORY_S + LIVE_S + 3 * HOUR, 600):
        field.clock.moment_s = begin + 600
        windows = []
        while order and order[0][0] < begin + 600:
            start, series, value, covered = readings[order.pop(0)[1]]
            width = WIDTHS[series]
            windows.append(field.reading(series, width, start - start % width, value, covered))
        field.arrive(*windows)
    assert not order


@pytest.fixture
def a_database(postgres_server: str, hot_client: "redis.Redis") -> Iterator[Callable[[], Field]]:
    from contextlib import ExitStack
    from pathlib import Path

    from gridseal.runtime.migrations import apply_migrations

    folder = Path(__file__).resolve().parents[2] / "src" / "streaming_processor" / "migrations"
    with ExitStack() as stack:

        def build() -> Field:
            hot_client.flushall()
            dsn = stack.enter_context(scratch_database(postgres_server))
            apply_migrations(dsn, "telemetry", folder)
            return stack.enter_context(closing(Field(dsn, hot_client, RECORDS, T0)))

        yield build


def hot_state(client: "redis.Redis") -> dict[str, str]:
    return {str(key): str(client.hget(str(key), "issued_at_ms")) for key in client.keys("gs:vec:*")}


def test_a_fifth_permuted_and_delayed_by_up_to_two_hours_gives_the_same_vectors_as_in_order_and_as_batch(
    a_database: Callable[[], Field], hot_client: "redis.Redis"
) -> None:
    seed = random.Random(4)
    readings = the_readings(seed)
    punctual = [start + covered for start, _, _, covered in readings]
    delayed = [at + (seed.randrange(7_200) if seed.random() < 0.2 else 0) for at in punctual]

    in_order, shuffled = a_database(), a_database()
    replay(in_order, readings, punctual)
    hot_in_order = hot_state(hot_client)
    hot_client.flushall()
    replay(shuffled, readings, delayed)

    expected = in_order.ask(FINAL)
    assert len(expected) > 700
    assert shuffled.ask(FINAL) == expected
    assert hot_state(hot_client) == hot_in_order
    corrected = "SELECT count(*) FROM telemetry.vectors WHERE version > 1"
    assert shuffled.ask(corrected)[0][0] > in_order.ask(corrected)[0][0]
    assert [shuffled.ask(table) for table in TABLES] == [in_order.ask(table) for table in TABLES]

    before = shuffled.ask("SELECT count(*) FROM telemetry.vectors")
    made = shuffled.backfill(T0 + HISTORY_S - DAY, T0 + HISTORY_S + LIVE_S)

    assert made == len(expected)
    assert shuffled.ask("SELECT count(*) FROM telemetry.vectors") == before
    _gold_is_the_same(shuffled)


def _gold_is_the_same(field: Field) -> None:
    """Through Arrow, from all windows at once, in any order."""
    columns = "series_id, width_s, extract(epoch FROM window_start)::bigint, mean_milli, covered_s, expected_s, count"
    rows = field.ask(f"SELECT 'home', {columns}, min_milli, max_milli FROM telemetry.windows ORDER BY random()")
    windows = pa.table(
        [pa.array(c, f.type) for c, f in zip(zip(*rows, strict=True), WINDOWS, strict=True)], schema=WINDOWS
    )
    begin, end = T0 + HISTORY_S - DAY, T0 + HISTORY_S + LIVE_S
    for group in (DEMAND, PV, WIND):
        function = gold_function(group, field.plans.current().entities, begin, end, field.clock.now())
        table = function(windows)
        stored = field.ask(
            "SELECT DISTINCT ON (horizon_s, issued_at) horizon_s, issued_at, feature_values FROM telemetry.vectors"
            f" WHERE group_name = '{group.name}' ORDER BY horizon_s, issued_at, version DESC"
        )
        assert table.schema == gold_schema(group)
        assert table.num_rows == len(stored) > 0
        gold = {(r["horizon_s"], r["issued_at"]): [r[n] for n in group.names] for r in table.to_pylist()}
        assert {(horizon, issued): values for horizon, issued, values in stored} == gold


def test_vectors_do_not_depend_on_what_else_is_computed_with_them(a_database: Callable[[], Field]) -> None:
    from streaming_processor.features.vectors import vectors_of

    field = a_database()
    for start, series, value, covered in the_readings(random.Random(5)):
        field.reading(series, WIDTHS[series], start - start % WIDTHS[series], value, covered)
    everything = [(T0, T0 + HISTORY_S + LIVE_S)]
    tracks = field.windows.read(dict.fromkeys(field.plans.current().lanes, everything))
    for entity in field.plans.current().entities:
        moments = T0 + entity.lane.width_s * np.arange(1, 3 * DAY // entity.lane.width_s, dtype=np.int64) + 5 * DAY
        together = vectors_of(entity, tracks, moments, field.clock.now())
        one_by_one = {
            (v.issued_at, v.horizon_s): v
            for moment in moments[::17]
            for v in vectors_of(entity, tracks, np.array([moment], np.int64), field.clock.now())
        }
        assert {
            (v.issued_at, v.horizon_s): v for v in together if (v.issued_at, v.horizon_s) in one_by_one
        } == one_by_one


def test_every_series_of_the_catalog_finds_its_group(a_database: Callable[[], Field]) -> None:
    field = a_database()

    groups = {(e.series_id, e.group.name) for e in field.plans.current().entities}

    assert {name for _, name in groups} == {g.name for g in GROUPS}
    assert len(groups) == len(WIDTHS)
    with psycopg.connect(field.connection.info.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM telemetry.series").fetchone() == (len(WIDTHS),)
