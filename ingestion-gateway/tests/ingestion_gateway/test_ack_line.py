"""PUBACKs leave in receive order, and only for what is done."""

from dataclasses import dataclass
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ingestion_gateway.ack_line import AckLine


@dataclass
class Message:
    name: str | int
    done: bool = False


def names(released: list[Message]) -> list[str | int]:
    return [message.name for message in released]


def test_a_message_waits_for_those_received_before_it() -> None:
    line: AckLine[Message] = AckLine()
    first, second, third = messages = [Message(name) for name in "abc"]
    for message in messages:
        line.take(message)

    second.done = True
    assert line.release() == []
    first.done = True
    assert names(line.release()) == ["a", "b"]
    third.done = True
    assert names(line.release()) == ["c"]
    assert len(line) == 0


def test_a_message_is_released_once() -> None:
    line: AckLine[Message] = AckLine()
    line.take(Message("a", done=True))

    assert names(line.release()) == ["a"]
    assert line.release() == []


def test_after_a_restart_old_messages_acknowledge_nothing() -> None:
    line: AckLine[Message] = AckLine()
    old, new = Message("old"), Message("new")
    line.take(old)
    line.restart()
    line.take(new)

    old.done = True
    assert line.release() == []
    new.done = True
    assert names(line.release()) == ["new"]


@given(st.permutations(list(range(12))), st.integers(0, 12))
def test_any_order_of_confirmation_gives_the_receive_order(order: list[int], confirmed: int) -> None:
    line: AckLine[Message] = AckLine()
    messages = [Message(number) for number in range(12)]
    for message in messages:
        line.take(message)
    released: list[str | int] = []
    for number in order[:confirmed]:
        messages[number].done = True
        released += names(line.release())
        assert released == list(range(len(released)))
        assert set(released) <= set(order[:confirmed])

    done = set(order[:confirmed])
    assert released == list(range(next((number for number in range(12) if number not in done), 12)))


@given(st.lists(st.sampled_from(["take", "settle", "restart"]), max_size=60), st.randoms(use_true_random=False))
def test_nothing_is_released_twice_or_before_it_is_done(steps: list[str], random: Random) -> None:
    line: AckLine[Message] = AckLine()
    messages: list[Message] = []
    released: list[Message] = []
    for step in steps:
        if step == "take":
            messages.append(Message(len(messages)))
            line.take(messages[-1])
        elif step == "restart":
            line.restart()
        elif messages:
            random.choice(messages).done = True
            released += line.release()
    assert len(names(released)) == len(set(names(released)))
    assert all(message.done for message in released)
