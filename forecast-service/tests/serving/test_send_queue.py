"""A slow client gets the newest forecast of each series, and every alert."""

from hypothesis import given
from hypothesis import strategies as st

from forecast_service.live.queue import SendQueue, Waiting

puts = st.lists(st.tuples(st.sampled_from([None, "x", "y"]), st.integers(1, 50)), max_size=80)


@given(puts)
def test_what_has_no_key_arrives_in_order_and_of_each_key_the_newest(frames: list[tuple[str | None, int]]) -> None:
    queue = SendQueue(max_frames=1_000, max_bytes=1_000_000)
    for seq, (key, size) in enumerate(frames, 1):
        queue.put(Waiting("s", seq, key, size), key)

    got = []
    while (item := queue.pop()) is not None:
        got.append(item)

    seqs = [item.seq for item in got]
    assert seqs == sorted(seqs)
    assert [i.seq for i in got if i.data is None] == [n for n, (key, _) in enumerate(frames, 1) if key is None]
    for name in ("x", "y"):
        numbers = [n for n, (key, _) in enumerate(frames, 1) if key == name]
        assert [i.seq for i in got if i.data == name] == numbers[-1:]


@given(puts, st.integers(1, 20), st.integers(1, 400))
def test_the_queue_is_over_exactly_when_what_waits_passes_a_limit(
    frames: list[tuple[str | None, int]], max_frames: int, max_bytes: int
) -> None:
    queue = SendQueue(max_frames=max_frames, max_bytes=max_bytes)
    waiting: dict[object, int] = {}
    for n, (key, size) in enumerate(frames):
        queue.put(Waiting("s", n, None, size), key)
        waiting[n if key is None else key] = size

        assert queue.over == (len(waiting) > max_frames or sum(waiting.values()) > max_bytes)


def test_two_subscriptions_do_not_replace_each_other() -> None:
    queue = SendQueue(max_frames=10, max_bytes=1_000)

    queue.put(Waiting("one", 1, None, 1), "x")
    replaced = queue.put(Waiting("two", 1, None, 1), "x")

    assert not replaced
    assert len(queue) == 2


def test_an_ended_subscription_leaves_nothing_behind() -> None:
    queue = SendQueue(max_frames=10, max_bytes=10)
    queue.put(Waiting("one", 1, None, 11))

    queue.forget("one")

    assert queue.pop() is None
    assert not queue.over
