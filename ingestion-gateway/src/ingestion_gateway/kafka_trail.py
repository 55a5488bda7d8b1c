"""Where one message lies on Kafka, and when the gateway received and wrote it."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from fastapi import FastAPI, Query

from gridseal.errors import UnavailableError
from gridseal.runtime.problems import not_found
from gridseal.wire.fields import Message, UtcTime
from gridseal.wire.topics import HEADER_RECEIVED_AT_MS, KAFKA_TOPICS, telemetry_topic
from ingestion_gateway.devices import DeviceDirectory

AHEAD_MS: Final = 5_000
"""By how much a device's clock may run ahead of Kafka's for its message to be found."""
MOST_RECORDS: Final = 20_000
_READ_MS: Final = 200


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


class KafkaTrail:
    """Reads a little of one topic; each question opens its own connection."""

    def __init__(self, bootstrap: str, timeout_s: float) -> None:
        self._bootstrap = bootstrap
        self._timeout_s = timeout_s

    async def find(self, topic: str, device_id: str, sent_at_ms: int) -> MessageHop | None:
        """The message of a device that says it was sent at that moment; none where Kafka no longer has it.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        partitions = next(spec.partitions for spec in KAFKA_TOPICS if spec.name == topic)
        places = [TopicPartition(topic, number) for number in range(partitions)]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            request_timeout_ms=int(self._timeout_s * 1_000),
        )
        try:
            async with asyncio.timeout(3 * self._timeout_s):
                await consumer.start()
                return await _search(consumer, places, device_id, sent_at_ms)
        except (KafkaError, OSError, TimeoutError) as error:
            raise UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP") from error
        finally:
            await consumer.stop()


async def _search(
    consumer: AIOKafkaConsumer, places: list[TopicPartition], device_id: str, sent_at_ms: int
) -> MessageHop | None:
    ends = await consumer.end_offsets(places)
    starts = await consumer.offsets_for_times(dict.fromkeys(places, sent_at_ms - AHEAD_MS))
    left = {place: ends[place] for place in places if starts[place] is not None}
    if not left:
        return None
    consumer.assign(list(left))
    for place in left:
        consumer.seek(place, starts[place].offset)
    read = 0
    while left and read < MOST_RECORDS:
        for place, records in (await consumer.getmany(*left, timeout_ms=_READ_MS)).items():
            for record in records:
                read += 1
                found = hop_of(record, device_id, sent_at_ms)
                if found is not None:
                    return found
            if await consumer.position(place) >= left.get(place, 0):
                left.pop(place, None)
    return None


def hop_of(record: ConsumerRecord[bytes, bytes], device_id: str, sent_at_ms: int) -> MessageHop | None:
    """The hop, if the record is the message in question."""
    if record.key != device_id.encode():
        return None
    try:
        said = json.loads(record.value or b"")
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("sent_at_ms") != sent_at_ms:
        return None
    headers: Mapping[str, bytes] = dict(record.headers)
    received = headers.get(HEADER_RECEIVED_AT_MS)
    return MessageHop(
        device_id=device_id,
        boot_id=str(said.get("boot_id", "")),
        seq=int(said.get("seq", 0)),
        sent_at_ms=sent_at_ms,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        received_at=datetime.fromtimestamp(int(received) / 1_000, UTC) if received else None,
        written_at=datetime.fromtimestamp(record.timestamp / 1_000, UTC),
        traceparent=headers.get("traceparent", b"").decode(errors="replace"),
    )


def install_trail_route(app: FastAPI, devices: DeviceDirectory, trail: KafkaTrail) -> None:
    """Add the route."""

    @app.get("/api/v1/gateway/trail", operation_id="get_message_trail", tags=["gateway"])
    async def message(
        device_id: Annotated[str, Query(max_length=63)],
        sent_at_ms: Annotated[int, Query(ge=0, lt=2**53, description="As the device says, Unix milliseconds")],
    ) -> MessageHop:
        """When the gateway received one message and wrote it to Kafka, and where it lies."""
        device = devices.find(device_id)
        if device is None:
            raise not_found(f"device {device_id}")
        found = await trail.find(telemetry_topic(device.telemetry_class), device_id, sent_at_ms)
        if found is None:
            raise not_found(f"a message of {device_id} of that moment on Kafka")
        return found
