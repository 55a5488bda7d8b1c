"""Where one message lies on Kafka, and when the gateway received and wrote it."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from fastapi import FastAPI, HTTPException, Query

from gridseal.errors import UnavailableError
from gridseal.runtime.kafka import client_options
from gridseal.runtime.problems import not_found
from gridseal.wire.fields import Message, UtcTime
from gridseal.wire.topics import HEADER_RECEIVED_AT_MS, KAFKA_TOPICS, telemetry_topic
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.kafka_log import partition_of

AHEAD_MS: Final = 5_000
"""By how much a device's clock may run ahead of Kafka's for its message to be found."""
MOST_RECORDS: Final = 20_000
"""Records that are read on from the moment that was given."""
MOST_RECORDS_BACK: Final = 100_000
"""Records that are read back from the end, where no moment was given."""
STEP_BACK: Final = 5_000
_READ_MS: Final = 200


class HopReading(Message):
    """Which reading, by its quantity and its period."""

    quantity: str
    period_start: UtcTime


class MessageHop(Message):
    """One message on Kafka. Times are the gateway's and Kafka's wall clock."""

    device_id: str
    boot_id: str
    seq: int
    sent_at_ms: int
    """The device's clock."""
    topic: str
    partition: int
    offset: int
    received_at: UtcTime | None
    """When the gateway had it from MQTT."""
    written_at: UtcTime
    """When the gateway handed it to Kafka; its PUBACK and receipt follow Kafka's acknowledgement."""
    traceparent: str
    readings: tuple[HopReading, ...] = ()
    """What it spoke about, without the values."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message by when its device says that it sent it, or by the device's life and its number in it."""

    device_id: str
    sent_at_ms: int | None
    boot_id: str | None = None
    seq: int | None = None

    def is_named_by(self, said: Mapping[str, object]) -> bool:
        """Whether a message is that one."""
        asked = {"sent_at_ms": self.sent_at_ms, "boot_id": self.boot_id, "seq": self.seq}
        return all(said.get(name) == value for name, value in asked.items() if value is not None)


class KafkaTrail:
    """Reads a little of one topic; each question opens its own connection."""

    def __init__(self, bootstrap: str, timeout_s: float) -> None:
        self._bootstrap = bootstrap
        self._timeout_s = timeout_s

    async def find(self, topic: str, wanted: Wanted) -> MessageHop | None:
        """One message of a device; none where Kafka no longer has it, or where it lies too far back.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        partitions = next(spec.partitions for spec in KAFKA_TOPICS if spec.name == topic)
        place = TopicPartition(topic, partition_of(wanted.device_id.encode(), partitions))
        consumer = AIOKafkaConsumer(
            **client_options(self._bootstrap),
            enable_auto_commit=False,
            request_timeout_ms=int(self._timeout_s * 1_000),
        )
        try:
            async with asyncio.timeout(3 * self._timeout_s):
                await consumer.start()
                return await _search(consumer, place, wanted)
        except (KafkaError, OSError, TimeoutError) as error:
            raise UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP") from error
        finally:
            await consumer.stop()


async def _search(consumer: AIOKafkaConsumer, place: TopicPartition, wanted: Wanted) -> MessageHop | None:
    consumer.assign([place])
    first = (await consumer.beginning_offsets([place]))[place]
    end = (await consumer.end_offsets([place]))[place]
    if wanted.sent_at_ms is not None:
        start = (await consumer.offsets_for_times({place: wanted.sent_at_ms - AHEAD_MS}))[place]
        if start is None:
            return None
        return await _between(consumer, place, start.offset, min(end, start.offset + MOST_RECORDS), wanted)
    oldest = max(first, end - MOST_RECORDS_BACK)
    while end > oldest:
        begin = max(oldest, end - STEP_BACK)
        found = await _between(consumer, place, begin, end, wanted)
        if found is not None:
            return found
        end = begin
    return None


async def _between(
    consumer: AIOKafkaConsumer, place: TopicPartition, begin: int, end: int, wanted: Wanted
) -> MessageHop | None:
    consumer.seek(place, begin)
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(place, timeout_ms=_READ_MS)).get(place, ()):
            found = hop_of(record, wanted)
            if found is not None:
                return found
    return None


def hop_of(record: ConsumerRecord[bytes, bytes], wanted: Wanted) -> MessageHop | None:
    """The hop, if the record is the message in question."""
    if record.key != wanted.device_id.encode():
        return None
    try:
        said = json.loads(record.value or b"")
    except ValueError:
        return None
    if not isinstance(said, dict) or not wanted.is_named_by(said):
        return None
    headers: Mapping[str, bytes] = dict(record.headers)
    received = headers.get(HEADER_RECEIVED_AT_MS)
    return MessageHop(
        device_id=wanted.device_id,
        boot_id=str(said.get("boot_id", "")),
        seq=int(said.get("seq", 0)),
        sent_at_ms=int(said.get("sent_at_ms", 0)),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        received_at=datetime.fromtimestamp(int(received) / 1_000, UTC) if received else None,
        written_at=datetime.fromtimestamp(record.timestamp / 1_000, UTC),
        traceparent=headers.get("traceparent", b"").decode(errors="replace"),
        readings=tuple(_readings(said.get("readings"))),
    )


def _readings(said: object) -> list[HopReading]:
    found = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    return [
        HopReading(quantity=str(one.get("quantity")), period_start=_moment(one["period_start_ms"]))
        for one in found
        if isinstance(one.get("period_start_ms"), int)
    ]


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)


def install_trail_route(app: FastAPI, devices: DeviceDirectory, trail: KafkaTrail) -> None:
    """Add the route."""

    @app.get("/api/v1/gateway/trail", operation_id="get_message_trail", tags=["gateway"])
    async def message(
        device_id: Annotated[str, Query(max_length=63)],
        sent_at_ms: Annotated[
            int | None, Query(ge=0, lt=2**53, description="As the device says, Unix milliseconds")
        ] = None,
        boot_id: Annotated[str | None, Query(max_length=16, description="With seq: the message's id")] = None,
        seq: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
    ) -> MessageHop:
        """When the gateway received one message and wrote it to Kafka, and where it lies.

        By when it was sent, by its id, or by both; by its id alone only the newest of a partition are looked through.
        """
        if sent_at_ms is None and (boot_id is None or seq is None):
            raise HTTPException(422, "name a message by sent_at_ms, or by boot_id and seq")
        device = devices.find(device_id)
        if device is None:
            raise not_found(f"device {device_id}")
        wanted = Wanted(device_id, sent_at_ms, boot_id, seq)
        found = await trail.find(telemetry_topic(device.telemetry_class), wanted)
        if found is None:
            raise not_found(f"that message of {device_id} on Kafka")
        return found
