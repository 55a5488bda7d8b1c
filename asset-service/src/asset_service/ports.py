"""What asset-service needs from outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from asset_service.edits import EditedBy
from asset_service.presets import Record
from asset_service.quality import AssetQuality
from asset_service.reconcile import Kept, Target
from gridseal.wire.catalog import Asset, Series
from gridseal.wire.views import AssetPerformance


class CatalogStore(Protocol):
    """Where the catalog lives."""

    async def kept(self) -> Mapping[str, Kept]:
        """Every record by key, removed ones included."""
        ...

    async def save(self, target: Target) -> None:
        """Bring one record to its target; harmless when it is there already."""
        ...

    async def unpublished(self) -> Sequence[Target]:
        """Records whose newest revision is not marked as published."""
        ...

    async def mark_published(self, key: str, revision: int) -> None:
        """Note that this revision is on the topic; ignored when the record has moved on."""
        ...

    async def edits(self) -> Mapping[str, Mapping[str, Any]]:
        """What people changed over the presets, by key."""
        ...

    async def edit(self, record: Record, revision: int, changes: Mapping[str, Any], by: str, at: datetime) -> bool:
        """Replace a record that still has this revision; False where it has moved on."""
        ...

    async def history(self, key: str) -> tuple[int, Sequence[EditedBy]]:
        """Revision of a record, 0 where there is none, and its changes by people, oldest first."""
        ...

    async def records(self, kind: type[Record], **equal: str) -> Sequence[Record]:
        """The living records of one kind with these field values, ordered by key."""
        ...

    async def ping(self) -> None:
        """Return when the store answers."""
        ...


class CatalogTopic(Protocol):
    """The compacted topic ``assets.changed``."""

    async def kept(self) -> Mapping[str, Kept]:
        """The newest value under every key."""
        ...

    async def publish(self, targets: Sequence[Target]) -> None:
        """Write all of them and return when every replica has them."""
        ...

    async def ping(self) -> None:
        """Return when the broker answers."""
        ...


class QualitySource(Protocol):
    """Reads what devices sent."""

    async def quality(
        self,
        assets: Sequence[Asset],
        series: Sequence[Series],
        zones: Mapping[str, str],
        start: datetime,
        end: datetime,
    ) -> Sequence[AssetQuality]:
        """One entry per asset, in the order given."""
        ...


class PerformanceSource(Protocol):
    """Reads forecasts and measurements."""

    async def performance(self, series: Sequence[Series], start: datetime, end: datetime) -> Sequence[AssetPerformance]:
        """One entry per series, in the order given."""
        ...

    async def ping(self) -> None:
        """Return when the database answers."""
        ...
