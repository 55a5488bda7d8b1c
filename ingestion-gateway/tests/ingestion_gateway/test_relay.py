"""Effects first, acknowledgement last."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from aiokafka.errors import NotLeaderForPartitionError, OutOfOrderSequenceNumber
from prometheus_client import CollectorRegistry

from gridseal.errors import UnavailableError
from gridseal.identity.ed25519 import SigningKey
from gridseal.runtime.clock import SystemClock
from gridseal.wire.codec import decode
from gridseal.wire.receipts import Receipt
from gridseal.wire.topics import DEAD_LETTER, HEADER_REASON, HEADER_RECEIVED_AT_MS, HEADER_SOURCE
from ingestion_gateway.receipts import ReceiptBook
from ingestion_gateway.relay import HEADER_TRUNCATED, Relay, RelayOptions
from ingestion_gateway.totals import GatewayTotals

from .builders import (
    BOOT_ID,
    RECEIPT_TOPIC,
    TOPIC,
    MemoryLog,
    MemorySource,
    a_directory,
    a_message,
    a_reading,
    received,
)

PAST = a_reading(period_start_ms=0)


@dataclass
class Bench:
    source: MemorySource
    log: MemoryLog
    totals: GatewayTotals
    task: "asyncio.Task[None]"

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                assert not self.task.done(), self.task.exception()
                await asyncio.sleep(0)

    async def take(self, *payloads: bytes, connection: int = 1, first_id: int = 1) -> None:
        before = len(self.log.appended)
        self.source.bunches.put_nowait([received(p, first_id + i, connection) for i, p in enumerate(payloads)])
        await self.until(lambda: len(self.log.appended) == before + len(payloads))

    def receipts(self) -> list[Receipt]:
        return [decode(Receipt, payload) for _, payload in self.source.receipts]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    source, log = MemorySource(), MemoryLog()
    totals = GatewayTotals(CollectorRegistry())
    options = RelayOptions(future_limit_s=0, receipt_interval_ms=0, stop_timeout_s=0.2, max_record_bytes=300_000)
    relay = Relay(source, log, a_directory(), SystemClock(), totals, ReceiptBook(SigningKey.new()), options)
    task = asyncio.create_task(relay.run())
    yield Bench(source, log, totals, task)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, UnavailableError):
        await task


async def test_nothing_is_acknowledged_before_kafka_has_it(bench: Bench) -> None:
    await bench.take(a_message(PAST))
    assert bench.source.acknowledged == []
    assert bench.source.receipts == []
    assert bench.totals.in_flight == 1

    bench.log.confirm(0)
    await bench.until(lambda: bool(bench.source.receipts))

    assert bench.source.acknowledged == [(1, 1)]
    assert bench.source.receipts[0][0] == RECEIPT_TOPIC
    assert bench.receipts()[0].ranges == ((7, 7),)
    assert (bench.totals.accepted, bench.totals.readings, bench.totals.in_flight) == (1, 1, 0)


async def test_the_bytes_go_on_unchanged_under_the_device_with_their_arrival_time(bench: Bench) -> None:
    payload = a_message(PAST) + b"  "
    await bench.take(payload)

    record = bench.log.appended[0][0]
    headers = dict(record.headers)
    assert (record.topic, record.key, record.value) == ("telemetry.solar", b"home-01-pv", payload)
    assert headers[HEADER_RECEIVED_AT_MS] == b"0"
    assert headers["ce_id"] == f"home-01-pv/{BOOT_ID}/7".encode()
    assert len(headers["traceparent"]) == 55


async def test_pubacks_keep_the_receive_order_while_receipts_need_not(bench: Bench) -> None:
    await bench.take(a_message(PAST, seq=1), a_message(PAST, seq=2))

    bench.log.confirm(1)
    await bench.until(lambda: bool(bench.source.receipts))
    assert bench.source.acknowledged == []
    assert bench.receipts()[0].ranges == ((2, 2),)

    bench.log.confirm(0)
    await bench.until(lambda: bool(bench.source.acknowledged))
    assert bench.source.acknowledged == [(1, 1), (1, 2)]


async def test_a_refused_message_is_kept_before_its_sender_is_told(bench: Bench) -> None:
    payload = a_message(a_reading(unit="kW.h", period_start_ms=0))
    await bench.take(payload)

    record = bench.log.appended[0][0]
    headers = dict(record.headers)
    assert (record.topic, record.value) == (DEAD_LETTER, payload)
    assert headers[HEADER_REASON] == b"wrong_unit"
    assert headers[HEADER_SOURCE] == TOPIC.encode()
    assert bench.source.acknowledged == []

    bench.log.confirm(0)
    await bench.until(lambda: bool(bench.source.receipts))
    assert bench.source.acknowledged == [(1, 1)]
    assert [(r.seq, r.reason) for r in bench.receipts()[0].refused] == [(7, "wrong_unit")]
    assert bench.totals.refused == {"wrong_unit": 1}


async def test_poison_without_an_id_is_acknowledged_and_blocks_nobody(bench: Bench) -> None:
    await bench.take(b"{", a_message(PAST))
    bench.log.confirm(0)
    bench.log.confirm(1)
    await bench.until(lambda: len(bench.source.acknowledged) == 2)

    assert bench.totals.refused == {"not_json": 1}


async def test_a_message_too_large_for_kafka_is_kept_in_part_and_says_so(bench: Bench) -> None:
    await bench.take(b"x" * 400_000)

    record = bench.log.appended[0][0]
    assert len(record.value) == 300_000
    assert dict(record.headers)[HEADER_TRUNCATED] == b"400000"


async def test_confirmations_of_a_lost_connection_acknowledge_nothing_on_the_new_one(bench: Bench) -> None:
    await bench.take(a_message(PAST, seq=1), connection=1, first_id=5)
    await bench.take(a_message(PAST, seq=1), connection=3, first_id=5)

    bench.log.confirm(0)
    await bench.until(lambda: bool(bench.source.receipts))
    assert bench.source.acknowledged == []

    bench.log.confirm(1)
    await bench.until(lambda: bool(bench.source.acknowledged))
    assert bench.source.acknowledged == [(3, 5)]


async def test_a_qos_0_message_is_forwarded_but_has_nothing_to_acknowledge(bench: Bench) -> None:
    await bench.take(a_message(PAST), first_id=0)
    bench.log.confirm(0)
    await bench.until(lambda: bool(bench.source.receipts))

    assert bench.source.acknowledged == []


async def test_a_record_that_may_succeed_later_is_tried_again(bench: Bench) -> None:
    await bench.take(a_message(PAST))
    bench.log.fail(0, NotLeaderForPartitionError())
    await bench.until(lambda: len(bench.log.appended) == 2)
    assert bench.log.appended[1][0] == bench.log.appended[0][0]

    bench.log.confirm(1)
    await bench.until(lambda: bench.source.acknowledged == [(1, 1)])


async def test_a_producer_that_cannot_go_on_ends_the_process(bench: Bench) -> None:
    await bench.take(a_message(PAST))
    bench.log.fail(0, OutOfOrderSequenceNumber())

    with pytest.raises(UnavailableError, match="OutOfOrderSequenceNumber"):
        await bench.task
    assert bench.source.acknowledged == []


async def test_a_stop_answers_for_what_kafka_takes_in_time(bench: Bench) -> None:
    await bench.take(a_message(PAST, seq=1), a_message(PAST, seq=2))
    bench.task.cancel()
    bench.log.confirm(0)
    with contextlib.suppress(asyncio.CancelledError):
        await bench.task

    assert bench.source.acknowledged == [(1, 1)]
    assert bench.receipts()[-1].ranges == ((1, 1),)
