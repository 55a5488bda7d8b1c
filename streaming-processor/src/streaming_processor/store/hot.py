"""The last window of each series and width, in Redis: ``gs:hot:<series_id>:<width_s>``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import redis

from gridseal.errors import UnavailableError
from gridseal.wire.windows import Window

_KEYS_PER_CALL: Final = 500
_SCRIPT: Final = Path(__file__).with_name("hot.lua")


def hot_key(series_id: str, width_s: int) -> str:
    """Where the last window of a series stands."""
    return f"gs:hot:{series_id}:{width_s}"


class RedisHot:
    """Newer only: a batch told twice leaves the same state."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._put = client.register_script(_SCRIPT.read_text())

    def put(self, windows: Sequence[Window]) -> None:
        """Overwrite what is older; leave what is newer.

        Raises:
            UnavailableError: Redis does not answer.
        """
        try:
            for i in range(0, len(windows), _KEYS_PER_CALL):
                chunk = windows[i : i + _KEYS_PER_CALL]
                keys = [hot_key(w.series_id, w.width_s) for w in chunk]
                self._put(keys=keys, args=[field for w in chunk for field in _fields(w)])
        except redis.RedisError as error:
            raise UnavailableError(f"Redis does not answer: {type(error).__name__}") from error


def _fields(window: Window) -> tuple[int, ...]:
    start_ms = int(window.window_start.timestamp()) * 1_000
    return start_ms, window.version, window.mean_milli, window.covered_s, window.expected_s
