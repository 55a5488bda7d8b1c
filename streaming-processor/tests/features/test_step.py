"""Vectors follow windows: once, whatever dies, and again when late data corrects them."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
import redis

from gridseal.errors import UnavailableError
from streaming_processor.features.groups import DEMAND
from streaming_processor.features.ports import VectorKey

from .builders import DAY, HOUR, T0, a_series, a_site, a_weather_series, utc
from .field import GRACE_S, Field

pytestmark = pytest.mark.servers

RECORDS = (a_site(), a_series("main"), a_weather_series("air_temperature"))
HOUR_AHEAD = VectorKey("us-ca-fontana", "home/main", HOUR)
NEWEST = "SELECT DISTINCT ON (group_name, series_id, horizon_s, issued_at) group_name, series_id, horizon_s, issued_at"
FINAL = f"{NEWEST}, feature_values, imputed, ages_s FROM telemetry.vectors ORDER BY 1, 2, 3, 4, version DESC"
TABLES = (
    "SELECT period, respondent, value FROM energy_mlops.raw_demand ORDER BY 1, 2",
    "SELECT to_jsonb(f) - 'id' - 'created_at' FROM energy_mlops.features f ORDER BY timestamp, respondent",
    "SELECT to_jsonb(w) - 'id' - 'ingested_at' FROM energy_mlops.raw_weather w ORDER BY timestamp, location",
)
Fields = Callable[..., Field]


@pytest.fixture
def a_field(dsn: str, hot_client: "redis.Redis") -> Iterator[Fields]:
    made: list[Field] = []

    def build(now_s: int = T0 + DAY) -> Field:
        made.append(Field(dsn, hot_client, RECORDS, now_s))
        return made[-1]

    yield build
    for field in made:
        field.close()


def test_a_complete_window_brings_vectors_to_postgres_redis_and_kafka(a_field: Fields) -> None:
    field = a_field(T0 + HOUR)

    field.arrive(field.reading("home/main", HOUR, T0, 5_000_000))

    [stored] = field.store.latest(DEMAND, [HOUR_AHEAD])
    assert stored is not None
    assert stored.values["demand_lag_1h"] == 0.005
    assert (stored.issued_at, stored.available_at, stored.version) == (utc(T0 + HOUR), utc(T0 + HOUR), 1)
    assert field.hot.latest(DEMAND, [HOUR_AHEAD]) == [stored]
    assert [v.horizon_s for v in field.publisher.told] == [HOUR, DAY]
    assert field.publisher.told[0] == stored
    assert field.ask("SELECT count(*) FROM telemetry.vector_due") == [(0,)]


def test_the_same_windows_again_leave_the_same_rows(a_field: Fields) -> None:
    field = a_field(T0 + HOUR)
    window = field.reading("home/main", HOUR, T0, 5_000_000)
    field.arrive(window)
    before = field.ask("SELECT * FROM telemetry.vectors ORDER BY horizon_s")
    field.clock.moment_s += 500

    field.arrive(window, window)

    assert field.ask("SELECT * FROM telemetry.vectors ORDER BY horizon_s") == before
    assert {v.version for v in field.publisher.told} == {1}


def test_an_open_window_waits_for_its_end_and_the_grace(a_field: Fields) -> None:
    field = a_field(T0 + HOUR - 1)
    field.arrive(field.reading("home/main", HOUR, T0, 4_000_000, covered_s=1_800))
    field.clock.moment_s = T0 + HOUR + GRACE_S - 1
    field.work_off()
    assert field.publisher.told == []

    field.clock.moment_s += 1
    field.work_off()

    assert field.publisher.told[0].values["demand_lag_1h"] == 0.004


def test_late_data_corrects_what_it_reaches_and_raises_the_version(a_field: Fields) -> None:
    field = a_field(T0 + 5 * HOUR)
    for hour in (0, 1, 3, 4):
        field.arrive(field.reading("home/main", HOUR, T0 + hour * HOUR, 1_000_000 * (hour + 1)))
    field.publisher.told.clear()
    field.clock.moment_s += 60

    field.arrive(field.reading("home/main", HOUR, T0 + 2 * HOUR, 3_000_000))

    told = [(v.issued_at, v.version) for v in field.publisher.told if v.horizon_s == HOUR]
    assert told == [(utc(T0 + 3 * HOUR), 1), (utc(T0 + 4 * HOUR), 2), (utc(T0 + 5 * HOUR), 2)]
    [newest] = field.hot.latest(DEMAND, [HOUR_AHEAD])
    assert newest is not None
    assert (newest.version, newest.values["demand_mean_3h"]) == (2, 0.004)
    then = field.store.get_historical(DEMAND, [(HOUR_AHEAD, utc(T0 + 5 * HOUR)), (HOUR_AHEAD, field.clock.now())])
    assert [v.version for v in then if v] == [1, 2]


def test_a_window_of_last_week_corrects_the_vectors_whose_lag_it_is(a_field: Fields) -> None:
    field = a_field(T0 + 168 * HOUR)
    field.arrive(field.reading("home/main", HOUR, T0 + 167 * HOUR, 5_000_000))
    assert field.publisher.told[0].values["demand_lag_168h"] is None

    field.arrive(field.reading("home/main", HOUR, T0, 3_000_000))

    [vector] = field.store.latest(DEMAND, [HOUR_AHEAD])
    assert vector is not None
    assert (vector.version, vector.values["demand_lag_168h"]) == (2, 0.003)


def test_weather_that_comes_after_the_vector_corrects_it(a_field: Fields) -> None:
    field = a_field(T0 + HOUR)
    field.arrive(field.reading("home/main", HOUR, T0, 5_000_000))

    field.arrive(field.reading("home/air-temperature", HOUR, T0, 20_000))

    [vector] = field.store.latest(DEMAND, [HOUR_AHEAD])
    assert vector is not None
    assert (vector.version, vector.values["temperature"], vector.ages_s["weather"]) == (2, 20.0, 0)


def test_weather_that_is_too_old_is_null_and_says_no_age(a_field: Fields) -> None:
    field = a_field(T0 + 6 * HOUR)
    field.arrive(field.reading("home/air-temperature", HOUR, T0, 20_000))
    for hour in (3, 4):
        field.arrive(field.reading("home/main", HOUR, T0 + hour * HOUR, 5_000_000))

    by_issue = {v.issued_at: v for v in field.publisher.told if v.group == "demand"}
    fresh, stale = by_issue[utc(T0 + 4 * HOUR)], by_issue[utc(T0 + 5 * HOUR)]
    assert (fresh.values["temperature"], fresh.ages_s["weather"]) == (20.0, 3 * HOUR)
    assert (stale.values["temperature"], stale.ages_s["weather"]) == (None, None)


def test_what_was_not_told_is_told_after_the_failure(a_field: Fields) -> None:
    field = a_field(T0 + HOUR)
    field.publisher.broken = True
    with pytest.raises(UnavailableError):
        field.arrive(field.reading("home/main", HOUR, T0, 5_000_000))
    assert field.store.latest(DEMAND, [HOUR_AHEAD]) != [None]

    field.publisher.broken = False
    field.work_off()

    assert [(v.horizon_s, v.version) for v in field.publisher.told] == [(HOUR, 1), (DAY, 1)]


def test_a_change_that_comes_while_its_window_is_worked_on_is_not_forgotten(a_field: Fields) -> None:
    field = a_field(T0 + HOUR)
    window = field.reading("home/main", HOUR, T0, 4_000_000, covered_s=1_800)
    real = field.publisher.vectors

    def while_telling(vectors: object) -> None:
        field.publisher.vectors = real  # type: ignore[method-assign]
        field.step.follow([field.reading("home/main", HOUR, T0, 6_000_000, covered_s=1_800)], field.clock.now())

    field.publisher.vectors = while_telling  # type: ignore[method-assign]
    field.clock.moment_s += GRACE_S

    field.arrive(window)

    [vector] = field.store.latest(DEMAND, [HOUR_AHEAD])
    assert vector is not None
    assert (vector.version, vector.values["demand_lag_1h"]) == (2, 0.005)


def test_the_tables_of_the_demand_design_are_written_and_the_target_follows(a_field: Fields) -> None:
    field = a_field(T0 + 2 * HOUR)
    field.arrive(field.reading("home/air-temperature", HOUR, T0, 20_000))
    field.arrive(field.reading("home/main", HOUR, T0, 5_000_000))
    row = "SELECT demand_mwh, temperature, demand_lag_1h, is_weekend FROM energy_mlops.features WHERE timestamp = %s"
    at = f"timestamp '{utc(T0 + HOUR).isoformat()}'"
    assert field.ask(row.replace("%s", at)) == [(None, 20.0, 0.005, 0)]

    field.arrive(field.reading("home/main", HOUR, T0 + HOUR, 7_000_000))

    assert field.ask(row.replace("%s", at)) == [(0.007, 20.0, 0.005, 0)]
    assert field.ask(TABLES[0]) == [(utc(T0), "home/main", 0.005), (utc(T0 + HOUR), "home/main", 0.007)]
    assert field.ask("SELECT location, temperature_2m FROM energy_mlops.raw_weather") == [("home", 20.0)]


def test_the_unique_keys_and_indexes_are_those_of_s3(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        names = connection.execute(
            "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'energy_mlops' AND indexname LIKE 'idx%'"
        ).fetchall()
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'energy_mlops'"
            " AND table_name = 'features' ORDER BY ordinal_position"
        ).fetchall()

    assert set(names) == {
        ("raw_demand", "idx_demand_period"),
        ("raw_weather", "idx_weather_timestamp"),
        ("features", "idx_features_timestamp"),
        ("prediction_log", "idx_predictions_timestamp"),
    }
    listed = [c for (c,) in columns if c not in ("id", "timestamp", "respondent", "demand_mwh", "created_at")]
    assert listed == list(DEMAND.names[:20])
