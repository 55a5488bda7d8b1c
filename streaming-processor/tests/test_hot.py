"""Redis holds the newest window of each series, in whatever order it is told."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
import redis

from gridseal.wire.windows import Window
from streaming_processor.store.hot import RedisHot, hot_key

from .builders import START_S

pytestmark = pytest.mark.servers


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


def test_the_newest_version_of_the_newest_window_stays(hot_client: "redis.Redis") -> None:
    for order in permutations([a_window(0, 9), a_window(1, 1), a_window(1, 2), a_window(0, 3)]):
        hot_client.flushall()
        for window in order:
            RedisHot(hot_client).put([window])

        assert hot_client.hgetall(hot_key("site/a", 900)) == {
            "window_start_ms": str((START_S + 900) * 1_000),
            "version": "2",
            "mean_milli": "102",
            "covered_s": "900",
            "expected_s": "900",
        }
