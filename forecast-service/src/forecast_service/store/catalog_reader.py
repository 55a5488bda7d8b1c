"""Follows ``assets.changed`` into a ``Catalog``."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Counter

from forecast_service.catalog import Catalog
from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import get_logger
from gridseal.wire.topics import ASSETS_CHANGED

log = get_logger(__name__)


class CatalogReader:
    """Reads the whole compacted topic, then goes on with what changes."""

    def __init__(self, bootstrap: str, catalog: Catalog, registry: CollectorRegistry) -> None:
        self._bootstrap = bootstrap
        self._catalog = catalog
        self._complete = asyncio.Event()
        self._refused = Counter(
            "gridseal_catalog_refused_total", "Catalog records that are not of the contract", registry=registry
        )
        self._of_others = Counter(
            "gridseal_catalog_of_others_total", "Catalog records of other tenants, passed over", registry=registry
        )

    async def complete(self) -> None:
        """Wait until everything that was on the topic at the start has been read."""
        await self._complete.wait()

    async def probe(self) -> None:
        """Ready once the catalog holds a product.

        Raises:
            UnavailableError: It does not.
        """
        if not self._complete.is_set() or not self._catalog.products:
            raise UnavailableError("the catalog holds no product yet")

    async def run(self) -> None:
        """Follow the topic until cancelled.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        consumer = AIOKafkaConsumer(
            ASSETS_CHANGED, **client_options(self._bootstrap), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
            ends = await consumer.end_offsets(list(consumer.assignment()))
            while True:
                if not self._complete.is_set() and await _reached(consumer, ends):
                    self._complete.set()
                    log.info("catalog_read", series=len(self._catalog.series), products=len(self._catalog.products))
                batch = await consumer.getmany(timeout_ms=500)
                for records in batch.values():
                    for record in records:
                        self._take(record.key, record.value)
        except KafkaError as error:
            raise UnavailableError("Kafka does not answer, or has no topic assets.changed") from error
        finally:
            await consumer.stop()

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        try:
            if not self._catalog.apply((key or b"").decode(), value):
                self._of_others.inc()
        except WireError as error:
            self._refused.inc()
            log.warning("catalog_record_refused", reason=error.reason, detail=str(error))


async def _reached(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return False
    return True
