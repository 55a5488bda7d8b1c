"""Redis holds the newest window of each series, in whatever order it is told."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
import redis

from gridseal.errors import UnavailableError
from gridseal.wire.windows import Window
from streaming_processor.store.hot import RedisHot, hot_key

from .builders import START_S, a_reference, a_series, an_asset, states_of

pytestmark = pytest.mark.servers

REFERENCE = a_reference()


def a_window(nth: int, version: int) -> Window:
    return Window(
        series_id="site/a",
        width_s=900,
        window_start=datetime.fromtimestamp(START_S + nth * 900, UTC),
        mean_milli=nth * 100 + version,
        weighted_sum=1,
        covered_s=900,
        expected_s=900,
        count=1,
        min_milli=1,
        max_milli=1,
        version=version,
        sent_at_ms=1,
    )


def read(client: "redis.Redis", width_s: int = 900) -> list[int]:
    return [int(number) for number in str(client.get(hot_key("site/a", width_s))).split()]


def test_the_newest_version_of_the_newest_window_stays(hot_client: "redis.Redis") -> None:
    for order in permutations([a_window(0, 9), a_window(1, 1), a_window(1, 2), a_window(0, 3)]):
        hot_client.flushall()
        for window in order:
            RedisHot(hot_client, ttl_s=60).put(states_of(REFERENCE, window))

        assert read(hot_client) == [(START_S + 900) * 1_000, 2, 102, 900, 900]


def test_a_version_with_more_digits_is_newer(hot_client: "redis.Redis") -> None:
    hot = RedisHot(hot_client, ttl_s=60)
    for version in (9, 10, 8, 100, 99):
        hot.put(states_of(REFERENCE, a_window(0, version)))

    assert read(hot_client)[1] == 100


def test_values_of_any_size_and_sign_are_kept_whole(hot_client: "redis.Redis") -> None:
    hot = RedisHot(hot_client, ttl_s=60)
    for version, mean in enumerate((0, -1, 2**62, -(2**62), 7), 1):
        hot.put(states_of(REFERENCE, a_window(0, version).model_copy(update={"mean_milli": mean})))

        assert read(hot_client)[2] == mean


def test_more_windows_than_fit_into_a_call_arrive_and_fade(hot_client: "redis.Redis") -> None:
    many = a_reference(an_asset("a"), *(a_series(f"s{i}", ("a", 1)) for i in range(6_000)))
    windows = [a_window(0, 1).model_copy(update={"series_id": f"site/s{i}"}) for i in range(6_000)]
    RedisHot(hot_client, ttl_s=60).put(states_of(many, *windows))

    assert hot_client.dbsize() == 6_000
    assert 0 < hot_client.ttl(hot_key("site/s77", 900)) <= 60


def test_a_server_that_forgot_the_script_is_told_again(hot_client: "redis.Redis") -> None:
    hot = RedisHot(hot_client, ttl_s=60)
    hot.put(states_of(REFERENCE, a_window(0, 1)))
    hot_client.script_flush()
    hot.put(states_of(REFERENCE, a_window(0, 2)))

    assert read(hot_client)[1] == 2


def test_a_server_that_is_gone_is_one_error(redis_server: int) -> None:
    with redis.Redis(port=1) as nobody, pytest.raises(UnavailableError, match="Redis does not answer"):
        RedisHot(nobody, ttl_s=60).put(states_of(REFERENCE, a_window(0, 1)))
