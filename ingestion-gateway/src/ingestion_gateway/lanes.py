"""One flooding device does not hold up the others: beyond its rate a device waits in a lane of its own.

All devices come through one MQTT session, so none can be slowed down by itself: PUBACKs go back in
receive order, and a message held for long would soon stop everyone at the Receive Maximum. So nothing is
held for long and nothing is thrown away. A device has a token bucket; what is beyond it waits until
every message within its rate is served, then takes turns with the other lanes. Lanes hold a bounded
number of messages together; the oldest of what is beyond that is served at once.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ingestion_gateway.dialects.topics import lane_of
from ingestion_gateway.ports import Held

_BUCKETS_KEPT: Final = 200_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class DeviceLanes:
    """Sorts what arrives into what is served now and what waits."""

    def __init__(
        self, rate_per_s: float, burst: int, most_waiting: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare empty lanes.

        Args:
            rate_per_s: Messages of one device that are served at once; 0 switches lanes off.
            burst: How many of them may come in one go.
            most_waiting: Messages in all lanes together.
            clock: Seconds.
        """
        self._rate, self._burst, self._most = rate_per_s, burst, most_waiting
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lanes: dict[str, deque[Held]] = {}
        self._waiting = 0
        self.slowed = 0
        """Messages that have waited in a lane."""

    def __len__(self) -> int:
        return self._waiting

    def waiting(self) -> dict[str, int]:
        """Length of each lane by MQTT topic."""
        return {topic: len(lane) for topic, lane in self._lanes.items()}

    def admit(self, arrived: Sequence[Held]) -> Sequence[Held]:
        """What of it is served now, and what had to give way to it in the lanes."""
        if not self._rate:
            return arrived
        now = self._clock()
        tally = Counter([lane_of(held.received.topic) for held in arrived])
        over = {topic for topic, count in tally.items() if topic in self._lanes or not self._pay(topic, count, now)}
        if not over:
            return arrived
        admitted: list[Held] = []
        for held in arrived:
            topic = lane_of(held.received.topic)
            if topic not in over or (topic not in self._lanes and self._pay(topic, 1, now)):
                admitted.append(held)
            else:
                self._lanes.setdefault(topic, deque()).append(held)
                self._waiting += 1
                self.slowed += 1
        if self._waiting > self._most:
            admitted += self.some(self._waiting - self._most)
        return admitted

    def some(self, most: int) -> list[Held]:
        """The next messages from the lanes, one of each in turn."""
        served: list[Held] = []
        while self._lanes and len(served) < most:
            topic, lane = next(iter(self._lanes.items()))
            served.append(lane.popleft())
            del self._lanes[topic]
            if lane:
                self._lanes[topic] = lane
        self._waiting -= len(served)
        return served

    def _pay(self, topic: str, count: int, now: float) -> bool:
        bucket = self._buckets.get(topic)
        if bucket is None:
            if len(self._buckets) >= _BUCKETS_KEPT:
                self._buckets.clear()
            bucket = self._buckets[topic] = _Bucket(self._burst, now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.tokens < count:
            return False
        bucket.tokens -= count
        return True
