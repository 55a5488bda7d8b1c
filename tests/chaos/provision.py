"""Writes the catalog of the load devices to ``assets.changed``: ``python -m tests.chaos.provision OPTIONS``."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

from aiokafka import AIOKafkaProducer

from gridseal.runtime.settings import CoreSettings, load_settings
from gridseal.wire.catalog import CatalogMessage, CatalogRecord
from gridseal.wire.codec import encode
from gridseal.wire.topics import ASSETS_CHANGED
from tests.chaos.load import LoadOptions, catalog


async def publish(bootstrap: str, records: Iterable[CatalogRecord]) -> int:
    """Every record under its key; how many there were."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=20, max_batch_size=500_000)
    await producer.start()
    try:
        sent = [
            await producer.send(ASSETS_CHANGED, key=r.key.encode(), value=encode(CatalogMessage(revision=1, item=r)))
            for r in records
        ]
        await asyncio.gather(*sent)
        return len(sent)
    finally:
        await producer.stop()


if __name__ == "__main__":
    options = LoadOptions.load(Path(sys.argv[1]))
    asyncio.run(publish(load_settings(CoreSettings).kafka_bootstrap, catalog(options.devices)))
