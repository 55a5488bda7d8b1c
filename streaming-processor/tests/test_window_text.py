"""Many windows at once have the same bytes as each alone."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gridseal.wire.codec import encode
from gridseal.wire.windows import Window
from streaming_processor.window_states import newest_state_of_each
from streaming_processor.window_text import encode_windows, window_ids, window_keys

from .builders import START_S, a_reference, states_of

REFERENCE = a_reference()
LARGE = st.integers(-(2**62), 2**62)
windows = st.builds(
    Window,
    series_id=st.sampled_from(["site/a", "site/net"]),
    width_s=st.sampled_from([900, 3_600]),
    window_start=st.integers(0, 50).map(lambda n: START_S + n * 3_600).map(lambda s: datetime.fromtimestamp(s, UTC)),
    mean_milli=LARGE,
    weighted_sum=LARGE,
    covered_s=st.integers(1, 3_600),
    expected_s=st.just(3_600),
    count=st.integers(1, 1_000),
    min_milli=LARGE,
    max_milli=LARGE,
    version=st.integers(1, 10**6),
    sent_at_ms=st.integers(0, 2**53),
)


@given(st.lists(windows, max_size=5))
def test_the_bytes_are_those_of_the_codec(some: list[Window]) -> None:
    states = states_of(REFERENCE, *some)

    assert list(encode_windows(states)) == [encode(window) for window in states]
    assert list(states) == some
    assert window_keys(states) == [w.series_id.encode() for w in some]
    assert window_ids(states) == [
        f"{w.series_id}/{w.width_s}/{int(w.window_start.timestamp())}/{w.version}".encode() for w in some
    ]


@given(st.lists(windows, max_size=8))
def test_of_several_states_the_highest_version_stays(some: list[Window]) -> None:
    highest: dict[tuple[str, int, object], int] = {}
    for w in some:
        place = (w.series_id, w.width_s, w.window_start)
        highest[place] = max(highest.get(place, 0), w.version)

    kept = newest_state_of_each(states_of(REFERENCE, *some))

    assert {(w.series_id, w.width_s, w.window_start): w.version for w in kept} == highest
    assert len(kept) == len(highest)
