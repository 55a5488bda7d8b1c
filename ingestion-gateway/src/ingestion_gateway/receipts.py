"""Receipts gathered per device until they are sent: cumulative ranges, few messages."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gridseal.wire.receipts import Receipt, RefusedSeq
from ingestion_gateway.accept import MessageId

MAX_ENTRIES = 1_000
"""Most ranges or refusals in one receipt, so that it stays a small message."""


@dataclass(slots=True)
class _Entries:
    delivered: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddressedReceipt:
    """A receipt and the MQTT topic whose owner it is for."""

    topic: str
    receipt: Receipt


class ReceiptBook:
    """What devices are still to be told."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, str], _Entries] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def delivered(self, topic: str, device_id: str, message: MessageId) -> None:
        """Kafka has the message on its telemetry topic."""
        self._entries(topic, device_id, message).delivered.add(message.seq)

    def refused(self, topic: str, device_id: str, message: MessageId, reason: str) -> None:
        """Kafka has the message on ``dead-letter``; it will never be delivered."""
        self._entries(topic, device_id, message).refused[message.seq] = reason

    def close(self, issued_at_ms: int) -> list[AddressedReceipt]:
        """Everything gathered, as receipts; the book is empty afterwards."""
        receipts = [
            AddressedReceipt(
                topic,
                Receipt(
                    device_id=device_id,
                    boot_id=boot_id,
                    ranges=ranges,
                    refused=refused,
                    issued_at_ms=issued_at_ms,
                ),
            )
            for (topic, device_id, boot_id), entries in self._open.items()
            for ranges, refused in _pieces(entries)
        ]
        self._open.clear()
        return receipts

    def _entries(self, topic: str, device_id: str, message: MessageId) -> _Entries:
        return self._open.setdefault((topic, device_id, message.boot_id), _Entries())


def ranges_of(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Inclusive ranges that cover exactly these numbers, ascending, as few as possible."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _pieces(entries: _Entries) -> list[tuple[tuple[tuple[int, int], ...], tuple[RefusedSeq, ...]]]:
    ranges = ranges_of(entries.delivered)
    refused = [RefusedSeq(seq=seq, reason=reason) for seq, reason in sorted(entries.refused.items())]
    length = max(len(ranges), len(refused))
    return [
        (tuple(ranges[at : at + MAX_ENTRIES]), tuple(refused[at : at + MAX_ENTRIES]))
        for at in range(0, length, MAX_ENTRIES)
    ]
