"""Takes events in, hands them to every subscription that wants them."""

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

from forecast_service.live.narrow import SNAPSHOT_KEEPS, Event, passes
from forecast_service.live.ring import Key, Ring, Rings
from forecast_service.live.written import Batch, Written
from gridseal.wire.live import Channel, Filter

RING_SIZE = 1_024
RINGS = 128
OVERLAY = 512
OVERLAID: frozenset[Channel] = frozenset({"seals", "alerts", "rounds"})
"""Channels whose store another process writes, maybe later than the event gets here; rounds have none here at all."""
Snapshots = Mapping[Channel, Callable[[Filter], Awaitable[list[dict[str, Any]]]]]


class Listener(Protocol):
    """A subscription's end of the hub."""

    def push(self, subscription: str, batch: Batch) -> None:
        """Events in order, the same list for every listener of a ring. Must not block."""
        ...


class Hub:
    """Rings and listeners of one process. ``epoch`` is new with every start: history was lost."""

    def __init__(self, snapshots: Snapshots, registry: CollectorRegistry) -> None:
        self.epoch = uuid.uuid4().hex
        self.written = Written()
        self._snapshots = snapshots
        self._listeners: dict[Key, dict[tuple[int, str], Listener]] = {}
        self._due: dict[Key, Batch] = {}
        self._rings = Rings(size=RING_SIZE, keep=RINGS, in_use=self._listeners.keys())
        # Newest events, so that a snapshot read from a store is never older than the deltas before it.
        self._fresh: dict[Channel, OrderedDict[str, Event]] = {}
        self._events = Counter("gridseal_live_events_total", "Events taken in", ["channel"], registry=registry)
        self.connections = Gauge("gridseal_live_connections", "Open connections", registry=registry)
        self.conflated = Counter(
            "gridseal_live_conflated_total", "Frames replaced by a newer one in a queue", ["channel"], registry=registry
        )
        self.closed = Counter("gridseal_live_closed_total", "Connections closed by us", ["code"], registry=registry)

    def publish(self, event: Event) -> None:
        """Give an event to rings now, and to listeners together with what comes in the same turn of the event loop."""
        self._events.labels(event.channel).inc()
        name = SNAPSHOT_KEEPS.get(event.channel)
        if name is not None and event.channel in OVERLAID:
            fresh = self._fresh.setdefault(event.channel, OrderedDict())
            fresh[name(event.data)] = event
            fresh.move_to_end(name(event.data))
            while len(fresh) > OVERLAY:
                fresh.popitem(last=False)
        if not self._due:
            asyncio.get_running_loop().call_soon(self._hand_out)
        for key, seq in self._rings.add(event):
            self._due.setdefault(key, []).append((seq, event))

    def _hand_out(self) -> None:
        due, self._due = self._due, {}
        for key, batch in due.items():
            for (_, subscription), listener in list(self._listeners.get(key, {}).items()):
                listener.push(subscription, batch)

    def join(self, listener: Listener, subscription: str, channel: Channel, wanted: Filter) -> Ring:
        """Start handing events to a listener; the ring it now follows."""
        ring = self._rings.ring(channel, wanted)
        key = (channel, wanted.site_id, wanted.series_id)
        self._listeners.setdefault(key, {})[(id(listener), subscription)] = listener
        return ring

    def leave(self, listener: Listener, subscription: str, channel: Channel, wanted: Filter) -> None:
        """Stop."""
        key = (channel, wanted.site_id, wanted.series_id)
        listeners = self._listeners.get(key, {})
        listeners.pop((id(listener), subscription), None)
        if not listeners:
            self._listeners.pop(key, None)

    async def snapshot(self, channel: Channel, wanted: Filter) -> list[dict[str, Any]]:
        """All there is now under a filter."""
        read, name = self._snapshots.get(channel), SNAPSHOT_KEEPS.get(channel)
        if read is None or name is None:
            return []
        data = {name(d): d for d in await asyncio.wait_for(read(wanted), timeout=10)}
        for key, event in self._fresh.get(channel, {}).items():
            if passes(wanted, event):
                data.pop(key, None)
                data[key] = event.data
        return list(data.values())
