"""What a device is told about its messages."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gridseal.wire.codec import encode
from gridseal.wire.receipts import RefusedSeq
from ingestion_gateway.accept import MessageId
from ingestion_gateway.receipts import MAX_ENTRIES, ReceiptBook, ranges_of

from .builders import BOOT_ID, RECEIPT_TOPIC


def test_messages_of_one_life_of_a_device_share_a_receipt() -> None:
    book = ReceiptBook()
    for seq in (3, 1, 2, 9):
        book.delivered(RECEIPT_TOPIC, "home-01-pv", MessageId(BOOT_ID, seq))
    book.refused(RECEIPT_TOPIC, "home-01-pv", MessageId(BOOT_ID, 4), "wrong_unit")

    (addressed,) = book.close(issued_at_ms=5)

    assert addressed.topic == RECEIPT_TOPIC
    assert addressed.receipt.ranges == ((1, 3), (9, 9))
    assert addressed.receipt.refused == (RefusedSeq(seq=4, reason="wrong_unit"),)
    assert not book
    assert book.close(issued_at_ms=6) == []


def test_another_life_of_the_device_gets_its_own_receipt() -> None:
    book = ReceiptBook()
    book.delivered(RECEIPT_TOPIC, "home-01-pv", MessageId(BOOT_ID, 1))
    book.delivered(RECEIPT_TOPIC, "home-01-pv", MessageId("f" * 16, 1))

    assert {addressed.receipt.boot_id for addressed in book.close(issued_at_ms=0)} == {BOOT_ID, "f" * 16}


def test_a_receipt_with_many_holes_is_cut_into_small_messages() -> None:
    book = ReceiptBook()
    for seq in range(0, 5 * MAX_ENTRIES, 2):
        book.delivered(RECEIPT_TOPIC, "home-01-pv", MessageId(BOOT_ID, seq))

    receipts = book.close(issued_at_ms=0)

    assert sum(len(addressed.receipt.ranges) for addressed in receipts) == 5 * MAX_ENTRIES // 2
    assert all(len(encode(addressed.receipt)) < 65_536 for addressed in receipts)


@given(st.sets(st.integers(0, 200)))
def test_ranges_cover_exactly_the_numbers_with_as_few_as_possible(numbers: set[int]) -> None:
    ranges = ranges_of(numbers)

    assert {n for first, last in ranges for n in range(first, last + 1)} == numbers
    assert all(second[0] - first[1] > 1 for first, second in pairwise(ranges))
