"""PUBACKs in receive order: MQTT asks for it, while Kafka confirms in any order."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class AckLine(Generic[T]):
    """The messages of one connection in the order received; only a finished prefix is let go.

    Packet ids are used again after a reconnect, so ``restart`` voids everything outstanding.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[T, bool]] = deque()
        self._first = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, tag: T) -> int:
        """Stand a message at the end of the line and return its ticket."""
        self._waiting.append((tag, False))
        return self._first + len(self._waiting) - 1

    def settle(self, ticket: int) -> list[T]:
        """Note that a message is done; return the tags that may be acknowledged now, oldest first.

        A ticket from before a restart, or settled before, changes nothing.
        """
        place = ticket - self._first
        if not 0 <= place < len(self._waiting):
            return []
        self._waiting[place] = (self._waiting[place][0], True)
        done: list[T] = []
        while self._waiting and self._waiting[0][1]:
            done.append(self._waiting.popleft()[0])
        self._first += len(done)
        return done

    def restart(self) -> None:
        """Forget everything outstanding: the broker sends it again under new packet ids."""
        self._first += len(self._waiting)
        self._waiting.clear()
