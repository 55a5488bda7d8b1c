"""From MQTT to Kafka and back: forward, wait for Kafka, acknowledge, give a receipt.

The order is the promise: a PUBACK or a receipt leaves only after every Kafka replica has the
message, on its telemetry topic, on ``quarantine`` or on ``dead-letter``. A process killed anywhere in
between has promised nothing; the broker or the device sends the message again, and the store removes
the second. Everything here goes by the bunch: what a message costs decides what the gateway bears.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from gridseal.errors import GridsealError
from gridseal.runtime.failpoints import failpoint
from gridseal.runtime.logs import get_logger
from ingestion_gateway.accept import Accepted, Quarantined, Refused
from ingestion_gateway.ack_line import AckLine
from ingestion_gateway.activity import Activity
from ingestion_gateway.lanes import DeviceLanes
from ingestion_gateway.ports import DurableLog, Held, Probe, Received, Record, TelemetrySource
from ingestion_gateway.receipts import ReceiptBook
from ingestion_gateway.records import RecordMaker
from ingestion_gateway.totals import GatewayTotals
from ingestion_gateway.verdicts import Verdicts

log = get_logger(__name__)
_TURN: Final = 64
"""Messages from the lanes between two looks at what is within its rate."""


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Limits and pauses of the relay."""

    receipt_interval_ms: int
    stop_timeout_s: float
    stall_limit_s: float
    most_in_hand: int
    """Beyond this nothing more is taken from MQTT: with Kafka away each reconnect brings everything again."""


class Relay:
    """The loop of the gateway."""

    def __init__(
        self,
        source: TelemetrySource,
        durable: DurableLog,
        verdicts: Verdicts,
        book: ReceiptBook,
        lanes: DeviceLanes,
        maker: RecordMaker,
        totals: GatewayTotals,
        activity: Activity,
        kafka: Probe,
        options: RelayOptions,
    ) -> None:
        self._source, self._durable, self._verdicts = source, durable, verdicts
        self._book, self._lanes, self._maker = book, lanes, maker
        self._totals, self._activity, self._kafka, self._options = totals, activity, kafka, options
        self._line: AckLine[Held] = AckLine()
        self._connection = 0
        self._receipts_due = asyncio.Event()
        self._idle = asyncio.Event()
        self._paused = False
        self._lanes_served = False

    @property
    def unacknowledged(self) -> int:
        """Messages of the current connection without PUBACK."""
        return len(self._line)

    async def run(self) -> None:
        """Forward until cancelled; then wait for Kafka to take what is in hand, and answer for it."""
        forwarding, *others = parts = [
            asyncio.ensure_future(part)
            for part in (
                self._forward_all(),
                self._send_receipts(),
                self._watch(),
                self._durable.run(self._on_durable),
            )
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        except asyncio.CancelledError:
            forwarding.cancel()
            await self._drain()
            raise
        finally:
            for part in (forwarding, *others):
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def judge_again(self, received: Received) -> tuple[Literal["accepted", "quarantined", "refused"], str]:
        """Judge a message that was refused; bring it to Kafka if it is sound now. Its sender is told nothing."""
        held = Held(received, time.monotonic(), receipted=False)
        records: list[Record] = []
        self._verdicts.begin()
        self._maker.begin()
        self._verdicts.of(held, self._maker, records)
        held.receipted = False
        refused = next((verdict for verdict in held.verdicts if isinstance(verdict, Refused)), None)
        if refused is not None:
            return "refused", refused.reason
        held.missing = len(records)
        if records:
            held.waiter = asyncio.get_running_loop().create_future()
            self._totals.took([held])
            self._durable.append(records)
            await held.waiter
        doubt = next((verdict for verdict in held.verdicts if isinstance(verdict, Quarantined)), None)
        return ("accepted", "") if doubt is None else ("quarantined", doubt.reason)

    async def _forward_all(self) -> None:
        async for bunch in self._source.messages():
            self._take(bunch)

    def _take(self, bunch: Sequence[Received]) -> None:
        taken_at = time.monotonic()
        arrived = [Held(received, taken_at) for received in bunch]
        self._totals.took(arrived)
        for held in arrived:
            failpoint("gw.after_recv")
            received = held.received
            if received.connection > self._connection:
                self._connection = received.connection
                self._line.restart()
            if received.packet_id and received.connection == self._connection:
                self._line.take(held)
        self._forward(self._lanes.admit(arrived))
        if self._totals.in_flight > self._options.most_in_hand:
            self._pause(paused=True)
        self._serve_lanes()

    def _serve_lanes(self) -> None:
        if self._lanes and not self._lanes_served:
            self._lanes_served = True
            # At the end of the queue of the event loop: what has arrived meanwhile goes first.
            asyncio.get_running_loop().call_soon(self._serve_turn)

    def _serve_turn(self) -> None:
        self._lanes_served = False
        self._forward(self._lanes.some(_TURN))
        self._serve_lanes()

    def _forward(self, bunch: Sequence[Held]) -> None:
        self._verdicts.begin()
        self._maker.begin()
        records: list[Record] = []
        known: list[Held] = []
        for held in bunch:
            records_before = len(records)
            for answer in self._verdicts.of(held, self._maker, records):
                self._source.publish(*answer)
            if self._known_before(held):
                del records[records_before:]
                known.append(held)
            else:
                held.missing = len(records) - records_before
                if not held.missing:
                    known.append(held)
        self._durable.append(records)
        if known:
            self._answer_again(known)

    def _known_before(self, held: Held) -> bool:
        if not held.receipted or len(held.verdicts) != 1:
            return False
        verdict = held.verdicts[0]
        message = verdict.message_id
        if message is None:
            return False
        # Broken content under a number that was delivered is something else: it goes to dead-letter.
        known = self._book.already_refused if isinstance(verdict, Refused) else self._book.already
        return known(verdict.device_id, message.boot_id, message.seq)

    def _answer_again(self, known: Sequence[Held]) -> None:
        """Kafka has them from before: not appended again; their senders have not heard, so they are told again."""
        for held in known:
            held.done = True
            for verdict in held.verdicts if held.receipted else ():
                if verdict.message_id is not None:
                    self._book.remind(_receipt_topic(held.received.topic), verdict.device_id, verdict.message_id)
        # A dialect may make nothing of a message (a farewell, a birth); that is no replay.
        self._totals.replay(sum(1 for held in known if held.verdicts))
        self._let_go(known)

    def _on_durable(self, records: Sequence[Record]) -> None:
        settled: list[Held] = []
        for record in records:
            failpoint("gw.after_produce")
            held = record.held
            held.missing -= 1
            if not held.missing:
                held.done = True
                settled.append(held)
                if held.waiter is not None and not held.waiter.done():
                    held.waiter.set_result(None)
        messages = readings = 0
        for held in settled:
            self._activity.note(held)
            for verdict in held.verdicts:
                message = verdict.message_id
                if isinstance(verdict, Accepted):
                    messages += 1
                    readings += verdict.readings
                else:
                    self._totals.set_aside(verdict)
                if message is None or not held.receipted:
                    continue
                topic = _receipt_topic(held.received.topic)
                if isinstance(verdict, Refused):
                    self._book.refused(topic, verdict.device_id, message, verdict.reason)
                else:
                    self._book.delivered(topic, verdict.device_id, message)
        self._totals.accept(messages, readings)
        self._let_go(settled)

    def _let_go(self, done: Sequence[Held]) -> None:
        self._totals.settled(done)
        free = self._line.release()
        if free:
            for _ in free:
                failpoint("gw.before_puback")
            self._source.acknowledge(self._connection, [held.received.packet_id for held in free])
        if self._book:
            self._receipts_due.set()
        if self._paused and self._totals.in_flight < self._options.most_in_hand // 2:
            self._pause(paused=False)
        if self._totals.in_flight == 0:
            self._idle.set()

    def _pause(self, *, paused: bool) -> None:
        self._paused = paused
        self._source.pause(paused=paused)

    async def _send_receipts(self) -> None:
        while True:
            await self._receipts_due.wait()
            await asyncio.sleep(self._options.receipt_interval_ms / 1_000)
            self._receipts_due.clear()
            if self._source.room > 0:
                self._close_book()
            if self._book:
                self._receipts_due.set()

    def _close_book(self, *, everything: bool = False) -> None:
        for topic, receipt in self._book.close(time.time_ns() // 1_000_000, everything=everything):
            failpoint("gw.before_receipt")
            self._source.publish(topic, receipt)
            self._totals.receipt()

    async def _watch(self) -> None:
        """Nothing stands still for long while Kafka answers: then everything is asked for, and sent, again."""
        limit_s = self._options.stall_limit_s
        patient_until = 0.0
        while True:
            await asyncio.sleep(min(1.0, limit_s / 4))
            oldest_s = self._totals.oldest_s()
            if oldest_s < limit_s or time.monotonic() < patient_until:
                continue
            try:
                await self._kafka()
            except (GridsealError, OSError):
                continue  # Kafka is away: that is back-pressure, not a stall
            log.warning("stalled", oldest_s=round(oldest_s, 1), in_hand=self._totals.in_flight)
            self._totals.stalled()
            patient_until = time.monotonic() + limit_s
            self._durable.renew()
            self._source.reconnect()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._options.stop_timeout_s):
                while self._totals.in_flight:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            log.warning("stopped_with_messages_in_hand", messages=self._totals.in_flight)
        self._close_book(everything=True)


@lru_cache(maxsize=200_000)
def _receipt_topic(topic: str) -> str:
    return topic.removesuffix("/telemetry") + "/receipt"
