"""Bounded memory of what was sent, for clients that come back. Pure.

One ring per (channel, filter), so that ``seq`` rises by exactly one per event of a subscription and
means the same to every client with that filter.
"""

from collections import OrderedDict, deque
from collections.abc import Collection, Iterator

from forecast_service.live.narrow import Event, passes
from gridseal.wire.live import Channel, Filter

Key = tuple[Channel, str | None, str | None]


class Ring:
    """The last ``size`` events of one stream, numbered from ``first_seq`` + 1."""

    def __init__(self, size: int, first_seq: int = 0) -> None:
        self.seq = first_seq
        self._events: deque[Event] = deque(maxlen=size)

    def add(self, event: Event) -> int:
        """Take the next event; its number."""
        self._events.append(event)
        self.seq += 1
        return self.seq

    def since(self, last_seq: int) -> list[tuple[int, Event]] | None:
        """Numbered events after ``last_seq``; none if some of them are gone or it was never reached."""
        missing = self.seq - last_seq
        if missing < 0 or missing > len(self._events):
            return None
        start = len(self._events) - missing
        return [(last_seq + 1 + i, self._events[start + i]) for i in range(missing)]


class Rings:
    """Rings by key, made when first asked for; of those not in use, the one asked for longest ago is forgotten."""

    def __init__(self, *, size: int, keep: int, in_use: Collection[Key] = ()) -> None:
        self._size = size
        self._keep = keep
        self._in_use = in_use
        self._rings: OrderedDict[Key, tuple[Filter, Ring]] = OrderedDict()
        self._counts: dict[Channel, int] = {}

    def ring(self, channel: Channel, wanted: Filter) -> Ring:
        """The ring of a channel under a filter.

        A new one starts at the number of all events of its channel so far. No number that was given
        out under this key before it was forgotten can be greater, so an old position never looks valid.
        """
        key = (channel, wanted.site_id, wanted.series_id)
        if key not in self._rings:
            self._rings[key] = (wanted, Ring(self._size, self._counts.get(channel, 0)))
            self._forget(key)
        self._rings.move_to_end(key)
        return self._rings[key][1]

    def add(self, event: Event) -> Iterator[tuple[Key, int]]:
        """Put the event into every ring that wants it; key and number of each."""
        self._counts[event.channel] = self._counts.get(event.channel, 0) + 1
        for key, (wanted, ring) in self._rings.items():
            if key[0] == event.channel and passes(wanted, event):
                yield key, ring.add(event)

    def _forget(self, newest: Key) -> None:
        idle = [k for k in self._rings if k not in self._in_use and k != newest]
        for key in idle[: max(len(self._rings) - self._keep, 0)]:
            del self._rings[key]
