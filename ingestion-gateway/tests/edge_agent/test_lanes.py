"""When a message is sent, and when again."""

from edge_agent.lanes import Lane, moving
from edge_agent.queue import Queued
from edge_agent.schedule import LEAD_MS, Turn, next_turn


def a_lane(messages: int = 3, window: int = 2, ready: bool = True) -> Lane:
    lane = Lane("meter-1", window, timeout_s=20.0, ready=ready)
    lane.waiting.extend(Queued(n, "meter-1", "b" * 16, n, 1, 0) for n in range(1, messages + 1))
    return lane


def send(lane: Lane, now: float = 0.0) -> list[int]:
    sent = []
    while (message := lane.next_to_send(now)) is not None:
        lane.sent(100 + message.id, now)
        sent.append(message.id)
    return sent


def test_no_more_than_the_window_is_in_flight_and_a_receipt_makes_room() -> None:
    lane = a_lane()

    assert send(lane) == [1, 2]
    lane.settled(1, now=1.0)
    assert send(lane, now=1.0) == [3]


def test_nothing_is_sent_before_the_receipt_topic_is_subscribed() -> None:
    assert send(a_lane(ready=False)) == []


def test_an_acknowledged_message_without_a_receipt_is_sent_again_after_the_timeout() -> None:
    lane = a_lane()
    send(lane)
    lane.acknowledged(101)

    assert lane.overdue(19.9) is None
    overdue = lane.overdue(20.0)
    assert overdue is not None
    assert overdue.message.id == 1


def test_while_the_far_side_is_silent_only_the_oldest_is_tried_less_and_less_often() -> None:
    lane = a_lane()
    send(lane)
    lane.acknowledged(101)
    lane.acknowledged(102)
    tries, now = [], 0.0
    while now < 1_000:
        now += 1.0
        flight = lane.overdue(now)
        if flight is not None:
            assert flight.message.id == 1
            lane.sent_again(flight, 200, now)
            lane.acknowledged(200)
            tries.append(now)

    assert tries == [20.0, 60.0, 140.0, 300.0, 620.0, 940.0]


def test_receipts_that_come_in_hold_back_what_is_old() -> None:
    lane = a_lane()
    send(lane)
    lane.acknowledged(102)
    lane.settled(1, now=60.0)

    assert lane.overdue(60.5) is None
    assert lane.overdue(61.0) is not None


def test_a_message_the_broker_has_not_acknowledged_is_left_to_the_client() -> None:
    lane = a_lane()
    send(lane)

    assert lane.overdue(1_000.0) is None


def test_a_publish_for_nobody_goes_back_in_front_and_waits_longer_each_time() -> None:
    lane = a_lane(window=1)
    pauses = []
    now = 0.0
    for _ in range(8):
        send(lane, now)
        pauses.append(lane.not_delivered(101, now))
        assert lane.next_to_send(now + pauses[-1] - 0.01) is None
        now += pauses[-1]
        assert (message := lane.next_to_send(now)) is not None
        assert message.id == 1

    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]
    send(lane, now)
    lane.acknowledged(101)
    assert lane.not_delivered(101, now) == 0.5


def test_a_window_refused_together_is_one_refusal() -> None:
    lane = a_lane()
    send(lane)

    first, second = lane.not_delivered(101, 0.0), lane.not_delivered(102, 0.1)

    assert (first, second) == (0.5, 0.4)
    assert lane.refusals == 1
    assert [message.id for message in lane.waiting] == [1, 2, 3]


def test_after_a_reconnect_the_broker_gets_again_what_it_acknowledged() -> None:
    lane = a_lane()
    send(lane)
    lane.acknowledged(101)
    lane.ready = False

    lane.connected()

    assert [message.id for message in lane.waiting] == [1, 3]
    assert list(lane.flying) == [2]


def test_what_was_not_acknowledged_before_a_reconnect_is_left_to_the_client() -> None:
    lane = a_lane()
    send(lane)

    lane.connected()

    assert list(lane.flying) == [1, 2]


def test_a_receipt_for_a_message_that_waits_takes_it_out() -> None:
    lane = a_lane()
    lane.settled(2, now=0.0)

    assert send(lane) == [1, 3]


def test_a_lane_moves_while_it_is_connected_and_receipted() -> None:
    lane = a_lane()
    assert moving(lane, 1_000.0)
    send(lane, now=1_000.0)
    assert moving(lane, 1_029.0)
    assert not moving(lane, 1_031.0)


def a_turn(name: str, due_ms: int, *, room: bool = True, moves: bool = True) -> Turn:
    return Turn(name, due_ms, room, moves)


def test_the_oldest_is_next() -> None:
    assert next_turn([a_turn("b", 5), a_turn("a", 3), a_turn("c", 9)], now_ms=6) == "a"


def test_nothing_is_due_before_its_period_is_over() -> None:
    assert next_turn([a_turn("a", 7)], now_ms=6) is None


def test_a_device_without_room_is_passed_over_but_never_left_far_behind() -> None:
    slow = a_turn("slow", 0, room=False)

    assert next_turn([slow, a_turn("quick", LEAD_MS)], now_ms=10 * LEAD_MS) == "quick"
    assert next_turn([slow, a_turn("quick", LEAD_MS + 1)], now_ms=10 * LEAD_MS) is None


def test_a_device_that_does_not_move_holds_up_nobody() -> None:
    dead = a_turn("dead", 0, room=False, moves=False)

    assert next_turn([dead, a_turn("quick", 5 * LEAD_MS)], now_ms=10 * LEAD_MS) == "quick"
