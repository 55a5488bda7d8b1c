"""Outbox to Kafka: every change of a seal, in order, at least once."""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gridseal.registry.announce import SchemaIds
from gridseal.runtime.cloudevents import event_headers
from gridseal.runtime.logs import get_logger
from gridseal.wire.topics import FORECASTS_SEALED
from settlement_service.outbox import database
from settlement_service.runs import Pool

log = get_logger(__name__)


class SealPublisher:
    """Sends what ``seal_events`` holds and marks it sent after Kafka acknowledged."""

    def __init__(
        self, pool: Pool, producer: AIOKafkaProducer, changed: asyncio.Event, schema_ids: SchemaIds | None = None
    ) -> None:
        self._stamp = (schema_ids or SchemaIds()).headers(FORECASTS_SEALED)
        self._pool = pool
        self._producer = producer
        self._changed = changed

    async def run(self) -> None:
        """Publish until cancelled; while Kafka is away the rows wait."""
        while True:
            self._changed.clear()
            try:
                if await self.publish_pending():
                    continue
            except KafkaError as error:
                log.warning("kafka_away", error=type(error).__name__)
                await asyncio.sleep(1.0)
            try:
                async with asyncio.timeout(1.0):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def publish_pending(self, limit: int = 100) -> int:
        """Send up to ``limit`` events and return how many were sent."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT id, run_id, document FROM settlement.seal_events WHERE published_at IS NULL"
                " ORDER BY id LIMIT %s",
                (limit,),
            )
            rows = await cursor.fetchall()
        for row in rows:
            headers = [*event_headers("seal/1", "settlement-service", event_id=f"seal-{row['id']}"), *self._stamp]
            await self._producer.send_and_wait(
                FORECASTS_SEALED, bytes(row["document"]), key=str(row["run_id"]).encode(), headers=headers
            )
            async with database(), self._pool.connection() as connection:
                await connection.execute(
                    "UPDATE settlement.seal_events SET published_at = clock_timestamp() WHERE id = %s", (row["id"],)
                )
        return len(rows)
