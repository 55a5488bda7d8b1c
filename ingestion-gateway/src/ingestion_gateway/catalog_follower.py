"""Follows ``assets.changed``: first everything there is, then every change as it comes."""

import asyncio
import time
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from gridseal.errors import WireError
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import get_logger
from gridseal.wire.catalog import Asset, CatalogMessage
from gridseal.wire.codec import decode
from gridseal.wire.topics import ASSETS_CHANGED
from ingestion_gateway.devices import DeviceDirectory

log = get_logger(__name__)
_PARTITION: Final = TopicPartition(ASSETS_CHANGED, 0)
_RETRY_S: Final = 0.5


class CatalogFollower:
    """Keeps a ``DeviceDirectory`` current.

    ``ready`` is set once the topic was read to its end, holds a device, and has been quiet for
    ``quiet_s``: a catalog in the middle of its first publication would make devices unknown.
    """

    def __init__(self, bootstrap: str, devices: DeviceDirectory, *, quiet_s: float) -> None:
        self._bootstrap = bootstrap
        self._devices = devices
        self._quiet_s = quiet_s
        self._newest_ms = 0
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled; a lost broker is waited for."""
        while True:
            consumer = AIOKafkaConsumer(**client_options(self._bootstrap), enable_auto_commit=False)
            try:
                await consumer.start()
                if ASSETS_CHANGED in await consumer.topics():
                    await self._follow(consumer)
                log.warning("catalog_waits", error=f"the topic {ASSETS_CHANGED} does not exist yet")
            except (KafkaError, OSError) as error:
                log.warning("catalog_waits", error=type(error).__name__)
            finally:
                await consumer.stop()
            await asyncio.sleep(_RETRY_S)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        consumer.assign([_PARTITION])
        await consumer.seek_to_beginning(_PARTITION)
        end = (await consumer.end_offsets([_PARTITION]))[_PARTITION]
        while True:
            wait_ms = 1_000 if self.ready.is_set() else 100
            for records in (await consumer.getmany(_PARTITION, timeout_ms=wait_ms)).values():
                for record in records:
                    self.learn(record)
            if not self.ready.is_set() and await consumer.position(_PARTITION) >= end and self._is_quiet():
                log.info("catalog_read", devices=len(self._devices))
                self.ready.set()

    def learn(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Apply one record of the topic."""
        key = (record.key or b"").decode(errors="replace")
        self._newest_ms = max(self._newest_ms, record.timestamp)
        if record.value is None:
            self._devices.forget(key)
            return
        try:
            item = decode(CatalogMessage, record.value).item
        except WireError as error:
            log.warning("catalog_value_ignored", key=key, error=str(error))
            return
        if isinstance(item, Asset):
            self._devices.put(item)

    def _is_quiet(self) -> bool:
        return len(self._devices) > 0 and time.time() * 1_000 - self._newest_ms >= self._quiet_s * 1_000
