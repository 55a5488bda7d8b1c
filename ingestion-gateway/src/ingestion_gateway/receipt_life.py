"""What is durable of one life (``boot_id``) of one device: pure, and bounded whatever the device numbers.

A device that counts 0, 1, 2, … costs one number here. One whose numbers jump costs a range per jump;
of those the newest ``MAX_ENTRIES`` are remembered. What is forgotten is only taken for new when it
comes again: it then goes to Kafka a second time, and the store drops it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

MAX_ENTRIES: Final = 1_000
"""Most ranges remembered above ``through``, and most ranges or refusals in one receipt."""
KEPT_REFUSED: Final = 64
"""Newest refusals remembered with their reason. Every receipt names them again: one that got lost must
not make a device believe that a refused message was delivered. More than a device has in flight."""


@dataclass(slots=True, eq=False)
class Life:
    """Durable messages of one life of a device, and what of them it has not been told yet."""

    device_id: str
    boot_id: str
    topic: str = ""
    """Where its receipts go; empty until the device was heard in this process."""
    through: int = -1
    refused: dict[int, str] = field(default_factory=dict)
    untold: list[int] = field(default_factory=list)
    """Above ``through`` when they came, and not named yet."""
    untold_refused: dict[int, str] = field(default_factory=dict)
    keep_from_ms: int = 0
    """Wall clock from which its next receipt is kept for auditors."""
    _firsts: list[int] = field(default_factory=list)
    _lasts: list[int] = field(default_factory=list)

    def __contains__(self, seq: int) -> bool:
        if seq <= self.through:
            return True
        place = bisect_right(self._firsts, seq) - 1
        return place >= 0 and seq <= self._lasts[place]

    def add(self, seq: int) -> None:
        """The message is durable."""
        if seq == self.through + 1 and not self._firsts:
            self.through = seq
        elif seq > self.through:
            self._insert(seq, seq)
            self.untold.append(seq)

    def refuse(self, seq: int, reason: str) -> None:
        """The message is durable on ``dead-letter``."""
        self.add(seq)
        self.refused[seq] = self.untold_refused[seq] = reason
        if len(self.refused) > KEPT_REFUSED:
            del self.refused[next(iter(self.refused))]

    def remind(self, seq: int) -> None:
        """Name a durable message again: its device has not heard of it."""
        if seq > self.through:
            self.untold.append(seq)

    def merge(self, ranges: Iterable[tuple[int, int]], refused: dict[int, str]) -> None:
        """Take over what an earlier process, or another replica, made durable."""
        for first, last in ranges:
            if last > self.through:
                self._insert(max(first, self.through + 1), last)
        self.refused = dict(list((refused | self.refused).items())[-KEPT_REFUSED:])

    def ranges(self) -> list[tuple[int, int]]:
        """Inclusive ranges above ``through``, ascending."""
        return list(zip(self._firsts, self._lasts, strict=True))

    def durable(self) -> list[tuple[int, int]]:
        """Everything durable as inclusive ranges, the prefix among them."""
        return ([(0, self.through)] if self.through >= 0 else []) + self.ranges()

    def to_tell(self) -> tuple[Sequence[tuple[int, int]], Sequence[tuple[int, str]]]:
        """Ranges and refusals for the next receipts; afterwards nothing is untold.

        All that was not told yet, and beside it the newest ranges and refusals told before, so that a
        receipt that got lost is made up for by the next one.
        """
        ranges = self.ranges()
        if len(ranges) > KEPT_REFUSED:
            named = {bisect_right(self._firsts, seq) - 1 for seq in self.untold if seq > self.through}
            named.update(range(len(ranges) - KEPT_REFUSED, len(ranges)))
            ranges = [ranges[place] for place in sorted(named) if place >= 0]
        refused = sorted((self.refused | self.untold_refused).items()) if self.refused else []
        self.untold.clear()
        self.untold_refused.clear()
        return ranges, refused

    def _insert(self, first: int, last: int) -> None:
        """Unite ``[first, last]``, all above ``through``, with what is there."""
        firsts, lasts = self._firsts, self._lasts
        begin = bisect_right(lasts, first - 2)
        end = bisect_right(firsts, last + 1)
        if begin < end:
            first, last = min(first, firsts[begin]), max(last, lasts[end - 1])
        firsts[begin:end], lasts[begin:end] = [first], [last]
        if firsts[0] <= self.through + 1:
            self.through = lasts.pop(0)
            del firsts[0]
        elif len(firsts) > MAX_ENTRIES:
            del firsts[0], lasts[0]
