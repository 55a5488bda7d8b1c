"""Bring the store to the presets, and the topic to the store; begun anew after any failure.

Effects first: a revision is marked as published only after Kafka acknowledged it, so a crash
between the two publishes it again, which consumers see as the same record.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from asset_service.edits import with_edits
from asset_service.metrics import CatalogMetrics
from asset_service.ports import CatalogStore, CatalogTopic
from asset_service.presets import Record
from asset_service.reconcile import plan
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)


class CatalogSync:
    """The one loop of asset-service."""

    def __init__(
        self,
        presets: Sequence[Record],
        store: CatalogStore,
        topic: CatalogTopic,
        metrics: CatalogMetrics,
        *,
        retry_max_s: float,
        relay_interval_s: float,
    ) -> None:
        self._presets = presets
        self._store = store
        self._topic = topic
        self._metrics = metrics
        self._retry_max_s = retry_max_s
        self._relay_interval_s = relay_interval_s
        self._reconciled = False
        self._changed = asyncio.Event()

    def publish_soon(self) -> None:
        """Somebody changed the store: look for what is not published without waiting for the next turn."""
        self._changed.set()

    @property
    def reconciled(self) -> bool:
        """The store holds the presets, and the topic had them all at least once since the start."""
        return self._reconciled

    async def run(self) -> None:
        """Reconcile, then publish whatever the store holds unpublished and mend the store, until cancelled."""
        pause = 0.2
        while True:
            try:
                if not self._reconciled or not await self._is_whole():
                    await self.reconcile()
                await self.relay()
            except UnavailableError as error:
                log.warning("catalog_waits", error=str(error), retry_s=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._retry_max_s)
                continue
            pause = 0.2
            self._reconciled = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._relay_interval_s)
            self._changed.clear()

    async def reconcile(self) -> None:
        """Bring every record in the store to the presets and to what the topic has seen."""
        targets = plan(await self._wanted(), await self._store.kept(), await self._topic.kept())
        for target in targets:
            await self._store.save(target)
        log.info("catalog_reconciled", records=len(targets), unpublished=sum(not t.published for t in targets))

    async def _is_whole(self) -> bool:
        # A store that came back without its last writes would else answer with half a catalog.
        kept = await self._store.kept()
        return all(record.key in kept and kept[record.key].record == record for record in await self._wanted())

    async def _wanted(self) -> list[Record]:
        edits = await self._store.edits()
        return [with_edits(record, edits.get(record.key, {})) for record in self._presets]

    async def relay(self) -> None:
        """Publish what is marked as unpublished."""
        waiting = await self._store.unpublished()
        if not waiting:
            return
        await self._topic.publish(waiting)
        for target in waiting:
            await self._store.mark_published(target.key, target.revision)
            self._metrics.published.labels("removed" if target.record is None else "changed").inc()
        log.info("catalog_published", records=len(waiting))
