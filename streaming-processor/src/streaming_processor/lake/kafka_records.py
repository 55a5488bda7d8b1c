"""Kafka's records from given offsets on, without a consumer group: the lake's own log knows the place."""

from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from gridseal.errors import UnavailableError
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import get_logger
from streaming_processor.lake.bronze import Record

log = get_logger(__name__)


class KafkaRecords:
    """A reader of whole topics."""

    def __init__(self, bootstrap: str, topics: Sequence[str]) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self, position: Callable[[str, int], int]) -> None:
        """Take up every partition where the lake left it.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        consumer = AIOKafkaConsumer(
            *self._topics,
            **client_options(self._bootstrap), enable_auto_commit=False, auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 << 20,
        )  # fmt: skip
        try:
            await consumer.start()
            # Without a group every partition of the topics is assigned at once.
            places = sorted(consumer.assignment())
            oldest = await consumer.beginning_offsets(places)
        except KafkaError as error:
            await consumer.stop()
            raise UnavailableError(f"Kafka does not answer at {self._bootstrap}: {type(error).__name__}") from error
        for place in places:
            wanted = position(place.topic, place.partition)
            if wanted < oldest[place]:
                if wanted:
                    log.error("kafka_forgot_records", topic=place.topic, partition=place.partition,
                              first_missing=wanted, first_there=oldest[place])  # fmt: skip
                wanted = oldest[place]
            consumer.seek(place, wanted)
        self._consumer = consumer

    async def ends(self) -> dict[tuple[str, int], int]:
        """The offsets behind the newest records at this moment."""
        found = await self._open().end_offsets(list(self._open().assignment()))
        return {(place.topic, place.partition): offset for place, offset in found.items()}

    async def positions(self) -> dict[tuple[str, int], int]:
        """The offsets that come next; a compacted topic's may lie behind records that are gone."""
        consumer = self._open()
        return {(p.topic, p.partition): await consumer.position(p) for p in consumer.assignment()}

    async def behind(self, topic: str) -> bool:
        """Kafka holds records of the topic that were not taken yet."""
        ends, positions = await self.ends(), await self.positions()
        return any(at < ends[place] for place, at in positions.items() if place[0] == topic)

    async def take(self, limit: int, wait_ms: int) -> list[Record]:
        """What is there, at most so many; none after ``wait_ms``.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        try:
            fetched = await self._open().getmany(timeout_ms=wait_ms, max_records=limit)
        except KafkaError as error:
            raise UnavailableError(f"Kafka cannot be read: {type(error).__name__}") from error
        return [
            Record(m.topic, m.partition, m.offset, m.timestamp, m.key, m.value, tuple(m.headers))
            for messages in fetched.values()
            for m in messages
        ]

    async def stop(self) -> None:
        """Leave."""
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    def _open(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise UnavailableError("Kafka was not connected")
        return self._consumer
