"""PUBACKs in receive order: MQTT asks for it, while Kafka confirms in any order."""

from collections import deque
from typing import Generic, Protocol, TypeVar


class Finished(Protocol):
    """Something that stands in line and knows whether it is done."""

    done: bool


T = TypeVar("T", bound=Finished)


class AckLine(Generic[T]):
    """The messages of one connection in the order received; only a finished prefix is let go.

    Packet ids are used again after a reconnect, so ``restart`` voids everything outstanding.
    """

    def __init__(self) -> None:
        self._waiting: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, message: T) -> None:
        """Stand a message at the end of the line."""
        self._waiting.append(message)

    def release(self) -> list[T]:
        """What may be acknowledged now, oldest first; it leaves the line."""
        waiting, free = self._waiting, []
        while waiting and waiting[0].done:
            free.append(waiting.popleft())
        return free

    def restart(self) -> None:
        """Forget everything outstanding: the broker sends it again under new packet ids."""
        self._waiting.clear()
