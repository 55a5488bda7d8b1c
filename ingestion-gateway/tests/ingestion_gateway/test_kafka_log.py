"""Every record comes to Kafka in the order of its key, whatever the producer dies of."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.errors import KafkaError, NotLeaderForPartitionError, OutOfOrderSequenceNumber, ProducerFenced

from ingestion_gateway import kafka_log
from ingestion_gateway.kafka_log import KafkaLog
from ingestion_gateway.ports import Held, Received, Record

from .builders import received


class Builder:
    def __init__(self, capacity: int) -> None:
        self.values: list[bytes] = []
        self.capacity = capacity

    def append(self, *, timestamp: None, key: bytes, value: bytes, headers: Any) -> object | None:
        if len(self.values) == self.capacity:
            return None
        self.values.append(value)
        return object()

    def close(self) -> None: ...


class Cluster:
    """What all producers of a test write to, and what befalls them."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.troubles: list[KafkaError | str] = []
        self.producers = 0
        self.stopped = 0


class Client:
    async def close(self) -> None: ...


class Producer:
    cluster: Cluster

    def __init__(self, **_: Any) -> None:
        self.client = Client()
        self._sender = self
        self.sender_task = None
        self.cluster.producers += 1

    async def start(self) -> None: ...

    async def stop(self) -> None:
        self.cluster.stopped += 1

    async def partitions_for(self, topic: str) -> set[int]:
        return {0, 1}

    def create_batch(self) -> Builder:
        return Builder(3)

    async def send_batch(self, builder: Builder, topic: str, *, partition: int) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        trouble = self.cluster.troubles.pop(0) if self.cluster.troubles else None
        if isinstance(trouble, KafkaError):
            future.set_exception(trouble)
        elif trouble != "silence":
            self.cluster.written += builder.values
            future.set_result(None)
        return future


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    Producer.cluster = Cluster()
    monkeypatch.setattr(kafka_log, "AIOKafkaProducer", Producer)
    monkeypatch.setattr(kafka_log, "_RETRY_S", 0.001)
    return Producer.cluster


def records(count: int) -> list[Record]:
    source: Received = received(b"")
    return [Record("t", b"device", b"%d" % n, [], Held(source, 0.0)) for n in range(count)]


async def written(log: KafkaLog, cluster: Cluster, count: int) -> list[bytes]:
    durable: list[bytes] = []
    complete = asyncio.Event()

    def take(done: Sequence[Record]) -> None:
        durable.extend(record.value for record in done)
        if len(durable) == count:
            complete.set()

    await log.start()
    task = asyncio.create_task(log.run(take))
    log.append(records(count))
    async with asyncio.timeout(5):
        await complete.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await log.stop()
    return durable


@pytest.mark.parametrize(
    ("trouble", "producers"),
    [(NotLeaderForPartitionError(), 1), (OutOfOrderSequenceNumber(), 3), (ProducerFenced(), 3)],
)
async def test_a_failed_batch_goes_again_before_what_came_later(
    cluster: Cluster, trouble: KafkaError, producers: int
) -> None:
    cluster.troubles = [trouble, trouble]
    log = KafkaLog("", ["t"], linger_ms=0, timeout_s=1)

    durable = await written(log, cluster, 10)

    assert durable == cluster.written == [b"%d" % n for n in range(10)]
    assert cluster.producers == cluster.stopped == producers


async def test_a_producer_that_says_nothing_is_given_up_on_request(cluster: Cluster) -> None:
    cluster.troubles = ["silence"]
    log = KafkaLog("", ["t"], linger_ms=0, timeout_s=1)
    asyncio.get_running_loop().call_later(0.05, log.renew)

    durable = await written(log, cluster, 4)

    assert durable == cluster.written == [b"0", b"1", b"2", b"3"]
    assert (cluster.producers, log.renewed) == (2, 2)


async def test_records_of_one_key_share_a_partition(cluster: Cluster) -> None:
    log = KafkaLog("", ["t"], linger_ms=0, timeout_s=1)
    await log.start()
    log.append(records(50))

    assert sorted(len(partition.waiting) for partition in log._partitions["t"]) == [0, 50]
    await log.stop()
