"""What waits to be sent to one slow client. Pure."""

from collections import OrderedDict
from typing import NamedTuple

from forecast_service.live.narrow import Event


class Waiting(NamedTuple):
    """One frame in waiting: a delta of a subscription, or a frame that is sent as it is."""

    subscription: str | None
    seq: int
    data: Event | str
    """What a delta tells, or the whole frame as JSON."""
    size: int


class SendQueue:
    """In order, bounded in frames and bytes.

    A delta replaces one that waits under the same key, so a client that cannot keep up gets the
    newest forecast of each series; it sees the jump in ``seq``. What has no key is never dropped:
    where it does not fit, the queue is over its limit and the connection must end.
    """

    def __init__(self, *, max_frames: int, max_bytes: int) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._waiting: OrderedDict[object, Waiting] = OrderedDict()
        self._bytes = 0
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def over(self) -> bool:
        """Whether the hard limit is passed."""
        return len(self._waiting) > self._max_frames or self._bytes > self._max_bytes

    def put(self, item: Waiting, replaces: str | None = None) -> bool:
        """Add a frame; whether it took the place of an older one."""
        self._count += 1
        key: object = self._count if replaces is None else (item.subscription, replaces)
        old = self._waiting.pop(key, None)
        if old is not None:
            self._bytes -= old.size
        self._waiting[key] = item
        self._bytes += item.size
        return old is not None

    def pop(self) -> Waiting | None:
        """The oldest frame, or none."""
        if not self._waiting:
            return None
        _, item = self._waiting.popitem(last=False)
        self._bytes -= item.size
        return item

    def forget(self, subscription: str) -> None:
        """Drop what waits for a subscription that has ended."""
        for key in [k for k, item in self._waiting.items() if item.subscription == subscription]:
            self._bytes -= self._waiting.pop(key).size
