"""The catalog reaches the topic whatever is away in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from asset_service.metrics import CatalogMetrics
from asset_service.presets import Record
from asset_service.sync import CatalogSync
from gridseal.errors import UnavailableError

from .builders import MemoryStore, MemoryTopic, a_catalog, a_site


def a_sync(store: MemoryStore, topic: MemoryTopic, presets: tuple[Record, ...]) -> CatalogSync:
    metrics = CatalogMetrics(CollectorRegistry())
    return CatalogSync(presets, store, topic, metrics, retry_max_s=0.01, relay_interval_s=0.01)


@contextlib.asynccontextmanager
async def running(sync: CatalogSync) -> AsyncIterator[None]:
    task = asyncio.create_task(sync.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_every_record_is_published_once() -> None:
    store, topic = MemoryStore(), MemoryTopic()
    for _ in range(2):
        sync = a_sync(store, topic, a_catalog())
        await sync.reconcile()
        await sync.relay()

    assert sorted(topic.values) == ["asset/here-pv", "product/site-6h", "series/here/pv", "site/here"]
    assert len(topic.written) == 4
    assert {kept.revision for kept in topic.values.values()} == {1}


async def test_a_change_is_published_alone_and_a_removal_deletes() -> None:
    store, topic = MemoryStore(), MemoryTopic()
    first = a_sync(store, topic, a_catalog())
    await first.reconcile()
    await first.relay()
    second = a_sync(store, topic, (a_site(name="Elsewhere"), *a_catalog()[1:3]))
    await second.reconcile()
    await second.relay()

    assert [(t.key, t.revision, t.record is None) for t in topic.written[4:]] == [
        ("product/site-6h", 2, True),
        ("site/here", 2, False),
    ]


async def test_a_crash_after_publishing_repeats_the_same_revision() -> None:
    store, topic = MemoryStore(), MemoryTopic()
    sync = a_sync(store, topic, a_catalog())
    await sync.reconcile()
    await topic.publish(await store.unpublished())

    restarted = a_sync(store, topic, a_catalog())
    await restarted.reconcile()
    await restarted.relay()

    assert await store.unpublished() == []
    assert {kept.revision for kept in topic.values.values()} == {1}


@pytest.mark.parametrize("away", ["store", "topic"])
async def test_a_dependency_that_is_away_is_waited_for(away: str) -> None:
    store, topic = MemoryStore(), MemoryTopic()
    absent: MemoryStore | MemoryTopic = store if away == "store" else topic
    absent.down = True
    sync = a_sync(store, topic, a_catalog())
    with pytest.raises(UnavailableError):
        await sync.reconcile()

    async with running(sync), asyncio.timeout(5):
        absent.down = False
        while not sync.reconciled:
            assert len(topic.values) in {0, 4}
            await asyncio.sleep(0)
    assert len(topic.values) == 4


async def test_a_store_that_lost_records_is_mended_without_a_new_revision() -> None:
    store, topic = MemoryStore(), MemoryTopic()
    sync = a_sync(store, topic, a_catalog())
    await sync.reconcile()
    await sync.relay()
    del store.documents["series/here/pv"]

    async with running(sync), asyncio.timeout(5):
        while "series/here/pv" not in store.documents:
            assert len(topic.written) == 4
            await asyncio.sleep(0)
    assert store.documents["series/here/pv"].revision == 1
