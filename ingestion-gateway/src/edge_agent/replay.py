"""Sends every reading whose period is over by domain now, oldest first across devices.

One rule for history and live: what is due is made into messages as long as the queue has room.
While much is due, messages are packed full; once caught up, one message per device and period.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

from edge_agent.datasets.tracks import Track
from edge_agent.dispatcher import Dispatcher
from edge_agent.lanes import moving
from edge_agent.metrics import AgentMetrics
from edge_agent.packing import PackedReading, Reader, encode_message, pack_readings
from edge_agent.progress import Progress
from edge_agent.queue import DiskFullError, Draft, DurableQueue
from edge_agent.schedule import LEAD_MS, Turn, next_turn
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
BATCH_MESSAGES = 12
BATCH_READINGS = 4_000
"""One transaction, then published: when live the first devices need not wait for the last."""
LONGEST_WAIT_S = 5.0


class Replay:
    """Makes the messages of all devices. The cursor of each device lives in the queue."""

    def __init__(
        self,
        *,
        load: Callable[[], Mapping[str, Track]],
        history_from_ms: int,
        clock: Clock,
        queue: DurableQueue,
        dispatcher: Dispatcher,
        progress: Progress,
        metrics: AgentMetrics,
        max_readings: int,
        queue_max: int,
        lane_max: int,
    ) -> None:
        self._load, self._history_from_ms = load, history_from_ms
        self._clock, self._queue, self._dispatcher, self._progress = clock, queue, dispatcher, progress
        self._metrics, self._max_readings, self._queue_max, self._lane_max = metrics, max_readings, queue_max, lane_max
        self._readers: dict[str, Reader] = {}
        self._period_s: dict[str, int] = {}
        self._held: list[Draft] = []
        """Made, and not committed for want of disk space."""

    async def run(self) -> None:
        """Load the data sets, then follow the clock until cancelled."""
        tracks = await asyncio.to_thread(self._load)
        self.open(tracks)
        while True:
            if not self.step():
                await self._wait()
            elif not self._progress.all_due_made:
                # Back-filling: let receipts in between. When live the whole fleet goes first.
                await asyncio.sleep(0)

    def open(self, tracks: Mapping[str, Track]) -> None:
        """Continue each device after its cursor, or begin with the history."""
        for device_id in self._dispatcher.lanes:
            reader = Reader(tracks[device_id])
            self._period_s[device_id] = reader.track.period_s
            reader.seek(after_ms=self._queue.tallies[device_id].cursor_ms, from_ms=self._history_from_ms)
            if not reader.ended:
                self._readers[device_id] = reader
        self._progress.opened()
        log.info(
            "replay_opened",
            devices=len(self._readers),
            due_readings=self.remaining(),
            waiting_messages=self._dispatcher.depth,
        )

    def remaining(self) -> int:
        """Readings that are due and not made into messages yet."""
        now_ms = _milliseconds(self._clock.now())
        return sum(reader.remaining(now_ms) for reader in self._readers.values())

    def step(self) -> bool:
        """Make one batch of messages if anything is due and there is room.

        Returns:
            Whether anything was made.
        """
        now_ms = _milliseconds(self._clock.now())
        drafts: list[Draft] = []
        if self._held:
            return self._commit(self._held)
        planned: Counter[str] = Counter()
        while len(drafts) < BATCH_MESSAGES and sum(draft.readings for draft in drafts) < BATCH_READINGS:
            if self._dispatcher.depth + len(drafts) >= self._queue_max or not self._queue.has_room:
                break
            device_id = next_turn(self._turns(planned), now_ms)
            if device_id is None:
                break
            drafts.append(self._draft(device_id, now_ms))
            planned[device_id] += 1
        if not drafts:
            self._progress.all_due_made = not self._anything_due(now_ms)
            return False
        return self._commit(drafts)

    def _commit(self, drafts: list[Draft]) -> bool:
        try:
            queued = self._queue.append(drafts)
        except DiskFullError as error:
            self._held = drafts
            self._progress.all_due_made = False
            self._dispatcher.disk("readings", str(error))
            return False
        self._held = []
        self._dispatcher.disk("readings")
        self._metrics.enqueued.inc(len(queued))
        self._metrics.readings.inc(sum(draft.readings for draft in drafts))
        self._dispatcher.add(queued)
        self._dispatcher.pump()
        if self._progress.all_due_made:
            now = self._clock.now()
            for draft in drafts:
                start_ms = 0 if draft.cursor_ms is None else draft.cursor_ms
                period = timedelta(seconds=self._period_s[draft.device_id])
                end = datetime.fromtimestamp(start_ms / 1_000, UTC) + period
                lag = self._clock.wall_seconds(now - end)
                self._metrics.lag.observe(lag)
                self._progress.lags_ms.append(lag * 1_000)
        return True

    def _turns(self, planned: Counter[str]) -> list[Turn]:
        now = time.monotonic()
        turns = []
        for device_id, reader in self._readers.items():
            due_ms = reader.next_due_ms
            if due_ms is not None:
                lane = self._dispatcher.lanes[device_id]
                room = lane.depth + planned[device_id] < self._lane_max
                turns.append(Turn(device_id, due_ms, room, moving(lane, now)))
        return turns

    def _draft(self, device_id: str, now_ms: int) -> Draft:
        reader = self._readers[device_id]
        track = reader.track
        first, last = reader.take(now_ms=now_ms, max_readings=self._max_readings, max_span_ms=LEAD_MS)
        readings = pack_readings(track, first, last)
        cursor_ms = int(track.starts_s[last - 1]) * 1_000
        if reader.ended:
            log.info("data_set_ended", device_id=device_id)
            del self._readers[device_id]
        return Draft(device_id, cursor_ms, len(readings), partial(_encode, device_id, readings))

    def _anything_due(self, now_ms: int) -> bool:
        return any((due := reader.next_due_ms) is not None and due <= now_ms for reader in self._readers.values())

    async def _wait(self) -> None:
        """Until the next period is over; earlier when something is due but had no room."""
        now = self._clock.now()
        ends = [due for reader in self._readers.values() if (due := reader.next_due_ms) is not None]
        self._dispatcher.changed.clear()
        pending = LONGEST_WAIT_S
        if ends and self._progress.all_due_made:
            pending = self._clock.wall_seconds(datetime.fromtimestamp(min(ends) / 1_000, UTC) - now)
            # A due moment is met by the timer alone: receipts need not wake the replay for it.
            await asyncio.sleep(min(max(pending, 0.0), LONGEST_WAIT_S))
            return
        try:
            await asyncio.wait_for(self._dispatcher.changed.wait(), pending)
        except TimeoutError:
            return


def _encode(device_id: str, readings: list[PackedReading], boot_id: str, seq: int) -> bytes:
    return encode_message(device_id, boot_id, seq, time.time_ns() // 1_000_000, readings)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
