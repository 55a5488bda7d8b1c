"""Sends what the queue holds and forgets what a receipt covers. Lives on the event loop."""

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from edge_agent.fleet import Device
from edge_agent.lanes import Lane
from edge_agent.metrics import AgentMetrics
from edge_agent.packing import traceparent_of
from edge_agent.ports import Link
from edge_agent.progress import Progress
from edge_agent.queue import DiskFullError, DurableQueue, Queued
from edge_agent.settling import covers
from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.logs import get_logger
from gridseal.wire.codec import decode, encode_dict
from gridseal.wire.receipts import Receipt

log = get_logger(__name__)
TICK_S = 0.25


class Dispatcher:
    """Between the queue and the link. Implements ``ports.LinkListener``."""

    def __init__(
        self,
        *,
        devices: Sequence[Device],
        queue: DurableQueue,
        link: Link,
        metrics: AgentMetrics,
        progress: Progress,
        window: int,
        window_total: int,
        timeout_s: float,
        receipt_fault: Callable[[dict[str, Any]], str | None],
    ) -> None:
        self._devices = {device.device_id: device for device in devices}
        self._queue, self._link, self._metrics, self._progress = queue, link, metrics, progress
        self._window_total, self._receipt_fault = window_total, receipt_fault
        self.lanes = {name: Lane(name, window, timeout_s) for name in self._devices}
        self.changed = asyncio.Event()
        """Set when room may have appeared; the replay clears it."""
        self.refused_receipts = 0
        self.resent = 0
        self._unwritten: set[str] = set()
        self.depth = 0
        self._receipts: list[Receipt] = []
        self._flush_due = False
        self._failure: UnavailableError | None = None
        self._down: Counter[str] = Counter()

    def restore(self) -> None:
        """Take over what the last process left without a receipt."""
        left = self._queue.backlog()
        self.add(message for message in left if message.device_id in self.lanes)

    def add(self, messages: Iterable[Queued]) -> None:
        """New messages, already on disk."""
        for message in messages:
            self.lanes[message.device_id].waiting.append(message)
            self.depth += 1

    @property
    def flying(self) -> int:
        """Messages sent and not receipted."""
        return sum(len(lane.flying) for lane in self.lanes.values())

    @property
    def ready_devices(self) -> int:
        """Devices connected and subscribed."""
        return sum(lane.ready for lane in self.lanes.values())

    def oldest_age_s(self) -> float:
        """Wall seconds since the oldest message without a receipt was made; 0 when there is none."""
        heads = [next(iter(lane.flying.values())).message for lane in self.lanes.values() if lane.flying]
        heads += [lane.waiting[0] for lane in self.lanes.values() if lane.waiting]
        oldest_ms = min((message.created_ms for message in heads), default=None)
        return 0.0 if oldest_ms is None else max(0.0, time.time() - oldest_ms / 1_000)

    def pump(self) -> None:
        """Publish what may be published now, in the order it was made, whichever device it is of."""
        now, room = time.monotonic(), self._window_total - self.flying
        able = [(head.id, lane) for lane in self.lanes.values() if (head := lane.next_to_send(now)) is not None]
        heapq.heapify(able)
        while able and room > 0:
            _, lane = heapq.heappop(able)
            message = lane.next_to_send(now)
            if message is not None and self._publish(lane, message, now):
                room -= 1
            following = lane.next_to_send(now)
            if following is not None:
                heapq.heappush(able, (following.id, lane))

    async def run(self) -> None:
        """Send again what stays without a receipt; lift pauses."""
        while True:
            await asyncio.sleep(TICK_S)
            if self._failure is not None:
                raise self._failure
            self._settle_or_fail()
            self._send_refused_again()
            now = time.monotonic()
            for lane in self.lanes.values():
                flight = lane.overdue(now)
                if flight is not None:
                    mid = self._send(flight.message)
                    if mid is not None:
                        lane.sent_again(flight, mid, now)
                        self.resent += 1
                        self._metrics.resent.inc()
            self.pump()
            age = self.oldest_age_s()
            self._metrics.queued.set(self.depth)
            self._metrics.queued_bytes.set(self._queue.bytes)
            self._metrics.oldest.set(age)
            self._progress.look(age)
            self.changed.set()

    def on_ready(self, device_id: str) -> None:
        """Connected and subscribed: go on."""
        self.lanes[device_id].connected()
        self._metrics.connected.set(self.ready_devices)
        self._down.clear()
        try:
            self.pump()
        except UnavailableError as error:
            self._failure = error

    def on_down(self, device_id: str, why: str) -> None:
        """Hold back until the link is up again."""
        self.lanes[device_id].ready = False
        self._metrics.connected.set(self.ready_devices)
        self._down[why] += 1
        if self._down[why] == 1:
            log.warning("link_down", device_id=device_id, why=why)

    def on_acknowledged(self, device_id: str, mid: int, *, reason: int, text: str) -> None:
        """Anything but success means that the broker will give the message to nobody."""
        lane = self.lanes[device_id]
        if reason == 0:
            lane.acknowledged(mid)
            return
        first = lane.refusals == 0
        pause = lane.not_delivered(mid, time.monotonic())
        self._metrics.undelivered.labels(reason=text).inc()
        if first:
            log.warning("publish_not_delivered", device_id=device_id, reason=text, again_in_s=pause)

    def on_receipt(self, device_id: str, payload: bytes) -> None:
        """Collect receipts that arrive together and settle them in one transaction."""
        if self.collect(device_id, payload) and not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._settle_or_fail)

    def collect(self, device_id: str, payload: bytes) -> bool:
        """Keep a receipt for the next ``settle``; False when it is not the gateway's, or not what it should be."""
        try:
            receipt = decode(Receipt, payload)
            if receipt.device_id != device_id:
                raise WireError("Receipt refused: it names another device than its topic", reason="foreign_device")
            fault = self._receipt_fault(encode_dict(receipt))
            if fault is not None:
                raise WireError("Receipt refused: it is not signed by a key of the gateway", reason=fault)
        except WireError as error:
            self.refused_receipts += 1
            self._metrics.receipts_refused.labels(reason=error.reason).inc()
            log.warning("receipt_refused", device_id=device_id, detail=str(error))
            return False
        self._receipts.append(receipt)
        return True

    def settle(self) -> None:
        """Write the receipts that have arrived and use the room they made."""
        self._flush_due = False
        receipts, self._receipts = self._receipts, []
        if not receipts:
            return
        now = time.monotonic()
        try:
            outcome = self._queue.settle(receipts)
        except DiskFullError as error:
            self._receipts = _newest(receipts + self._receipts)
            self.disk("receipts", str(error))
            return
        self.disk("receipts")
        for receipt, settled in zip(receipts, outcome, strict=True):
            lane = self.lanes[receipt.device_id]
            for message_id in (*settled.delivered, *settled.refused):
                lane.settled(message_id, now)
            self.depth -= len(settled.delivered) + len(settled.refused)
            self._progress.receipted(settled.readings_delivered + settled.readings_refused)
            self._metrics.settled("delivered", len(settled.delivered), settled.readings_delivered)
            self._metrics.settled("refused", len(settled.refused), settled.readings_refused)
            for reason in settled.reasons:
                self._metrics.refused_reasons.labels(reason=reason).inc()
                log.warning("message_refused", device_id=receipt.device_id, reason=reason)
        self.pump()
        self.changed.set()

    def _send_refused_again(self) -> None:
        try:
            self.add(self._queue.resend())
        except DiskFullError as error:
            self.disk("readings", str(error))

    def disk(self, what: str, fault: str = "") -> None:
        """Say once that something cannot be written for want of space, and once that it can again."""
        if fault and not self.disk_full:
            log.error("disk_full", what=what, error=fault)
        (self._unwritten.add if fault else self._unwritten.discard)(what)
        self._metrics.disk_full.set(int(self.disk_full))

    @property
    def disk_full(self) -> bool:
        """Receipts or readings wait until there is space; what is queued is still sent."""
        return bool(self._unwritten)

    def _settle_or_fail(self) -> None:
        """A failure in a callback of the loop would only be logged; ``run`` ends the process with it."""
        try:
            self.settle()
        except UnavailableError as error:
            self._failure = error

    def _publish(self, lane: Lane, message: Queued, now: float) -> bool:
        mid = self._send(message)
        if mid is None:
            lane.waiting.popleft()
            self.depth -= 1
            return False
        lane.sent(mid, now)
        self._metrics.sent.inc()
        return True

    def _send(self, message: Queued) -> int | None:
        payload = self._queue.payload(message.id)
        if payload is None:
            return None
        traceparent = traceparent_of(message.device_id, message.boot_id, message.seq)
        return self._link.publish(self._devices[message.device_id], payload, traceparent)


def _newest(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Of receipts that have to wait, the last of each life, and what it does not cover."""
    last = {(receipt.device_id, receipt.boot_id): receipt for receipt in receipts}
    pairs = [(receipt, last[receipt.device_id, receipt.boot_id]) for receipt in receipts]
    return [receipt for receipt, newest in pairs if receipt is newest or not covers(newest, receipt)]
