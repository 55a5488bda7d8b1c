"""Outboxes to Kafka: every change of a seal and of a round, in order, at least once."""

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gridseal.registry.announce import SchemaIds
from gridseal.runtime.cloudevents import event_headers
from gridseal.runtime.logs import get_logger
from gridseal.runtime.traces import traceparent_of
from gridseal.wire.topics import FORECASTS_SEALED, ROUNDS_CHANGED
from settlement_service.outbox import database
from settlement_service.runs import Pool

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Box:
    """One outbox: a table with ``id``, ``document`` and ``published_at``, and where it goes."""

    table: str
    key: str
    """Column with the Kafka key."""
    topic: str
    kind: str
    """CloudEvents type."""
    event: str
    """Before the row's id, the CloudEvents id."""


SEALS = Box("settlement.seal_events", "run_id", FORECASTS_SEALED, "seal/1", "seal")
ROUNDS = Box("settlement.round_events", "round_key", ROUNDS_CHANGED, "round/1", "round")


class Publisher:
    """Sends what an outbox holds and marks it sent after Kafka acknowledged."""

    def __init__(
        self,
        box: Box,
        pool: Pool,
        producer: AIOKafkaProducer,
        changed: asyncio.Event,
        schema_ids: SchemaIds | None = None,
    ) -> None:
        self._box = box
        self._stamp = (schema_ids or SchemaIds()).headers(box.topic)
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
        box = self._box
        select = (
            f"SELECT id, {box.key} AS key, document FROM {box.table} WHERE published_at IS NULL ORDER BY id LIMIT %s"
        )
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(select.encode(), (limit,))
            rows = await cursor.fetchall()
        for row in rows:
            headers = [
                *event_headers(
                    box.kind,
                    "settlement-service",
                    event_id=f"{box.event}-{row['id']}",
                    traceparent=traceparent_of(str(row["key"])),
                ),
                *self._stamp,
            ]
            await self._producer.send_and_wait(
                box.topic, bytes(row["document"]), key=str(row["key"]).encode(), headers=headers
            )
            done = f"UPDATE {box.table} SET published_at = clock_timestamp() WHERE id = %s"
            async with database(), self._pool.connection() as connection:
                await connection.execute(done.encode(), (row["id"],))
        return len(rows)
