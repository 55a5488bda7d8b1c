"""What Kafka already holds of this gateway: messages set aside, to look at, and totals of earlier lives."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from gridseal.errors import UnavailableError
from gridseal.runtime.kafka import client_options
from gridseal.wire.fields import Message, UtcTime
from gridseal.wire.topics import (
    DEAD_LETTER,
    HEADER_DETAIL,
    HEADER_REASON,
    HEADER_RECEIVED_AT_MS,
    HEADER_SOURCE,
    KAFKA_TOPICS,
    QUARANTINE,
    TELEMETRY_PREFIX,
)
from ingestion_gateway.ports import Received
from ingestion_gateway.records import HEADER_TRUNCATED

OWN_SOURCE: Final = b"/gridseal/ingestion-gateway"
PREVIEW_BYTES: Final = 2_048
TALLIED_AT_MOST: Final = 50_000
_DEAD_LETTERS: Final = TopicPartition(DEAD_LETTER, 0)
_QUARANTINE: Final = TopicPartition(QUARANTINE, 0)
_READ_MS: Final = 200


class DeadLetter(Message):
    """One message that was set aside, as an operator looks at it."""

    offset: int
    at: UtcTime
    """When it was written: wall clock."""
    reason: str
    detail: str
    source: str
    """Topic it came from: MQTT for the gateway, Kafka for the stream."""
    payload_bytes: int
    payload: str
    """Its first 2 KiB, what is not UTF-8 replaced."""


@dataclass(frozen=True, slots=True)
class Original:
    """A refused message as it came, to be judged again."""

    offset: int
    received: Received | None
    """None where it cannot be: another service's, gone, or not kept whole."""
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Messages that earlier lives of the gateway brought to Kafka."""

    accepted: int
    refused: Counter[str]
    quarantined: Counter[str]


class KafkaHistory:
    """Reads Kafka from the past; each question opens its own connection."""

    def __init__(self, bootstrap: str, timeout_s: float) -> None:
        self._bootstrap = bootstrap
        self._timeout_s = timeout_s

    async def dead_letters(self, limit: int, before: int | None = None) -> list[DeadLetter]:
        """The newest refused messages before an offset, newest first, whoever refused them."""
        return await self._page(_DEAD_LETTERS, limit, before)

    async def quarantined(self, limit: int, before: int | None = None) -> list[DeadLetter]:
        """The newest messages of doubtful clocks before an offset, newest first."""
        return await self._page(_QUARANTINE, limit, before)

    async def originals(self, offsets: Iterable[int]) -> list[Original]:
        """Refused messages as they came, in the order of their offsets."""
        found: list[Original] = []
        async with self._consumer() as consumer:
            consumer.assign([_DEAD_LETTERS])
            begin, end = await _ends(consumer, _DEAD_LETTERS)
            for offset in sorted(set(offsets)):
                if not begin <= offset < end:
                    found.append(Original(offset, None, "gone"))
                    continue
                found += [_original(record) async for record in _span(consumer, _DEAD_LETTERS, offset, offset + 1)]
        return found

    async def totals(self) -> History:
        """Totals since the topics exist, from their end offsets and the reasons of what was set aside."""
        partitions = [
            TopicPartition(spec.name, number)
            for spec in KAFKA_TOPICS
            if spec.name.startswith(TELEMETRY_PREFIX)
            for number in range(spec.partitions)
        ]
        async with self._consumer() as consumer:
            ends = await consumer.end_offsets(partitions)
            refused, quarantined = [await _reasons(consumer, place) for place in (_DEAD_LETTERS, _QUARANTINE)]
        return History(sum(ends.values()), refused, quarantined)

    async def _page(self, place: TopicPartition, limit: int, before: int | None) -> list[DeadLetter]:
        async with self._consumer() as consumer:
            begin, end = await _ends(consumer, place)
            last = end if before is None else min(end, before)
            records = [record async for record in _span(consumer, place, max(begin, last - limit), last)]
        return [_dead_letter(record) for record in reversed(records)]

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            **client_options(self._bootstrap),
            enable_auto_commit=False,
            request_timeout_ms=int(self._timeout_s * 1_000),
        )
        try:
            async with asyncio.timeout(3 * self._timeout_s):
                await consumer.start()
                yield consumer
        except (KafkaError, OSError, TimeoutError) as error:
            raise UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP") from error
        finally:
            await consumer.stop()


async def _ends(consumer: AIOKafkaConsumer, place: TopicPartition) -> tuple[int, int]:
    begin = (await consumer.beginning_offsets([place]))[place]
    end = (await consumer.end_offsets([place]))[place]
    return begin, end


async def _span(
    consumer: AIOKafkaConsumer, place: TopicPartition, first: int, end: int
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Records with offsets in ``[first, end)``."""
    if first >= end:
        return
    consumer.assign([place])
    consumer.seek(place, first)
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(place, timeout_ms=_READ_MS)).get(place, ()):
            if record.offset < end:
                yield record


async def _reasons(consumer: AIOKafkaConsumer, place: TopicPartition) -> Counter[str]:
    reasons: Counter[str] = Counter()
    begin, end = await _ends(consumer, place)
    async for record in _span(consumer, place, max(begin, end - TALLIED_AT_MOST), end):
        headers = dict(record.headers)
        if headers.get("ce_source") == OWN_SOURCE:
            reasons[headers.get(HEADER_REASON, b"").decode()] += 1
    return reasons


def _original(record: ConsumerRecord[bytes, bytes]) -> Original:
    headers = dict(record.headers)
    if headers.get("ce_source") != OWN_SOURCE:
        return Original(record.offset, None, "not_the_gateways")
    if HEADER_TRUNCATED in headers:
        return Original(record.offset, None, "not_kept_whole")
    received = Received(
        connection=0,
        packet_id=0,
        topic=headers[HEADER_SOURCE].decode(),
        payload=record.value or b"",
        traceparent=headers.get("traceparent", b"").decode(),
        received_at_ms=int(headers[HEADER_RECEIVED_AT_MS]),
    )
    return Original(record.offset, received)


def _dead_letter(record: ConsumerRecord[bytes, bytes]) -> DeadLetter:
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    value = record.value or b""
    return DeadLetter(
        offset=record.offset,
        at=datetime.fromtimestamp(record.timestamp / 1_000, UTC),
        reason=headers.get(HEADER_REASON, ""),
        detail=headers.get(HEADER_DETAIL, ""),
        source=headers.get(HEADER_SOURCE, ""),
        payload_bytes=len(value),
        payload=value[:PREVIEW_BYTES].decode(errors="replace"),
    )
