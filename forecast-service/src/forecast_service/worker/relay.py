"""Publishes stored runs on ``forecasts.issued``: commit first, then Kafka, then the flag."""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from forecast_service.store.runs import RunStore
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.errors import UnavailableError
from gridseal.registry.announce import SchemaIds, announce
from gridseal.runtime.cloudevents import event_headers
from gridseal.wire.codec import encode
from gridseal.wire.topics import FORECASTS_ISSUED


class Relay:
    """Sends what the outbox holds. A run may arrive twice, and never not at all."""

    def __init__(
        self, producer: AIOKafkaProducer, runs: RunStore, metrics: WorkerMetrics, schema_ids: SchemaIds | None = None
    ) -> None:
        self._stamp = (schema_ids or SchemaIds()).headers(FORECASTS_ISSUED)
        self._producer = producer
        self._runs = runs
        self._metrics = metrics

    @classmethod
    async def announced(
        cls, registry_url: str | None, producer: AIOKafkaProducer, runs: RunStore, metrics: WorkerMetrics
    ) -> "Relay":
        """With the schema of runs registered, where a registry is configured."""
        return cls(producer, runs, metrics, await announce(registry_url, [FORECASTS_ISSUED]))

    async def flush(self) -> int:
        """Publish every pending run, oldest first; how many.

        Raises:
            UnavailableError: Kafka or PostgreSQL does not answer; the rest stays pending.
        """
        sent = 0
        while pending := await asyncio.to_thread(self._runs.pending):
            for item in pending:
                headers = event_headers(
                    item.run.schema_, "forecast-service", event_id=item.run_id, traceparent=item.traceparent
                )
                headers += self._stamp
                try:
                    await self._producer.send_and_wait(
                        FORECASTS_ISSUED, encode(item.run), key=item.run_id.encode(), headers=headers
                    )
                except KafkaError as error:
                    raise UnavailableError("Kafka does not answer: runs wait in the outbox") from error
                await asyncio.to_thread(self._runs.mark_published, item.run_id)
                self._metrics.published.inc()
                sent += 1
        return sent
