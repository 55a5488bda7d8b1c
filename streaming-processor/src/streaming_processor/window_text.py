"""The bytes of many windows at once: the same as ``gridseal.wire.codec.encode`` of each, which a test checks."""

from collections.abc import Iterator
from datetime import UTC, datetime

from gridseal.wire.fields import format_utc
from streaming_processor.window_states import COLUMNS, WindowStates

_TEMPLATE = (
    b'{"schema":"window/1","series_id":"%b","width_s":%d,"window_start":"%b","mean_milli":%d,"weighted_sum":%d,'
    b'"covered_s":%d,"expected_s":%d,"count":%d,"min_milli":%d,"max_milli":%d,"version":%d,"sent_at_ms":%d}'
)


def encode_windows(windows: WindowStates) -> Iterator[bytes]:
    """One message each."""
    starts: dict[int, bytes] = {}
    columns = {name: getattr(windows, name).tolist() for name in COLUMNS}
    for key, width, expected, start, total, covered, count, low, high, mean, version, sent in zip(
        window_keys(windows),
        windows.width_s.tolist(),
        windows.expected_s.tolist(),
        columns["window_start"],
        columns["weighted_sum"],
        columns["covered_s"],
        columns["readings"],
        columns["min_milli"],
        columns["max_milli"],
        columns["mean_milli"],
        columns["version"],
        columns["sent_at_ms"],
        strict=True,
    ):
        if start not in starts:
            starts[start] = format_utc(datetime.fromtimestamp(start, UTC)).encode()
        yield _TEMPLATE % (key, width, starts[start], mean, total, covered, expected, count, low, high, version, sent)


def window_keys(windows: WindowStates) -> list[bytes]:
    """Series ids: letters, digits, hyphens and one slash, so nothing to escape."""
    names = windows.reference.lane_series
    return [names[lane].encode() for lane in windows.lane.tolist()]


def window_ids(windows: WindowStates) -> list[bytes]:
    """The id of each event: the same for the same state of the same window."""
    columns = (windows.width_s.tolist(), windows.window_start.tolist(), windows.version.tolist())
    return [b"%b/%d/%d/%d" % row for row in zip(window_keys(windows), *columns, strict=True)]
