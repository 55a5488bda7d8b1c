"""The last window of each series and width, in Redis: ``gs:hot:<series_id>:<width_s>``.

A value is five numbers with a space between: start of the window in milliseconds, version, mean in
thousandths, covered and expected seconds. The first two have leading zeros. One text for each key is
four times faster than a hash, guarded and with a time to live.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import redis
from redis.exceptions import NoScriptError

from gridseal.errors import UnavailableError
from streaming_processor.reference import Reference
from streaming_processor.window_states import WindowStates

_KEYS_PER_CALL: Final = 1_000
_CALLS_AHEAD: Final = 4
"""So many calls are on their way before the first answer is read: Redis works while we pack."""
_SCRIPT: Final = Path(__file__).with_name("hot.lua").read_text()
_SHA: Final = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest().encode()
_VALUE: Final = b"$68\r\n%013d %010d %020d %011d %010d\r\n"


def hot_key(series_id: str, width_s: int) -> str:
    """Where the last window of a series stands."""
    return f"gs:hot:{series_id}:{width_s}"


class RedisHot:
    """Newer only: a batch told twice leaves the same state."""

    def __init__(self, client: "redis.Redis", ttl_s: int) -> None:
        self._client = client
        self._ttl = b"%d" % ttl_s
        self._keys: list[bytes] = []
        self._reference: Reference | None = None

    def put(self, windows: WindowStates) -> None:
        """Overwrite what is older; leave what is newer.

        Raises:
            UnavailableError: Redis does not answer.
        """
        if not len(windows):
            return
        calls = self._calls(windows)
        try:
            try:
                self._send(calls)
            except NoScriptError:
                self._client.script_load(_SCRIPT)
                self._send(calls)
        except redis.RedisError as error:
            raise UnavailableError(f"Redis does not answer: {type(error).__name__}") from error

    def _calls(self, windows: WindowStates) -> list[bytes]:
        """Commands as they travel: written at once, without a Python object for each argument."""
        keys = self._keys_of(windows.reference)
        expected_s = windows.expected_s
        calls = []
        for at in range(0, len(windows), _KEYS_PER_CALL):
            part = windows[at : at + _KEYS_PER_CALL]
            n = len(part)
            columns = (
                (part.window_start * 1_000).tolist(),
                part.version.tolist(),
                part.mean_milli.tolist(),
                part.covered_s.tolist(),
                expected_s[at : at + n].tolist(),
            )
            numbers = tuple(number for row in zip(*columns, strict=True) for number in row)
            head = b"*%d\r\n$7\r\nEVALSHA\r\n$40\r\n%b\r\n" % (4 + 2 * n, _SHA) + _text(b"%d" % n)
            names = b"".join([keys[lane] for lane in part.lane.tolist()])
            calls.append(head + names + _text(self._ttl) + _VALUE * n % numbers)
        return calls

    def _keys_of(self, reference: Reference) -> list[bytes]:
        if reference is not self._reference:
            widths = reference.lanes.width_s.tolist()
            named = zip(reference.lane_series, widths, strict=True)
            self._keys = [_text(hot_key(series, width).encode()) for series, width in named]
            self._reference = reference
        return self._keys

    def _send(self, calls: Sequence[bytes]) -> None:
        pool = self._client.connection_pool
        connection: Any = pool.get_connection()
        try:
            sent = 0
            for answered in range(len(calls)):
                while sent < min(answered + _CALLS_AHEAD, len(calls)):
                    connection.send_packed_command([calls[sent]])
                    sent += 1
                connection.read_response()
        except BaseException:
            connection.disconnect()
            raise
        finally:
            pool.release(connection)


def _text(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)
