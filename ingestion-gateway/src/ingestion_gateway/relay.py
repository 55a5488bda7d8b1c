"""From MQTT to Kafka and back: forward, wait for Kafka, acknowledge, give a receipt.

The order is the promise: a PUBACK or a receipt leaves only after every Kafka replica has the
message, on its telemetry topic or on ``dead-letter``. A process killed anywhere in between has
promised nothing; the broker or the device sends the message again, and the store removes the second.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.cloudevents import event_headers
from gridseal.runtime.failpoints import failpoint
from gridseal.runtime.logs import get_logger
from gridseal.wire.topics import (
    DEAD_LETTER,
    HEADER_DETAIL,
    HEADER_REASON,
    HEADER_RECEIVED_AT_MS,
    HEADER_SOURCE,
    telemetry_topic,
)
from ingestion_gateway.accept import Accepted, Refused, accept
from ingestion_gateway.ack_line import AckLine
from ingestion_gateway.device_identity import DeviceIdentity
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.ports import DurableLog, Received, Record, TelemetrySource
from ingestion_gateway.receipts import ReceiptBook
from ingestion_gateway.totals import GatewayTotals

log = get_logger(__name__)
SERVICE: Final = "ingestion-gateway"
HEADER_TRUNCATED: Final = "gs-truncated-from"
"""On ``dead-letter``: the number of bytes of a message too large to be kept whole."""
_RETRY_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Limits and pauses of the relay."""

    future_limit_s: int
    receipt_interval_ms: int
    stop_timeout_s: float
    max_record_bytes: int


@dataclass(frozen=True, slots=True)
class _Pending:
    received: Received
    verdict: Accepted | Refused
    record: Record
    ticket: int | None
    mark: int


class Relay:
    """The loop of the gateway."""

    def __init__(
        self,
        source: TelemetrySource,
        durable: DurableLog,
        devices: DeviceDirectory,
        clock: Clock,
        totals: GatewayTotals,
        book: ReceiptBook,
        options: RelayOptions,
        identity: DeviceIdentity | None = None,
    ) -> None:
        self._source = source
        self._durable = durable
        self._devices = devices
        self._clock = clock
        self._totals = totals
        self._options = options
        self._line: AckLine[int] = AckLine()
        self._connection = 0
        self._book = book
        self._identity = identity
        self._receipts_due = asyncio.Event()
        self._idle = asyncio.Event()
        self._broken: asyncio.Future[None] | None = None
        self._again: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Forward until cancelled; then wait for Kafka to take what is in hand, and answer for it."""
        self._broken = asyncio.get_running_loop().create_future()
        parts = [asyncio.ensure_future(part) for part in (self._forward_all(), self._send_receipts(), self._broken)]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        except asyncio.CancelledError:
            parts[0].cancel()
            await self._drain()
            raise
        finally:
            for part in (*parts, *self._again):
                part.cancel()
            await asyncio.gather(*parts, *self._again, return_exceptions=True)

    async def _forward_all(self) -> None:
        async for bunch in self._source.messages():
            for received in bunch:
                await self._forward(received)

    async def _forward(self, received: Received) -> None:
        verdict = accept(
            received.topic,
            received.payload,
            self._devices,
            now_ms=int(self._clock.now().timestamp() * 1_000),
            future_limit_ms=self._options.future_limit_s * 1_000,
        )
        if self._identity is not None and isinstance(verdict, Accepted):
            verdict = self._identity.judge(verdict, received.payload)
        if self._durable_before(verdict):
            self._answer_again(received, verdict)
            return
        pending = _Pending(
            received, verdict, self._record(received, verdict), self._ticket(received), self._totals.took()
        )
        try:
            await self._append(pending)
        except asyncio.CancelledError:
            self._totals.gave_up(pending.mark)
            raise

    def _durable_before(self, verdict: Accepted | Refused) -> bool:
        message = verdict.message_id
        if message is None:
            return False
        # Broken content under a number that was delivered is something else: it goes to dead-letter.
        known = self._book.already if isinstance(verdict, Accepted) else self._book.already_refused
        return known(verdict.device_id, message.boot_id, message.seq)

    def _answer_again(self, received: Received, verdict: Accepted | Refused) -> None:
        """Kafka has it from before: not appended again; the device has not heard of it, so it is told again."""
        self._totals.replay()
        if verdict.message_id is not None:
            self._book.remind(_receipt_topic(received), verdict.device_id, verdict.message_id)
        self._let_go(received, self._ticket(received))
        self._receipts_due.set()

    def _ticket(self, received: Received) -> int | None:
        if received.connection > self._connection:
            self._connection = received.connection
            self._line.restart()
        if received.packet_id == 0 or received.connection < self._connection:
            return None
        return self._line.take(received.packet_id)

    async def _append(self, pending: _Pending) -> None:
        sent = await self._durable.append(pending.record)
        sent.add_done_callback(lambda future: self._confirmed(pending, future))

    def _confirmed(self, pending: _Pending, future: "asyncio.Future[None]") -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._settle(pending)
        elif getattr(error, "retriable", False):
            log.warning("kafka_append_repeated", error=type(error).__name__)
            task = asyncio.ensure_future(self._append_again(pending))
            self._again.add(task)
            task.add_done_callback(self._again.discard)
        elif self._broken is not None and not self._broken.done():
            self._broken.set_exception(
                UnavailableError(f"Kafka refused a record for good: {type(error).__name__}: starting afresh")
            )

    async def _append_again(self, pending: _Pending) -> None:
        await asyncio.sleep(_RETRY_S)
        await self._append(pending)

    def _settle(self, pending: _Pending) -> None:
        self._totals.settled(pending.mark)
        received, verdict = pending.received, pending.verdict
        receipt_topic = _receipt_topic(received)
        if isinstance(verdict, Accepted):
            self._totals.accept(verdict.readings)
            self._book.delivered(receipt_topic, verdict.device_id, verdict.message_id)
        else:
            self._totals.refuse(verdict.reason)
            log.debug("message_refused", reason=verdict.reason, detail=verdict.detail)
            if verdict.message_id is not None:
                self._book.refused(receipt_topic, verdict.device_id, verdict.message_id, verdict.reason)
        self._let_go(received, pending.ticket)
        if self._book:
            self._receipts_due.set()
        if self._totals.in_flight == 0:
            self._idle.set()

    def _let_go(self, received: Received, ticket: int | None) -> None:
        free = [] if ticket is None else self._line.settle(ticket)
        if free:
            self._source.acknowledge(received.connection, free)

    async def _send_receipts(self) -> None:
        while True:
            await self._receipts_due.wait()
            await asyncio.sleep(self._options.receipt_interval_ms / 1_000)
            self._receipts_due.clear()
            self._close_book()
            if self._book:
                self._receipts_due.set()

    def _close_book(self, *, everything: bool = False) -> None:
        failpoint("gw.before_receipt")
        for topic, receipt in self._book.close(time.time_ns() // 1_000_000, everything=everything):
            self._source.send_receipt(topic, receipt)
            self._totals.receipt()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._options.stop_timeout_s):
                while self._totals.in_flight:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            log.warning("stopped_with_messages_in_hand", messages=self._totals.in_flight)
        self._close_book(everything=True)

    def _record(self, received: Received, verdict: Accepted | Refused) -> Record:
        if isinstance(verdict, Accepted):
            name = f"{verdict.device_id}/{verdict.message_id.boot_id}/{verdict.message_id.seq}"
            headers = event_headers("telemetry/1", SERVICE, event_id=name, traceparent=received.traceparent)
            headers.append((HEADER_RECEIVED_AT_MS, str(received.received_at_ms).encode()))
            topic = telemetry_topic(verdict.telemetry_class)
            return Record(topic, verdict.device_id.encode(), received.payload, headers)
        headers = event_headers("dead-letter/1", SERVICE, traceparent=received.traceparent)
        headers += [
            (HEADER_REASON, verdict.reason.encode()),
            (HEADER_DETAIL, verdict.detail[:500].encode(errors="replace")),
            (HEADER_SOURCE, received.topic.encode()),
            (HEADER_RECEIVED_AT_MS, str(received.received_at_ms).encode()),
        ]
        kept = received.payload[: self._options.max_record_bytes]
        if len(kept) < len(received.payload):
            headers.append((HEADER_TRUNCATED, str(len(received.payload)).encode()))
        return Record(DEAD_LETTER, verdict.device_id.encode(), kept, headers)


def _receipt_topic(received: Received) -> str:
    return received.topic.removesuffix("/telemetry") + "/receipt"
