"""What one device has waiting and in flight, and when something must be sent again. Pure: time comes in.

A message is *flying* from its publish to its receipt. The broker's acknowledgement only says that
the broker has it; a broker that dies may lose it again, so the receipt is what counts.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from edge_agent.queue import Queued

GRACE_S: Final = 1.0
"""While receipts come in at least this often, nothing is sent again: the next one may be on its way."""
LONGEST_PAUSE_S: Final = 30.0
LONGEST_DOUBLING: Final = 4


@dataclass(slots=True)
class Flight:
    """One message between publish and receipt."""

    message: Queued
    mid: int
    sent_at: float
    acknowledged: bool = False


@dataclass(slots=True)
class Lane:
    """One device's order of sending: waiting first in, first out; then in flight."""

    device_id: str
    window: int
    timeout_s: float
    waiting: deque[Queued] = field(default_factory=deque)
    flying: dict[int, Flight] = field(default_factory=dict)
    """By message id, oldest first."""
    ready: bool = False
    pause_until: float = 0.0
    last_progress: float = 0.0
    """When the last receipt came, or when something was sent into an empty lane."""
    refusals: int = 0
    """Times in a row that the broker did not deliver what was published."""
    repeats: int = 0
    """Times in a row that the oldest message was sent again without a receipt."""

    @property
    def depth(self) -> int:
        """Messages without a receipt."""
        return len(self.waiting) + len(self.flying)

    def next_to_send(self, now: float) -> Queued | None:
        """The message to publish now, or None."""
        if not self.ready or now < self.pause_until or not self.waiting or len(self.flying) >= self.window:
            return None
        return self.waiting[0]

    def sent(self, mid: int, now: float) -> None:
        """The head of the waiting line was published."""
        message = self.waiting.popleft()
        if not self.flying:
            self.last_progress = now
        self.flying[message.id] = Flight(message, mid, now)

    def acknowledged(self, mid: int) -> None:
        """The broker has it."""
        self.refusals = 0
        for flight in self.flying.values():
            if flight.mid == mid:
                flight.acknowledged = True
                return

    def not_delivered(self, mid: int, now: float) -> float:
        """The broker took the message and will give it to nobody: wait, then send it again.

        Returns:
            Seconds until this device sends again.
        """
        for flight in list(self.flying.values()):
            if flight.mid == mid:
                self._back(flight)
        if now < self.pause_until:
            # What flew beside it: refused together, it is one refusal and not eight.
            return self.pause_until - now
        pause = min(LONGEST_PAUSE_S, 0.5 * 2.0 ** min(self.refusals, 10))
        self.refusals += 1
        self.pause_until = now + pause
        return pause

    def connected(self) -> None:
        """Connected and subscribed: what the broker acknowledged and no receipt covers is sent again.

        A killed broker may have lost it, also where it kept the session: it writes sessions to disk from
        time to time only. Where nothing was lost, the gateway knows the messages and appends none twice.
        """
        self.ready = True
        for flight in reversed(list(self.flying.values())):
            if flight.acknowledged:
                self._back(flight)

    def settled(self, message_id: int, now: float) -> None:
        """A receipt covered the message, flying or still waiting."""
        self.last_progress, self.repeats = now, 0
        if self.flying.pop(message_id, None) is None:
            self.waiting = deque(message for message in self.waiting if message.id != message_id)

    def overdue(self, now: float) -> Flight | None:
        """The oldest message in flight, if it is time to send it again.

        Only the oldest: while the far side is down, one message per device probes it, less and less
        often. What is not acknowledged yet is left to the MQTT client, which repeats it itself.
        """
        if not self.ready or now < self.pause_until or not self.flying:
            return None
        oldest = next(iter(self.flying.values()))
        patience = self.timeout_s * 2.0 ** min(self.repeats, LONGEST_DOUBLING)
        late = now - oldest.sent_at >= patience and now - self.last_progress >= GRACE_S
        return oldest if oldest.acknowledged and late else None

    def sent_again(self, flight: Flight, mid: int, now: float) -> None:
        """The oldest flight was published once more."""
        flight.mid, flight.sent_at, flight.acknowledged = mid, now, False
        self.repeats += 1

    def _back(self, flight: Flight) -> None:
        del self.flying[flight.message.id]
        earlier = []
        while self.waiting and self.waiting[0].id < flight.message.id:
            earlier.append(self.waiting.popleft())
        self.waiting.appendleft(flight.message)
        self.waiting.extendleft(reversed(earlier))


def moving(lane: Lane, now: float, patience_s: float = 30.0) -> bool:
    """Connected, and either nothing in flight or a receipt lately."""
    return lane.ready and (not lane.flying or now - lane.last_progress < patience_s)
