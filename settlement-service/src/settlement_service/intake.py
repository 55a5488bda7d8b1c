"""Kafka to outbox: a run's offset is committed after its row is stored."""

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from gridseal.access.tenant_rows import FIRST
from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import get_logger
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.topics import DEAD_LETTER, FORECASTS_ISSUED, HEADER_DETAIL, HEADER_REASON, HEADER_SOURCE
from settlement_service.benchmark.source import Benchmarks
from settlement_service.metrics import SealMetrics
from settlement_service.runs import Refusal, Runs

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BenchmarkIntake:
    """Queues the benchmark's run beside each run that was issued."""

    benchmarks: Benchmarks
    runs: Runs
    wake: asyncio.Event

    async def take(self, run: ForecastRun) -> None:
        """The same run twice is one row."""
        benchmark = await self.benchmarks.beside(run)
        if benchmark is not None and await self.runs.add(benchmark, "benchmark"):
            self.wake.set()


class Intake:
    """Reads ``forecasts.issued``. The same run twice is one row."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
        runs: Runs,
        metrics: SealMetrics,
        wake: asyncio.Event,
        changed: asyncio.Event,
        beside: "BenchmarkIntake | None" = None,
        *,
        tenant: str = FIRST,
    ) -> None:
        self._consumer = consumer
        self._producer = producer
        self._runs = runs
        self._metrics = metrics
        self._wake = wake
        self._changed = changed
        self._beside = beside
        self._tenant = tenant

    async def run(self) -> None:
        """Take runs until cancelled."""
        try:
            async for record in self._consumer:
                await self.take(record)
                await self._consumer.commit()
        except KafkaError as error:
            raise UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP") from error

    async def take(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Queue one message's run; another tenant's is counted and left, what is no run is refused and kept."""
        try:
            run = decode(ForecastRun, record.value or b"")
        except WireError as error:
            await self._refuse(record, error)
            return
        if run.tenant_id != self._tenant:
            self._metrics.of_others.inc()
            return
        if await self._runs.add(run):
            log.info("run_received", run_id=run.run_id, product=run.product_id)
            self._wake.set()
            self._changed.set()
        if self._beside is not None:
            await self._beside.take(run)

    async def _refuse(self, record: "ConsumerRecord[bytes, bytes]", error: WireError) -> None:
        payload = record.value or b""
        await self._runs.refuse(
            Refusal(record.topic, record.partition, record.offset, error.reason, str(error), payload)
        )
        headers = [
            (HEADER_REASON, error.reason.encode()),
            (HEADER_DETAIL, str(error).encode()),
            (HEADER_SOURCE, record.topic.encode()),
        ]
        await self._producer.send_and_wait(DEAD_LETTER, payload, key=record.key, headers=headers)
        self._metrics.refused.labels(error.reason).inc()
        log.warning("message_refused", reason=error.reason, detail=str(error))


def issued_consumer(bootstrap: str, group: str) -> AIOKafkaConsumer:
    """The consumer; not started."""
    return AIOKafkaConsumer(
        FORECASTS_ISSUED,
        **client_options(bootstrap),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=10_000,
        heartbeat_interval_ms=2_000,
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
