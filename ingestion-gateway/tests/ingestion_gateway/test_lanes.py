"""A flood waits its turn, and nothing is thrown away for it."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingestion_gateway.lanes import DeviceLanes
from ingestion_gateway.ports import Held, Received


def a_message(topic: str, number: int = 0) -> Held:
    return Held(Received(1, number, topic, b"", "", 0), 0.0)


def told(messages: list[Held]) -> list[tuple[str, int]]:
    return [(held.received.topic, held.received.packet_id) for held in messages]


class Hands:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_within_its_rate_a_device_is_served_at_once() -> None:
    clock = Hands()
    lanes = DeviceLanes(10, burst=2, most_waiting=5, clock=clock)
    assert len(lanes.admit([a_message("a"), a_message("a")])) == 2

    clock.now = 0.1
    assert len(lanes.admit([a_message("a")])) == 1
    assert (len(lanes), lanes.slowed) == (0, 0)


def test_beyond_its_rate_a_device_waits_and_the_lanes_take_turns() -> None:
    lanes = DeviceLanes(10, burst=1, most_waiting=10, clock=Hands())
    arrived = [a_message(topic, n) for topic, n in (("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("c", 1))]

    assert told(list(lanes.admit(arrived))) == [("a", 1), ("b", 1), ("c", 1)]
    assert lanes.waiting() == {"a": 2, "b": 1}
    assert told(lanes.some(2)) == [("a", 2), ("b", 2)]
    assert told(lanes.some(2)) == [("a", 3)]
    assert not lanes


def test_lanes_are_bounded_and_what_is_beyond_is_served_not_dropped() -> None:
    lanes = DeviceLanes(10, burst=1, most_waiting=2, clock=Hands())

    assert len(lanes.admit([a_message("a", n) for n in range(6)])) == 4
    assert len(lanes) == 2


def test_without_a_rate_there_are_no_lanes() -> None:
    lanes = DeviceLanes(0, burst=1, most_waiting=1)

    assert len(lanes.admit([a_message("a")] * 50)) == 50


@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=12), max_size=12),
    st.integers(1, 5),
    st.integers(0, 8),
    st.integers(0, 4),
)
def test_every_message_is_served_once_and_each_device_in_its_order(
    bunches: list[list[str]], burst: int, most: int, turn: int
) -> None:
    clock = Hands()
    lanes = DeviceLanes(3, burst=burst, most_waiting=most, clock=clock)
    numbers: Counter[str] = Counter()
    served: list[Held] = []
    for bunch in bunches:
        clock.now += 0.2
        arrived = []
        for topic in bunch:
            numbers[topic] += 1
            arrived.append(a_message(topic, numbers[topic]))
        served += lanes.admit(arrived)
        assert len(lanes) <= most
        served += lanes.some(turn)
    served += lanes.some(10_000)

    for topic, count in numbers.items():
        assert [n for t, n in told(served) if t == topic] == list(range(1, count + 1))
    assert len(served) == sum(numbers.values())
