"""PUBACKs leave in receive order, and only for what is done."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_gateway.ack_line import AckLine


def test_a_message_waits_for_those_received_before_it() -> None:
    line: AckLine[str] = AckLine()
    first, second, third = (line.take(tag) for tag in "abc")

    assert line.settle(second) == []
    assert line.settle(first) == ["a", "b"]
    assert line.settle(third) == ["c"]
    assert len(line) == 0


def test_a_ticket_counts_once() -> None:
    line: AckLine[str] = AckLine()
    ticket = line.take("a")

    assert line.settle(ticket) == ["a"]
    assert line.settle(ticket) == []


def test_after_a_restart_old_tickets_acknowledge_nothing() -> None:
    line: AckLine[str] = AckLine()
    old = line.take("old")
    line.restart()
    new = line.take("new")

    assert line.settle(old) == []
    assert line.settle(new) == ["new"]


@given(st.permutations(list(range(12))), st.integers(0, 12))
def test_any_order_of_confirmation_gives_the_receive_order(order: list[int], confirmed: int) -> None:
    line: AckLine[int] = AckLine()
    tickets = [line.take(number) for number in range(12)]
    released: list[int] = []
    for number in order[:confirmed]:
        released += line.settle(tickets[number])
        assert released == list(range(len(released)))
        assert set(released) <= set(order[:confirmed])

    done = set(order[:confirmed])
    prefix = next((number for number in range(12) if number not in done), 12)
    assert released == list(range(prefix))


@given(st.lists(st.sampled_from(["take", "settle", "restart"]), max_size=60), st.randoms(use_true_random=False))
def test_nothing_is_released_twice_or_before_it_is_done(steps: list[str], random) -> None:  # type: ignore[no-untyped-def]
    line: AckLine[int] = AckLine()
    tickets: list[int] = []
    done: set[int] = set()
    released: list[int] = []
    for step in steps:
        if step == "take":
            tickets.append(line.take(len(tickets)))
        elif step == "restart":
            line.restart()
        elif tickets:
            number = random.randrange(len(tickets))
            done.add(number)
            released += line.settle(tickets[number])
    assert released == sorted(set(released))
    assert set(released) <= done
