"""What Kafka already holds of this gateway: refused messages to look at, and totals of earlier lives."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from gridseal.errors import UnavailableError
from gridseal.wire.fields import Message, UtcTime
from gridseal.wire.topics import (
    DEAD_LETTER,
    HEADER_DETAIL,
    HEADER_REASON,
    HEADER_SOURCE,
    KAFKA_TOPICS,
    TELEMETRY_PREFIX,
)

OWN_SOURCE: Final = b"/gridseal/ingestion-gateway"
PREVIEW_BYTES: Final = 2_048
TALLIED_AT_MOST: Final = 50_000
_DEAD_LETTERS: Final = TopicPartition(DEAD_LETTER, 0)


class DeadLetter(Message):
    """One refused message, as an operator looks at it."""

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
class History:
    """Messages that earlier lives of the gateway brought to Kafka."""

    accepted: int
    refused: Counter[str]


class KafkaHistory:
    """Reads Kafka from the past; each question opens its own connection."""

    def __init__(self, bootstrap: str, timeout_s: float) -> None:
        self._bootstrap = bootstrap
        self._timeout_s = timeout_s

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """The newest refused messages, newest first, whoever refused them."""
        async with self._consumer() as consumer:
            records = [record async for record in _newest(consumer, limit)]
        return [_dead_letter(record) for record in reversed(records)]

    async def totals(self) -> History:
        """Totals since the topics exist, from their end offsets and the reasons on ``dead-letter``."""
        partitions = [
            TopicPartition(spec.name, number)
            for spec in KAFKA_TOPICS
            if spec.name.startswith(TELEMETRY_PREFIX)
            for number in range(spec.partitions)
        ]
        refused: Counter[str] = Counter()
        async with self._consumer() as consumer:
            ends = await consumer.end_offsets(partitions)
            async for record in _newest(consumer, TALLIED_AT_MOST):
                headers = dict(record.headers)
                if headers.get("ce_source") == OWN_SOURCE:
                    refused[headers.get(HEADER_REASON, b"").decode()] += 1
        return History(sum(ends.values()), refused)

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
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


async def _newest(consumer: AIOKafkaConsumer, limit: int) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    consumer.assign([_DEAD_LETTERS])
    begin = (await consumer.beginning_offsets([_DEAD_LETTERS]))[_DEAD_LETTERS]
    end = (await consumer.end_offsets([_DEAD_LETTERS]))[_DEAD_LETTERS]
    consumer.seek(_DEAD_LETTERS, max(begin, end - limit))
    while await consumer.position(_DEAD_LETTERS) < end:
        for record in (await consumer.getmany(_DEAD_LETTERS, timeout_ms=200)).get(_DEAD_LETTERS, ()):
            yield record


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
