"""What the stream tells others on Kafka, acknowledged by the broker before a call returns."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from gridseal.errors import UnavailableError
from gridseal.registry.announce import SchemaIds
from gridseal.runtime.cloudevents import event_headers
from gridseal.wire import topics
from gridseal.wire.alerts import Alert
from gridseal.wire.codec import encode
from streaming_processor.arrived import Undecodable
from streaming_processor.window_states import WindowStates
from streaming_processor.window_text import encode_windows, window_ids, window_keys

_SOURCE = "streaming-processor"
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class _Record:
    topic: str
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


class KafkaPublisher:
    """Called from the batch's thread; the producer lives on the event loop ``loop``."""

    def __init__(
        self, producer: AIOKafkaProducer, loop: asyncio.AbstractEventLoop, schema_ids: SchemaIds | None = None
    ) -> None:
        self._producer = producer
        self._loop = loop
        self._schema_ids = schema_ids or SchemaIds()
        self._partition_of: dict[bytes, int] = {}

    def windows(self, windows: WindowStates) -> None:
        """To ``features.windows``, in batches made here: thousands a second cost too much one by one."""
        if not len(windows):
            return
        records = list(zip(window_keys(windows), encode_windows(windows), window_ids(windows), strict=True))
        self._wait_for(self._send_windows(records))

    def alerts(self, alerts: Sequence[Alert]) -> None:
        """To ``alerts``."""
        self._send(
            [
                _Record(
                    topics.ALERTS,
                    a.alert_id.encode(),
                    encode(a),
                    [
                        *event_headers("alert/1", _SOURCE, event_id=f"{a.alert_id}/{a.count}"),
                        *self._schema_ids.headers(topics.ALERTS),
                    ],
                )
                for a in alerts
            ]
        )

    def dead_letters(self, messages: Sequence[Undecodable]) -> None:
        """To ``dead-letter``, with the original bytes."""
        self._send(
            [
                _Record(
                    topics.DEAD_LETTER,
                    m.key,
                    m.payload,
                    [
                        # The same id when a batch is repeated: a reader can tell.
                        *event_headers("dead-letter/1", _SOURCE, event_id=f"{m.topic}/{m.partition}/{m.offset}"),
                        (topics.HEADER_REASON, m.reason.encode()),
                        (topics.HEADER_DETAIL, m.detail.encode()),
                        (topics.HEADER_SOURCE, m.topic.encode()),
                    ],
                )
                for m in messages
            ]
        )

    def _send(self, records: list[_Record]) -> None:
        if not records:
            return
        self._wait_for(self._send_all(records))

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            future.result(_TIMEOUT_S)
        except (KafkaError, TimeoutError) as error:
            future.cancel()
            raise UnavailableError(f"Kafka does not take messages: {type(error).__name__}") from error

    async def _send_all(self, records: list[_Record]) -> None:
        sent = [await self._producer.send(r.topic, key=r.key, value=r.value, headers=r.headers) for r in records]
        await asyncio.gather(*sent)

    async def _send_windows(self, records: list[tuple[bytes, bytes, bytes]]) -> None:
        partitions = sorted(await self._producer.partitions_for(topics.FEATURES_WINDOWS))
        head, (_, *rest) = _headers_around_id()
        rest += self._schema_ids.headers(topics.FEATURES_WINDOWS)
        batches = {partition: self._producer.create_batch() for partition in partitions}
        sent = []
        for key, value, event_id in records:
            if key not in self._partition_of:
                self._partition_of[key] = partitions[(murmur2(key) & 0x7FFFFFFF) % len(partitions)]
            partition = self._partition_of[key]
            headers = [*head, ("ce_id", event_id), *rest]
            while batches[partition].append(key=key, value=value, timestamp=None, headers=headers) is None:
                full, batches[partition] = batches[partition], self._producer.create_batch()
                sent.append(await self._producer.send_batch(full, topics.FEATURES_WINDOWS, partition=partition))
                await asyncio.sleep(0)
        for partition, batch in batches.items():
            if batch.record_count():
                sent.append(await self._producer.send_batch(batch, topics.FEATURES_WINDOWS, partition=partition))
        await asyncio.gather(*sent)


def _headers_around_id() -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """The headers of one telling, which share a moment and a trace, split at the id."""
    headers = event_headers("window/1", _SOURCE, event_id="-")
    place = [name for name, _ in headers].index("ce_id")
    return headers[:place], headers[place:]
