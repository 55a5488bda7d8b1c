"""Kafka as the durable log: an idempotent producer, ``acks=all``, whole batches per partition.

``AIOKafkaProducer.send`` costs a future and several calls per message; a batch built here costs one
future for all its messages (docs/decisions/0006-gateway-clients.md has the figures).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from gridseal.errors import UnavailableError
from gridseal.registry.announce import SchemaIds
from gridseal.runtime.kafka import client_options, first_broker
from gridseal.runtime.logs import get_logger
from ingestion_gateway.ports import Record

log = get_logger(__name__)
Headers = list[tuple[str, bytes]]
MAX_RECORD_BYTES: Final = 700_000
"""Below the broker's limit for a batch (1 MiB) with room for headers."""
_BATCH_BYTES: Final = 900_000
_RETRY_S: Final = 0.2
_STOP_S: Final = 2.0


@lru_cache(maxsize=200_000)
def _hash_of(key: bytes) -> int:
    """As every Kafka client hashes by default; in Python it is slow, and keys come again."""
    return int(murmur2(key)) & 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Where the records of a key lie."""
    return _hash_of(key) % partitions


class _Partition:
    """What waits for one partition, in order. One batch is under way at a time."""

    def __init__(self, topic: str, number: int, stamp: Headers) -> None:
        self.topic, self.number, self.stamp = topic, number, stamp
        self.waiting: deque[Record] = deque()
        self.filled = asyncio.Event()

    def add(self, record: Record) -> None:
        self.waiting.append(record)
        self.filled.set()


class KafkaLog:
    """``DurableLog`` on Kafka.

    A record is tried until the broker has it: a broker that is away is waited for. What no try can
    cure (a fenced or unknown producer) gets a new producer, which sends again whatever is not
    confirmed, in order. A batch whose fate is unknown may then be there twice; the store removes the second.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        linger_ms: int,
        timeout_s: float,
        schema_ids: SchemaIds | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._schema_ids = schema_ids or SchemaIds()
        self._topics = topics
        self._linger_s = linger_ms / 1_000
        self._timeout_ms = int(timeout_s * 1_000)
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._partitions: dict[str, list[_Partition]] = {}
        self._stale = asyncio.Event()
        self.renewed = 0
        """Producers that were given up."""

    async def start(self) -> None:
        """Connect, and learn the partitions, waiting for the broker and its topics as long as it takes."""
        producer = await self._ready()
        for topic in self._topics:
            numbers: set[int] | None = None
            while not numbers:
                try:
                    numbers = await producer.partitions_for(topic)
                except KafkaError as error:
                    log.warning("kafka_waits", topic=topic, error=type(error).__name__)
                    await asyncio.sleep(_RETRY_S)
            stamp = self._schema_ids.headers(topic)
            self._partitions[topic] = [_Partition(topic, number, stamp) for number in sorted(numbers)]

    def append(self, records: Sequence[Record]) -> None:
        """Take records for their partitions."""
        for record in records:
            partitions = self._partitions[record.topic]
            partitions[partition_of(record.key, len(partitions))].add(record)

    async def run(self, durable: Callable[[Sequence[Record]], None]) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as group:
            for partitions in self._partitions.values():
                for partition in partitions:
                    group.create_task(self._write(partition, durable))

    def renew(self) -> None:
        """Give the producer up; batches under way go again through the next."""
        self._stale.set()

    async def stop(self) -> None:
        """Close the connection; records still in hand are given up and come again through MQTT."""
        await self._give_up(self._producer)

    async def _write(self, partition: _Partition, durable: Callable[[Sequence[Record]], None]) -> None:
        while True:
            await partition.filled.wait()
            await asyncio.sleep(self._linger_s)
            durable(await self._batch(partition))
            # Under load, too, a batch waits for company: requests cost Kafka more than records do.
            if not partition.waiting:
                partition.filled.clear()

    async def _batch(self, partition: _Partition) -> list[Record]:
        """Bring the next batch to Kafka, however long it takes."""
        waiting, taken = partition.waiting, list[Record]()
        while True:
            producer = await self._ready()
            builder = producer.create_batch()
            for record in taken:
                _put(builder, record, partition.stamp)
            while waiting and _put(builder, waiting[0], partition.stamp):
                taken.append(waiting.popleft())
            builder.close()
            try:
                await self._send(producer, builder, partition)
            except (KafkaError, UnavailableError) as error:
                log.warning("kafka_batch_repeated", topic=partition.topic, error=type(error).__name__)
                if not getattr(error, "retriable", False):
                    await self._give_up(producer)
                await asyncio.sleep(_RETRY_S)
            else:
                return taken

    async def _send(self, producer: AIOKafkaProducer, builder: Any, partition: _Partition) -> None:
        sent = await producer.send_batch(builder, partition.topic, partition=partition.number)
        stale = asyncio.ensure_future(self._stale.wait())
        try:
            await asyncio.wait({sent, stale}, return_when=asyncio.FIRST_COMPLETED)
            if not sent.done():
                sent.add_done_callback(_forget)
                raise UnavailableError("the Kafka producer was given up")
            sent.result()
        finally:
            stale.cancel()

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            while self._producer is None:
                producer = AIOKafkaProducer(
                    **client_options(self._bootstrap),
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,
                    max_batch_size=_BATCH_BYTES,
                    request_timeout_ms=self._timeout_ms,
                )
                try:
                    await producer.start()
                except (KafkaError, OSError) as error:
                    await producer.stop()
                    log.warning("kafka_waits", error=type(error).__name__, retry_s=_RETRY_S)
                    await asyncio.sleep(_RETRY_S)
                    continue
                self._stale.clear()
                self._producer = producer
            return self._producer

    async def _give_up(self, producer: AIOKafkaProducer | None) -> None:
        async with self._starting:
            if producer is None or producer is not self._producer:
                return
            self._producer = None
            self.renewed += 1
            await _stop(producer)


def _put(builder: Any, record: Record, stamp: Headers) -> bool:
    headers = record.headers + stamp if stamp else record.headers
    added = builder.append(timestamp=None, key=record.key, value=record.value, headers=headers)
    return added is not None


async def _stop(producer: AIOKafkaProducer) -> None:
    sender = producer._sender.sender_task
    try:
        async with asyncio.timeout(_STOP_S):
            await producer.stop()
    except (KafkaError, TimeoutError) as error:
        log.warning("kafka_stop_incomplete", error=type(error).__name__)
        # It would go on sending what its successor sends too.
        if sender is not None:
            sender.cancel()
        await producer.client.close()


def _forget(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()


async def kafka_answers(bootstrap: str, timeout_s: float) -> None:
    """Return when the first broker takes a connection.

    Raises:
        UnavailableError: It does not, in time.
    """
    host, port = first_broker(bootstrap)
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        raise UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP") from error
    writer.close()
    await writer.wait_closed()
