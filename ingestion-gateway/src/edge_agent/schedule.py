"""Which device speaks next: the one whose next record is oldest. Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple

LEAD_MS: Final = 7 * 86_400_000
"""How far one device may run ahead of the slowest one that still moves."""


class Turn(NamedTuple):
    """Where one device stands."""

    device_id: str
    next_due_ms: int
    has_room: bool
    """Its part of the queue is not full."""
    moving: bool
    """Connected and receipted lately; a device that is not must not hold up the others."""


def next_turn(turns: Iterable[Turn], now_ms: int) -> str | None:
    """The device to make a message for, or None when nothing is due or nothing has room."""
    due = [turn for turn in turns if turn.next_due_ms <= now_ms]
    slowest = min((turn.next_due_ms for turn in due if turn.moving), default=None)
    able = [turn for turn in due if turn.has_room and (slowest is None or turn.next_due_ms <= slowest + LEAD_MS)]
    best = min(able, key=lambda turn: (turn.next_due_ms, turn.device_id), default=None)
    return None if best is None else best.device_id
