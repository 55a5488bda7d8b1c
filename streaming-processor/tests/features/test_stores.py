"""Memory, the lake, PostgreSQL and Redis keep vectors alike; all but Redis also remember what was known when."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest
import redis

from gridseal.errors import ConfigError
from streaming_processor.features.groups import DEMAND, GROUPS, with_demand_as
from streaming_processor.features.normalization import fit
from streaming_processor.features.ports import FeatureHistory, FeatureStore, VectorKey, key_of
from streaming_processor.features.store.hot_vectors import RedisVectors, hot_vector_key
from streaming_processor.features.store.lake_vectors import LakeVectors
from streaming_processor.features.store.vector_table import PostgresVectors

from .builders import DAY, HOUR, T0, a_vector, utc
from .memory import MemoryVectors

KEY = VectorKey("us-ca-fontana", "home/main", HOUR)


@pytest.fixture
def postgres(dsn: str) -> Iterator[PostgresVectors]:
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO telemetry.series (series_id, definition) VALUES ('home/main', ''), ('b/c', '')")
    with contextlib.closing(PostgresVectors(dsn, GROUPS)) as store:
        yield store


Build = Callable[[pytest.FixtureRequest], FeatureStore]
STORES: list[object] = [
    pytest.param(lambda request: MemoryVectors(), id="memory"),
    pytest.param(lambda r: LakeVectors(str(r.getfixturevalue("tmp_path"))), id="lake"),
    pytest.param(lambda r: r.getfixturevalue("postgres"), id="postgres", marks=pytest.mark.servers),
    pytest.param(
        lambda r: RedisVectors(r.getfixturevalue("hot_client"), GROUPS), id="redis", marks=pytest.mark.servers
    ),
]


@pytest.mark.parametrize("build", STORES)
class TestEveryStore:
    def test_a_vector_comes_back_as_it_was(self, build: Build, request: pytest.FixtureRequest) -> None:
        store = build(request)
        vector = a_vector(1 / 3)

        assert store.put([vector]) == [vector]
        assert store.latest(DEMAND, [KEY]) == [vector]

    def test_null_stays_null_and_whole_numbers_stay_whole(self, build: Build, request: pytest.FixtureRequest) -> None:
        store = build(request)
        store.put([a_vector(None)])

        [found] = store.latest(DEMAND, [KEY])

        assert found is not None
        assert found.values["temperature"] is None
        assert found.values["hour_of_day"] == 3
        assert isinstance(found.values["hour_of_day"], int)

    def test_the_newest_issue_in_its_newest_version_stays(self, build: Build, request: pytest.FixtureRequest) -> None:
        store = build(request)
        for vector in (a_vector(1.0, T0 + HOUR), a_vector(3.0, T0 + HOUR, version=2), a_vector(2.0, T0)):
            store.put([vector])

        assert store.latest(DEMAND, [KEY]) == [a_vector(3.0, T0 + HOUR, version=2)]

    def test_the_same_again_changes_nothing(self, build: Build, request: pytest.FixtureRequest) -> None:
        store = build(request)
        store.put([a_vector(1.0)])

        assert store.put([a_vector(1.0)])[0].version == 1
        assert store.latest(DEMAND, [KEY]) == [a_vector(1.0)]

    def test_keys_do_not_mix(self, build: Build, request: pytest.FixtureRequest) -> None:
        store = build(request)
        others = [a_vector(2.0, series_id="b/c"), a_vector(3.0, horizon_s=DAY)]
        store.put([a_vector(1.0), *others])

        asked = [key_of(others[1]), VectorKey("us-ca-fontana", "nobody/there", HOUR), key_of(others[0]), KEY]

        assert store.latest(DEMAND, asked) == [others[1], None, others[0], a_vector(1.0)]


@pytest.mark.parametrize("build", STORES[:3])
class TestEveryHistory:
    def test_a_correction_never_changes_what_was_known_before(
        self, build: Callable[[pytest.FixtureRequest], FeatureHistory], request: pytest.FixtureRequest
    ) -> None:
        store = build(request)
        store.put([a_vector(1.0, available_at=utc(T0 + 60))])
        [second] = store.put([a_vector(2.0, available_at=utc(T0 + 2 * HOUR))])
        before, after = utc(T0 + 2 * HOUR) - timedelta(microseconds=1), utc(T0 + 2 * HOUR)

        answers = store.get_historical(DEMAND, [(KEY, utc(T0 + 59)), (KEY, before), (KEY, after)])

        assert second.version == 2
        assert answers == [None, a_vector(1.0), second]

    def test_no_vector_is_seen_before_its_issue_or_after_its_freshness(
        self, build: Callable[[pytest.FixtureRequest], FeatureHistory], request: pytest.FixtureRequest
    ) -> None:
        store = build(request)
        first, third = a_vector(1.0, T0), a_vector(3.0, T0 + 2 * HOUR)
        store.put([first, third])
        late = T0 + 2 * HOUR + DEMAND.freshness_s

        answers = store.get_historical(
            DEMAND, [(KEY, utc(T0 + 2 * HOUR - 1)), (KEY, utc(late)), (KEY, utc(late + 1)), (KEY, utc(T0 - 1))]
        )

        assert answers == [first, third, None, None]

    def test_history_that_was_filled_in_later_is_there_for_who_asks_for_what_is_known_now(
        self, build: Callable[[pytest.FixtureRequest], FeatureHistory], request: pytest.FixtureRequest
    ) -> None:
        store = build(request)
        filled = a_vector(1.0, T0, available_at=utc(T0 + 90 * DAY))
        store.put([filled])

        assert store.get_historical(DEMAND, [(KEY, utc(T0 + 60))]) == [None]
        assert store.get_historical(DEMAND, [(KEY, utc(T0 + 60))], known="now") == [filled]


@pytest.mark.servers
def test_vectors_whose_retention_is_over_are_deleted(postgres: PostgresVectors) -> None:
    store = postgres
    kept = a_vector(2.0, T0 + DAY)
    store.put([a_vector(1.0, T0), kept])

    assert store.forget(utc(T0 + DAY + DEMAND.retention_s)) == 1
    assert store.get_historical(DEMAND, [(KEY, utc(T0)), (KEY, utc(T0 + DAY))], known="now") == [None, kept]


@pytest.mark.servers
def test_a_group_that_changes_needs_a_new_version(postgres: PostgresVectors, dsn: str) -> None:
    postgres.put([a_vector()])
    renamed = with_demand_as(keys=("region", "respondent", "horizon"))

    with (
        contextlib.closing(PostgresVectors(dsn, renamed)) as store,
        pytest.raises(ConfigError, match="demand/1 has changed"),
    ):
        store.latest(renamed[0], [KEY])
    other = with_demand_as(version=2, keys=("region", "respondent", "horizon"))
    with contextlib.closing(PostgresVectors(dsn, other)) as store:
        assert store.latest(other[0], [KEY]) == [None]


@pytest.mark.servers
def test_a_vector_of_a_stranger_is_refused(postgres: PostgresVectors) -> None:
    with pytest.raises(ConfigError, match="nobody/there"):
        postgres.put([a_vector(series_id="nobody/there")])


@pytest.mark.servers
def test_hot_vectors_stand_under_region_series_and_horizon_and_leave_when_nothing_newer_comes(
    hot_client: "redis.Redis",
) -> None:
    RedisVectors(hot_client, GROUPS).put([a_vector()])

    key = "gs:vec:demand:1:us-ca-fontana:home/main:3600"
    assert hot_vector_key("demand", 1, KEY) == key
    assert hot_client.keys() == [key]
    assert 0 < hot_client.ttl(key) <= DEMAND.hot_s


@pytest.mark.servers
def test_an_older_version_that_is_told_late_does_not_replace_a_newer_one(hot_client: "redis.Redis") -> None:
    store = RedisVectors(hot_client, GROUPS)
    store.put([a_vector(2.0, version=2)])

    store.put([a_vector(1.0, version=1)])

    assert store.latest(DEMAND, [KEY]) == [a_vector(2.0, version=2)]


@pytest.mark.servers
def test_normalization_is_data_with_a_version(postgres: PostgresVectors) -> None:
    store = postgres
    history = [a_vector(float(i)) for i in range(101)]
    first = fit(history, DEMAND.names, 1)
    store.keep_normalization(first)
    store.keep_normalization(fit(history[:51], DEMAND.names, 2))

    assert store.normalization(DEMAND, 1) == first
    newest = store.normalization(DEMAND)
    assert newest is not None
    assert newest.version == 2
    scaled = first.apply(a_vector(100.0))
    assert scaled["temperature"] == 1.0
    assert "hour_of_day" not in scaled
    assert first.apply(a_vector(None))["temperature"] is None
    with pytest.raises(ValueError, match="demand/1"):
        first.apply(a_vector(group="pv"))
