"""Kafka as the durable log: an idempotent producer that batches, ``acks=all``."""

import asyncio
from functools import lru_cache
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from aiokafka.partitioner import murmur2

from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger
from ingestion_gateway.ports import Record

log = get_logger(__name__)
MAX_RECORD_BYTES: Final = 700_000
"""Below the broker's limit for a batch (1 MiB) with room for headers."""
_BATCH_BYTES: Final = 900_000
_RETRY_S: Final = 0.5


@lru_cache(maxsize=20_000)
def _hash_of(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


def _partition_of(key: bytes, partitions: list[int], _available: list[int]) -> int:
    """The partition that every Kafka client chooses by default; hashing a key once is enough."""
    return partitions[_hash_of(key) % len(partitions)]


class KafkaLog:
    """``DurableLog`` on Kafka.

    A record is tried until the broker has it: a broker that is away is waited for. What no try can
    cure (a fenced or unknown producer) ends the process, and its successor starts a new producer;
    MQTT delivers again whatever was not acknowledged.
    """

    def __init__(self, bootstrap: str, *, linger_ms: int, timeout_s: float) -> None:
        self._bootstrap = bootstrap
        self._linger_ms = linger_ms
        self._timeout_ms = int(timeout_s * 1_000)
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect, waiting for the broker as long as it takes."""
        while self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                enable_idempotence=True,
                linger_ms=self._linger_ms,
                max_batch_size=_BATCH_BYTES,
                partitioner=_partition_of,
                request_timeout_ms=self._timeout_ms,
            )
            try:
                await producer.start()
            except (KafkaError, OSError) as error:
                await producer.stop()
                log.warning("kafka_waits", error=type(error).__name__, retry_s=_RETRY_S)
                await asyncio.sleep(_RETRY_S)
                continue
            self._producer = producer

    async def append(self, record: Record) -> "asyncio.Future[None]":
        """Hand a record to the producer; the future ends when every replica has it."""
        producer = self._producer
        if producer is None:
            raise UnavailableError("the Kafka producer is not started")
        while True:
            try:
                sent: asyncio.Future[None] = await producer.send(
                    record.topic, value=record.value, key=record.key, headers=list(record.headers)
                )
            except (KafkaTimeoutError, KafkaConnectionError):
                continue  # the buffer stayed full for the whole timeout: the broker is away, so wait on
            except KafkaError as error:
                raise UnavailableError(f"the Kafka producer failed for good: {type(error).__name__}") from error
            return sent

    async def stop(self) -> None:
        """Close the connection; records still in hand are given up and come again through MQTT."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(2):
                    await producer.stop()
            except (KafkaError, TimeoutError) as error:
                log.warning("kafka_stop_incomplete", error=type(error).__name__)


async def kafka_answers(bootstrap: str, timeout_s: float) -> None:
    """Return when the first broker takes a connection.

    Raises:
        UnavailableError: It does not, in time.
    """
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, int(port))
    except (OSError, TimeoutError) as error:
        raise UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP") from error
    writer.close()
    await writer.wait_closed()
