"""Keeps the connection, and makes messages of every period that is over."""

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from edge_agent.dispatcher import Dispatcher
from edge_agent.metrics import AgentMetrics
from edge_agent.opcua.collector import Collector
from edge_agent.opcua.metrics import OpcuaMetrics
from edge_agent.opcua.ports import Connection
from edge_agent.packing import PackedReading, encode_message
from edge_agent.progress import Progress
from edge_agent.queue import DiskFullError, Draft, DurableQueue
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger
from gridseal.wire.fields import format_utc

log = get_logger(__name__)
FIRST_BACKOFF_S: Final = 0.5
LONGEST_BACKOFF_S: Final = 30.0
SETTLED_S: Final = 30.0
"""A connection that held so long starts the back-off afresh."""


class OpcuaSource:
    """Reconnects for ever: a plant's server that is away is no reason to end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.why_down = "not connected yet"

    async def run(self) -> None:
        """Hold a connection, and another one after each loss, until cancelled."""
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._connection.hold()
            except UnavailableError as error:
                self.why_down = str(error)
                if time.monotonic() - began > SETTLED_S:
                    failures = 0
                pause = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(failures, 10))
                failures += 1
                log.warning("opcua_connection_over", why=self.why_down, again_in_s=pause)
                await asyncio.sleep(pause)

    async def require(self) -> None:
        """For readiness.

        Raises:
            UnavailableError: No node is subscribed.
        """
        if not self._connection.subscribed:
            raise UnavailableError(self.why_down)

    def status(self) -> dict[str, Any]:
        """For the status page."""
        subscribed = self._connection.subscribed
        return {
            "connected": subscribed > 0,
            "nodes_subscribed": subscribed,
            "why_down": None if subscribed else self.why_down,
        }


class Reporter:
    """Closes periods on the clock and hands their readings to the queue."""

    def __init__(
        self,
        *,
        collector: Collector,
        queue: DurableQueue,
        dispatcher: Dispatcher,
        progress: Progress,
        metrics: AgentMetrics,
        opcua_metrics: OpcuaMetrics,
        period_s: int,
        grace_s: float,
        queue_max: int,
        max_readings: int,
    ) -> None:
        self._collector, self._queue, self._dispatcher, self._progress = collector, queue, dispatcher, progress
        self._metrics, self._opcua_metrics = metrics, opcua_metrics
        self._period_ms, self._grace_s = period_s * 1_000, grace_s
        self._queue_max, self._max_readings = queue_max, max_readings
        self._not_queued = 0
        self.reported_until_ms: int | None = None

    async def run(self) -> None:
        """Report each period as soon as it is over and its last samples had time to arrive."""
        start_ms = _now_ms() // self._period_ms * self._period_ms
        self._progress.opened()
        self._progress.all_due_made = True
        while True:
            due_s = (start_ms + self._period_ms) / 1_000 + self._grace_s
            await asyncio.sleep(max(0.0, due_s - time.time()))
            if time.time() < due_s:
                continue
            self.report(start_ms)
            start_ms += self._period_ms

    def remaining(self) -> int:
        """Readings due and not made into messages: none, a period is made as soon as it is over."""
        return 0

    def report(self, start_ms: int) -> None:
        """Make one message per device (or more, where it has too many readings) and let them go."""
        closed = self._collector.close(start_ms)
        drafts: list[Draft] = []
        for device_id in self._dispatcher.lanes:
            cursor_ms = self._queue.tallies[device_id].cursor_ms
            if cursor_ms is not None and cursor_ms >= start_ms:
                continue  # reported before a restart within this period's grace
            readings = closed.get(device_id, [])
            full = self._dispatcher.depth + len(drafts) >= self._queue_max or not self._queue.has_room
            if readings and full:
                self._give_up(device_id, len(readings))
                continue
            for first in range(0, len(readings), self._max_readings):
                part = readings[first : first + self._max_readings]
                drafts.append(Draft(device_id, start_ms, len(part), partial(_encode, device_id, part)))
        try:
            queued = self._queue.append(drafts)
        except DiskFullError as error:
            self._dispatcher.disk("readings", str(error))
            for draft in drafts:
                self._give_up(draft.device_id, draft.readings)
            return
        self._dispatcher.disk("readings")
        self._metrics.enqueued.inc(len(queued))
        self._metrics.readings.inc(sum(draft.readings for draft in drafts))
        self._dispatcher.add(queued)
        self._dispatcher.pump()
        self.reported_until_ms = start_ms + self._period_ms
        self._progress.lags_ms.append(float(_now_ms() - self.reported_until_ms))

    def status(self) -> dict[str, Any]:
        """For the status page."""
        until_ms = self.reported_until_ms
        return {
            "reported_until": None if until_ms is None else format_utc(datetime.fromtimestamp(until_ms / 1_000, UTC)),
            "readings_not_queued": self._not_queued,
        }

    def _give_up(self, device_id: str, readings: int) -> None:
        """The queue is full of what is older: the newest is what is lost, and it is counted."""
        self._not_queued += readings
        self._opcua_metrics.not_queued.inc(readings)
        log.error(
            "opcua_queue_full", device_id=device_id, readings=readings, setting="EDGE_AGENT_OPCUA_QUEUE_MAX_MESSAGES"
        )


def _encode(device_id: str, readings: list[PackedReading], boot_id: str, seq: int) -> bytes:
    return encode_message(device_id, boot_id, seq, _now_ms(), readings)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
