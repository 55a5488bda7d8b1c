"""What a device is told about its messages."""

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.codec import decode
from gridseal.wire.receipts import Receipt
from gridseal.wire.signing import signing_bytes, verified
from ingestion_gateway.accept import MessageId
from ingestion_gateway.receipt_life import KEPT_REFUSED, MAX_ENTRIES, Life
from ingestion_gateway.receipts import MAX_LIVES, ReceiptBook

from .builders import BOOT_ID, RECEIPT_TOPIC

KEY = SigningKey.new()
DEVICE = "home-01-pv"


def a_book(most_at_once: int = 100) -> ReceiptBook:
    return ReceiptBook(KEY, most_at_once=most_at_once)


def told(book: ReceiptBook) -> list[Receipt]:
    return [decode(Receipt, content) for _, content in book.close(5, everything=True)]


def deliver(book: ReceiptBook, *seqs: int, boot_id: str = BOOT_ID) -> None:
    for seq in seqs:
        book.delivered(RECEIPT_TOPIC, DEVICE, MessageId(boot_id, seq))


def test_a_receipt_speaks_for_everything_so_far() -> None:
    book = a_book()
    deliver(book, 0, 1, 2)
    told(book)
    deliver(book, 3, 5)

    (receipt,) = told(book)

    assert (receipt.through, receipt.ranges) == (3, ((5, 5),))
    assert not book
    assert told(book) == []


def test_a_refused_message_is_named_again_so_that_a_lost_receipt_does_not_make_it_look_delivered() -> None:
    book = a_book()
    deliver(book, 0)
    book.refused(RECEIPT_TOPIC, DEVICE, MessageId(BOOT_ID, 1), "wrong_unit")
    told(book)
    deliver(book, 2)

    (receipt,) = told(book)

    assert receipt.through == 2
    assert [(entry.seq, entry.reason) for entry in receipt.refused] == [(1, "wrong_unit")]


def test_every_refusal_is_named_once_at_least() -> None:
    book = a_book()
    for seq in range(5 * KEPT_REFUSED):
        book.refused(RECEIPT_TOPIC, DEVICE, MessageId(BOOT_ID, seq), "wrong_unit")

    assert {entry.seq for receipt in told(book) for entry in receipt.refused} == set(range(5 * KEPT_REFUSED))
    deliver(book, 5 * KEPT_REFUSED)
    assert len(told(book)[0].refused) == KEPT_REFUSED


def test_the_signature_is_that_of_the_key_over_the_canonical_form() -> None:
    book = a_book()
    deliver(book, 0, 7, 9)
    book.refused(RECEIPT_TOPIC, DEVICE, MessageId(BOOT_ID, 8), "wrong_unit")

    ((topic, content),) = book.close(5)
    receipt: dict[str, Any] = json.loads(content)

    assert topic == RECEIPT_TOPIC
    assert receipt["key_id"] == KEY.key_id
    assert verified(receipt, KEY.public)
    assert not verified(receipt | {"through": 9}, KEY.public)
    unsigned = {name: value for name, value in receipt.items() if name != "signature"}
    assert signing_bytes(receipt) == rfc8785.dumps(unsigned)
    assert content.startswith(rfc8785.dumps(unsigned)[:-1])


def test_another_life_of_the_device_gets_its_own_receipt() -> None:
    book = a_book()
    deliver(book, 1)
    deliver(book, 1, boot_id="f" * 16)

    assert {receipt.boot_id for receipt in told(book)} == {BOOT_ID, "f" * 16}


def test_a_message_that_comes_again_is_known_and_named_again() -> None:
    book = a_book()
    deliver(book, *range(0, 3 * MAX_ENTRIES, 2))
    told(book)
    seq = 3 * MAX_ENTRIES - 4

    assert book.already(DEVICE, BOOT_ID, seq)
    assert not book.already(DEVICE, BOOT_ID, seq + 1)
    assert not book.already(DEVICE, "f" * 16, seq)
    book.remind(RECEIPT_TOPIC, DEVICE, MessageId(BOOT_ID, 2 * MAX_ENTRIES))
    (receipt,) = told(book)
    assert (2 * MAX_ENTRIES, 2 * MAX_ENTRIES) in receipt.ranges


def test_a_device_whose_numbers_jump_costs_bounded_memory_and_small_receipts() -> None:
    book = a_book()
    named: set[int] = set()
    for seq in range(0, 6 * MAX_ENTRIES, 2):
        deliver(book, seq)
        if seq % 100 == 0:
            named |= {first for receipt in told(book) for first, _ in receipt.ranges} | {0}
    contents = book.close(5)
    named |= {first for _, content in contents for first, _ in json.loads(content)["ranges"]}

    assert named == set(range(0, 6 * MAX_ENTRIES, 2))
    assert all(len(content) < 32_768 for _, content in contents)
    (life,) = book.changed(10)
    assert len(life.ranges()) == MAX_ENTRIES


def test_a_device_that_invents_lives_is_remembered_by_its_newest() -> None:
    book = a_book()
    for number in range(3 * MAX_LIVES):
        deliver(book, 0, boot_id=f"{number:016x}")

    assert len(book) == MAX_LIVES
    assert book.already(DEVICE, f"{3 * MAX_LIVES - 1:016x}", 0)


def test_with_many_devices_waiting_the_first_in_line_are_told_first() -> None:
    book = a_book(most_at_once=2)
    for number in range(5):
        book.delivered(RECEIPT_TOPIC, f"device-{number}", MessageId(BOOT_ID, 0))

    rounds = []
    while book:
        rounds.append([decode(Receipt, content).device_id[-1] for _, content in book.close(5)])

    assert rounds == [["0", "1"], ["2", "3"], ["4"]]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)), max_size=40))
def test_ranges_cover_exactly_the_numbers_with_as_few_as_possible(added: list[tuple[int, int]]) -> None:
    life = Life(DEVICE, BOOT_ID)
    numbers: set[int] = set()
    for first, length in added:
        life.merge([(first, first + length)], {})
        numbers |= set(range(first, first + length + 1))

    ranges = life.durable()

    assert {n for first, last in ranges for n in range(first, last + 1)} == numbers
    assert all(second[0] - first[1] > 1 for first, second in pairwise(ranges))
    assert {n for n in range(80) if n in life} == numbers
    assert (life.through >= 0) == (0 in numbers)


@dataclass
class World:
    """One device, its gateway, and a store that lags; ``true`` is what Kafka really has."""

    book: ReceiptBook = field(default_factory=a_book)
    true: dict[int, str] = field(default_factory=dict)
    stored: tuple[list[tuple[int, int]], dict[int, str]] = field(default_factory=lambda: ([], {}))
    heard: dict[int, str] = field(default_factory=dict)

    def take(self, seq: int, reason: str) -> None:
        """The gateway gets a message, perhaps again."""
        message = MessageId(BOOT_ID, seq)
        if self.book.already(DEVICE, BOOT_ID, seq):
            assert seq in self.true, "taken for durable and is not"
            self.book.remind(RECEIPT_TOPIC, DEVICE, message)
        elif self.true.setdefault(seq, reason):
            self.book.refused(RECEIPT_TOPIC, DEVICE, message, self.true[seq])
        else:
            self.book.delivered(RECEIPT_TOPIC, DEVICE, message)

    def flush(self) -> None:
        for life in self.book.changed(10):
            self.stored = (life.durable(), dict(life.refused))

    def crash(self) -> None:
        self.book = a_book()
        self.book.merge(DEVICE, BOOT_ID, *self.stored)

    def close(self, *, lost: bool) -> None:
        for receipt in told(self.book):
            claimed = {n for first, last in ((0, receipt.through), *receipt.ranges) for n in range(first, last + 1)}
            refused = {entry.seq: entry.reason for entry in receipt.refused}
            assert claimed | refused.keys() <= self.true.keys(), "claims what is not durable"
            assert all(self.true[seq] == reason for seq, reason in refused.items())
            if not lost:
                for seq in claimed | refused.keys():
                    self.heard.setdefault(seq, refused.get(seq, ""))


STEPS = st.one_of(
    st.tuples(st.just("take"), st.integers(0, 50), st.sampled_from(["", "", "", "wrong_unit", "malformed"])),
    st.tuples(st.just("close"), st.booleans()),
    st.tuples(st.sampled_from(["flush", "crash"])),
)


@given(st.lists(STEPS, max_size=120))
def test_receipts_never_claim_too_much_and_in_the_end_cover_everything(steps: list[tuple[Any, ...]]) -> None:
    """Any order of deliveries, repeats, lost receipts, flushes and crashes; then the device sends what is left."""
    world = World()
    sent = {step[1] for step in steps if step[0] == "take"}
    for name, *values in steps:
        if name == "take":
            world.take(*values)
        elif name == "close":
            world.close(lost=values[0])
        elif name == "flush":
            world.flush()
        else:
            world.crash()

    for seq in sorted(sent - world.heard.keys()):
        world.take(seq, "")
    world.close(lost=False)

    assert world.heard.keys() == sent
    assert world.heard == {seq: world.true[seq] for seq in sent}


def test_one_receipt_of_a_life_per_interval_is_kept_as_it_was_signed() -> None:
    book = ReceiptBook(KEY, keep_every_ms=1_000)
    sent = []
    for at in (5_000, 5_999, 6_000):
        deliver(book, len(sent))
        sent += [content for _, content in book.close(at)]

    taken = book.to_keep(10)
    assert [(life.device_id, at, content) for life, at, content in taken] == [(DEVICE, 6_000, sent[2])]
    assert book.to_keep(10) == []
    book.keep_again(taken)
    assert book.to_keep(10) == taken


def test_without_an_interval_no_receipt_is_kept() -> None:
    book = a_book()
    deliver(book, 0)
    told(book)

    assert book.to_keep(10) == []
