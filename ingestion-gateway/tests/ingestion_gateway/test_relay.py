"""Effects first, acknowledgement last."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from gridseal.errors import UnavailableError
from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.codec import decode
from gridseal.wire.receipts import Receipt
from gridseal.wire.telemetry import Telemetry
from gridseal.wire.topics import (
    DEAD_LETTER,
    HEADER_DIALECT,
    HEADER_REASON,
    HEADER_RECEIVED_AT_MS,
    HEADER_SOURCE,
    QUARANTINE,
)
from ingestion_gateway.activity import Activity
from ingestion_gateway.dialects.dialect import Adapted, DialectError
from ingestion_gateway.dialects.registry import Dialects
from ingestion_gateway.judge import Judge, TimeLimits
from ingestion_gateway.lanes import DeviceLanes
from ingestion_gateway.receipts import ReceiptBook
from ingestion_gateway.records import HEADER_TRUNCATED, RecordMaker
from ingestion_gateway.relay import Relay, RelayOptions
from ingestion_gateway.totals import GatewayTotals
from ingestion_gateway.verdicts import Verdicts

from .builders import (
    BOOT_ID,
    NOW_MS,
    RECEIPT_TOPIC,
    TOPIC,
    MemoryLog,
    MemorySource,
    a_directory,
    a_message,
    a_reading,
    an_asset,
    received,
)

PAST = a_reading()


@dataclass
class Bench:
    source: MemorySource
    log: MemoryLog
    totals: GatewayTotals
    relay: Relay
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


class FixedClock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW_MS / 1_000, UTC)

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class Lines:
    """A dialect in which a message is any number of telemetry messages, one a line."""

    name = "lines"
    place = ("demo", "home-01")

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        if payload == b"?":
            raise DialectError("a line is no line", reason="unsupported", replies=(("lines/reply", b"what"),))
        lines = tuple(decode(Telemetry, line) for line in payload.splitlines())
        return Adapted(lines, (("lines/reply", b"again"),) if not lines else ())


class Bilingual(Dialects):
    def __init__(self) -> None:
        super().__init__(())

    def find(self, topic: str) -> Lines | None:
        return Lines() if topic.startswith("lines/") else None


async def kafka_is_there() -> None: ...


@contextlib.asynccontextmanager
async def a_bench(*, rate_per_s: float = 0, stall_limit_s: float = 60) -> AsyncIterator[Bench]:
    source, log = MemorySource(), MemoryLog()
    totals = GatewayTotals(CollectorRegistry())
    directory = a_directory(an_asset(), an_asset("home-02-pv", site_id="home-02"))
    judge = Judge(directory, TimeLimits(future_s=0, past_s=7_200, ahead_s=60, behind_s=0), FixedClock())
    relay = Relay(
        source,
        log,
        Verdicts(judge, directory, Bilingual(), totals.drop),
        ReceiptBook(SigningKey.new()),
        DeviceLanes(rate_per_s, burst=2, most_waiting=100),
        RecordMaker(300_000),
        totals,
        Activity(),
        kafka_is_there,
        RelayOptions(receipt_interval_ms=0, stop_timeout_s=0.2, stall_limit_s=stall_limit_s, most_in_hand=10),
    )
    task = asyncio.create_task(relay.run())
    yield Bench(source, log, totals, relay, task)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, UnavailableError):
        await task


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with a_bench() as bench:
        yield bench


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

    record = bench.log.appended[0]
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
    payload = a_message(a_reading(unit="kW.h"))
    await bench.take(payload)

    record = bench.log.appended[0]
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

    record = bench.log.appended[0]
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


async def test_a_message_that_comes_to_light_after_its_connection_has_no_place_in_the_line(bench: Bench) -> None:
    await bench.take(a_message(PAST, seq=1), connection=3, first_id=5)
    await bench.take(a_message(PAST, seq=2), connection=1, first_id=5)
    bench.log.confirm(1, 0)

    assert bench.source.acknowledged == [(3, 5)]


async def test_a_qos_0_message_is_forwarded_but_has_nothing_to_acknowledge(bench: Bench) -> None:
    await bench.take(a_message(PAST), first_id=0)
    bench.log.confirm(0)
    await bench.until(lambda: bool(bench.source.receipts))

    assert bench.source.acknowledged == []


async def test_a_message_that_kafka_has_is_not_appended_again_but_answered_again(bench: Bench) -> None:
    await bench.take(a_message(PAST))
    bench.log.confirm(0)
    await bench.until(lambda: bool(bench.source.receipts))
    bench.source.bunches.put_nowait([received(a_message(PAST), 2)])
    await bench.until(lambda: len(bench.source.receipts) == 2)

    assert len(bench.log.appended) == 1
    assert bench.source.acknowledged == [(1, 1), (1, 2)]
    assert bench.receipts()[1].ranges == ((7, 7),)
    assert (bench.totals.received, bench.totals.accepted, bench.totals.replayed) == (2, 1, 1)


async def test_a_message_of_a_clock_that_cannot_be_right_is_kept_apart_receipted_and_counted(bench: Bench) -> None:
    payload = a_message(a_reading(period_start_ms=0))
    await bench.take(payload)

    record = bench.log.appended[0]
    assert (record.topic, record.value) == (QUARANTINE, payload)
    assert dict(record.headers)[HEADER_REASON] == b"past_period"

    bench.log.confirm(0)
    await bench.until(lambda: bool(bench.source.receipts))
    assert bench.source.acknowledged == [(1, 1)]
    assert bench.receipts()[0].ranges == ((7, 7),)
    assert (bench.totals.accepted, bench.totals.quarantined) == (0, {"past_period": 1})


async def test_a_flood_waits_until_the_others_are_served_and_pubacks_keep_their_order() -> None:
    async with a_bench(rate_per_s=0.001) as bench:
        flood = [a_message(PAST, seq=seq) for seq in range(5)]
        bench.source.bunches.put_nowait(
            [
                *(received(payload, n) for n, payload in enumerate(flood, start=1)),
                received(b"{", 6, topic="v1/demo/home-02/home-02-pv/telemetry"),
            ]
        )
        await bench.until(lambda: len(bench.log.appended) == 6)

        values = [record.value for record in bench.log.appended]
        assert values == [*flood[:2], b"{", *flood[2:]]
        bench.log.confirm(2, 3, 4, 5)
        assert bench.source.acknowledged == []
        bench.log.confirm(0, 1)
        assert bench.source.acknowledged == [(1, n) for n in range(1, 7)]


async def test_what_a_dialect_says_is_acknowledged_once_kafka_has_all_of_it_and_gets_no_receipt(bench: Bench) -> None:
    payload = b"\n".join([a_message(PAST, seq=1), a_message(PAST, seq=2)])
    bench.source.bunches.put_nowait([received(payload, 1, topic="lines/a")])
    await bench.until(lambda: len(bench.log.appended) == 2)

    record = bench.log.appended[0]
    assert (record.topic, json.loads(record.value)["seq"]) == ("telemetry.solar", 1)
    assert dict(record.headers)[HEADER_DIALECT] == b"lines"
    bench.log.confirm(1)
    assert bench.source.acknowledged == []
    bench.log.confirm(0)
    assert bench.source.acknowledged == [(1, 1)]
    assert (bench.totals.accepted, bench.source.receipts) == (2, [])


async def test_a_dialect_may_answer_refuse_or_say_nothing(bench: Bench) -> None:
    bench.source.bunches.put_nowait([received(b"", 1, topic="lines/a"), received(b"?", 2, topic="lines/a")])
    await bench.until(lambda: len(bench.log.appended) == 1)
    bench.log.confirm(0)

    assert bench.source.receipts == [("lines/reply", b"again"), ("lines/reply", b"what")]
    assert bench.source.acknowledged == [(1, 1), (1, 2)]
    assert (bench.totals.refused, bench.totals.replayed) == ({"unsupported": 1}, 0)


async def test_a_dialect_speaks_for_its_own_place_and_what_nobody_asked_for_is_left_out(bench: Bench) -> None:
    stranger = a_message(PAST, device_id="home-02-pv")
    talkative = a_message(PAST, a_reading(quantity="voltage", unit="V"), seq=3)
    silent = a_message(a_reading(quantity="voltage", unit="V"), seq=4)
    payload = b"\n".join([stranger, talkative, silent])
    bench.source.bunches.put_nowait([received(payload, 1, topic="lines/a")])
    await bench.until(lambda: len(bench.log.appended) == 2)
    bench.log.confirm(0, 1)

    assert bench.totals.refused == {"foreign_topic": 1}
    assert len(json.loads(bench.log.appended[1].value)["readings"]) == 1
    assert (bench.totals.readings, bench.totals.dropped_readings) == (1, 2)


async def test_what_stands_still_while_kafka_answers_is_asked_for_and_sent_again() -> None:
    async with a_bench(stall_limit_s=0.02) as bench:
        await bench.take(a_message(PAST))
        await bench.until(lambda: bench.source.reconnects > 0)

        assert bench.log.renewals == bench.totals.stalls == bench.source.reconnects


async def test_with_kafka_away_no_more_is_taken_than_can_be_held(bench: Bench) -> None:
    await bench.take(*(a_message(PAST, seq=seq) for seq in range(11)))
    assert bench.source.paused

    bench.log.confirm(*range(11))
    assert not bench.source.paused


async def test_a_refused_message_is_judged_again_by_the_rules_of_now(bench: Bench) -> None:
    sound = received(a_message(PAST), 0)
    task = asyncio.create_task(bench.relay.judge_again(sound))
    await bench.until(lambda: len(bench.log.appended) == 1)
    assert not task.done()
    bench.log.confirm(0)

    assert await task == ("accepted", "")
    assert await bench.relay.judge_again(received(b"{", 0)) == ("refused", "not_json")
    assert len(bench.log.appended) == 1
    assert (bench.source.acknowledged, bench.source.receipts) == ([], [])


async def test_a_stop_answers_for_what_kafka_takes_in_time(bench: Bench) -> None:
    await bench.take(a_message(PAST, seq=1), a_message(PAST, seq=2))
    bench.task.cancel()
    bench.log.confirm(0)
    with contextlib.suppress(asyncio.CancelledError):
        await bench.task

    assert bench.source.acknowledged == [(1, 1)]
    assert bench.receipts()[-1].ranges == ((1, 1),)
