"""Follows ``assets.changed`` and keeps the newest picture of devices and series."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Counter

from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.logs import get_logger
from gridseal.wire.catalog import CatalogMessage, CatalogRecord
from gridseal.wire.codec import decode
from gridseal.wire.topics import ASSETS_CHANGED
from streaming_processor.reference import Reference, reference_from

log = get_logger(__name__)
_CATCH_UP_S = 10.0


class CatalogFeed:
    """Reads the compacted topic from its beginning; ``current`` and ``catch_up`` may be called from any thread."""

    def __init__(
        self, consumer: AIOKafkaConsumer, loop: asyncio.AbstractEventLoop, registry: CollectorRegistry
    ) -> None:
        self._consumer = consumer
        self._loop = loop
        self._records: dict[str, CatalogRecord] = {}
        self._reference = reference_from({})
        self._outdated = False
        self._read: dict[TopicPartition, int] = {}
        self._moved = asyncio.Condition()
        self._refused = Counter(
            "gridseal_stream_catalog_refused_total", "Catalog records that could not be read", registry=registry
        )

    async def start(self) -> None:
        """Read the whole topic once. Call before the first batch."""
        partitions = list(self._consumer.assignment())
        await self._consumer.seek_to_beginning(*partitions)
        self._read = {p: await self._consumer.position(p) for p in partitions}
        ends = await self._consumer.end_offsets(partitions)
        while any(self._read[p] < ends[p] for p in partitions):
            await self._step()
        self._draw()
        log.info("catalog_read", devices=len(self._reference.assets), series=len(self._reference.plans))

    async def run(self) -> None:
        """Follow the topic."""
        while True:
            await self._step()

    def current(self) -> Reference:
        """The newest picture."""
        return self._reference

    def catch_up(self) -> Reference:
        """Read everything that is on the topic at this moment, then the newest picture.

        Raises:
            UnavailableError: Kafka does not answer in time.
        """
        future = asyncio.run_coroutine_threadsafe(self._catch_up(), self._loop)
        try:
            future.result(_CATCH_UP_S)
        except (KafkaError, TimeoutError) as error:
            future.cancel()
            raise UnavailableError(f"{ASSETS_CHANGED} cannot be read: {type(error).__name__}") from error
        return self._reference

    async def _catch_up(self) -> None:
        ends = await self._consumer.end_offsets(list(self._read))
        async with self._moved:
            await self._moved.wait_for(lambda: all(self._read[p] >= end for p, end in ends.items()))
        self._draw()

    async def _step(self) -> None:
        fetched = await self._consumer.getmany(timeout_ms=200)
        for messages in fetched.values():
            for message in messages:
                self._take(message.key.decode(), message.value)
        self._read = {p: await self._consumer.position(p) for p in self._read}
        self._outdated = self._outdated or bool(fetched)
        # In the middle of a long read a picture would be built again for every few hundred records.
        if all(end >= (self._consumer.highwater(p) or 0) for p, end in self._read.items()):
            self._draw()
        async with self._moved:
            self._moved.notify_all()

    def _draw(self) -> None:
        if self._outdated:
            self._reference, self._outdated = reference_from(self._records), False

    def _take(self, key: str, value: bytes | None) -> None:
        if value is None:
            self._records.pop(key, None)
            return
        try:
            self._records[key] = decode(CatalogMessage, value).item
        except WireError as error:
            self._refused.inc()
            log.warning("catalog_record_refused", key=key, reason=error.reason, detail=str(error))
