"""Catalog records with sensible defaults, and ports in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from asset_service.edits import EditedBy
from asset_service.presets import Record
from asset_service.quality import AssetQuality
from asset_service.reconcile import Kept, Target
from gridseal.errors import UnavailableError
from gridseal.wire.catalog import Asset, Product, Series, Site
from gridseal.wire.views import AssetPerformance


def a_site(site_id: str = "here", **changes: Any) -> Site:
    fields: dict[str, Any] = {"tenant_id": "demo", "site_id": site_id, "name": "Here", "region_id": "gb"}
    fields |= {"timezone": "Europe/London", "latitude": 52.0, "longitude": -1.0}
    return Site(**(fields | changes))


def an_asset(asset_id: str = "here-pv", **changes: Any) -> Asset:
    fields: dict[str, Any] = {"tenant_id": "demo", "site_id": "here", "asset_id": asset_id, "device_id": asset_id}
    fields |= {"name": "PV", "asset_type": "pv", "telemetry_class": "solar"}
    fields |= {"quantities": ("active_power",), "native_period_s": 900, "rating_w": 4_000}
    return Asset(**(fields | changes))


def a_series(series_id: str = "here/pv", **changes: Any) -> Series:
    fields: dict[str, Any] = {
        "tenant_id": "demo",
        "series_id": series_id,
        "site_id": "here",
        "name": "PV",
        "kind": "pv",
    }
    fields |= {"unit": "W", "resolution_s": 900, "issue_every_s": 900, "direction": "into_grid", "primary": True}
    fields |= {"inputs": [{"device_id": "here-pv", "quantity": "active_power"}], "capacity_w": 4_000}
    return Series(**(fields | changes))


def a_product(**changes: Any) -> Product:
    fields: dict[str, Any] = {"product_id": "site-6h", "name": "6 hours", "kinds": ["pv"], "horizon_s": 21_600}
    fields |= {"slot_s": 900, "levels_bps": [500, 5_000, 9_500], "model_family": "global-lstm"}
    return Product(**(fields | changes))


def a_catalog() -> tuple[Record, ...]:
    return (a_site(), an_asset(), a_series(), a_product())


class MemoryStore:
    """A catalog store in memory."""

    def __init__(self) -> None:
        self.documents: dict[str, Kept] = {}
        self.published: dict[str, int] = {}
        self.edited: dict[str, dict[str, Any]] = {}
        self.lines: dict[str, list[EditedBy]] = {}
        self.down = False

    async def kept(self) -> Mapping[str, Kept]:
        await self.ping()
        return dict(self.documents)

    async def save(self, target: Target) -> None:
        self.documents[target.key] = Kept(target.record, target.revision)
        self.published[target.key] = target.revision if target.published else 0

    async def unpublished(self) -> Sequence[Target]:
        await self.ping()
        return [
            Target(key, kept.record, kept.revision, False)
            for key, kept in sorted(self.documents.items())
            if self.published[key] != kept.revision
        ]

    async def mark_published(self, key: str, revision: int) -> None:
        if self.documents[key].revision == revision:
            self.published[key] = revision

    async def edits(self) -> Mapping[str, Mapping[str, Any]]:
        await self.ping()
        return dict(self.edited)

    async def edit(self, record: Record, revision: int, changes: Mapping[str, Any], by: str, at: datetime) -> bool:
        await self.ping()
        if self.documents[record.key].revision != revision:
            return False
        self.documents[record.key] = Kept(record, revision + 1)
        self.edited.setdefault(record.key, {}).update(changes)
        self.lines.setdefault(record.key, []).append(EditedBy(at=at, by=by, changes=dict(changes)))
        return True

    async def history(self, key: str) -> tuple[int, Sequence[EditedBy]]:
        await self.ping()
        kept = self.documents.get(key)
        return (0, ()) if kept is None or kept.record is None else (kept.revision, self.lines.get(key, []))

    async def records(self, kind: type[Record], **equal: str) -> Sequence[Record]:
        await self.ping()
        found = [kept.record for _, kept in sorted(self.documents.items()) if isinstance(kept.record, kind)]
        return [one for one in found if all(getattr(one, name) == value for name, value in equal.items())]

    async def ping(self) -> None:
        if self.down:
            raise UnavailableError("the store is away")


class MemoryTopic:
    """``assets.changed`` in memory: the newest value per key, and everything ever written."""

    def __init__(self) -> None:
        self.values: dict[str, Kept] = {}
        self.written: list[Target] = []
        self.down = False

    async def kept(self) -> Mapping[str, Kept]:
        await self.ping()
        return dict(self.values)

    async def publish(self, targets: Sequence[Target]) -> None:
        await self.ping()
        for target in targets:
            self.written.append(target)
            if target.record is None:
                self.values.pop(target.key, None)
            else:
                self.values[target.key] = Kept(target.record, target.revision)

    async def ping(self) -> None:
        if self.down:
            raise UnavailableError("the topic is away")


class MemoryPerformance:
    """Answers as if nothing had matured, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], datetime, datetime]] = []

    async def performance(self, series: Sequence[Series], start: datetime, end: datetime) -> Sequence[AssetPerformance]:
        self.asked.append(([one.series_id for one in series], start, end))
        figures = ("mean_actual_w", "mean_forecast_w", "mae_w", "bias_w", "deviation_ratio", "energy_wh")
        nothing: dict[str, Any] = dict.fromkeys((*figures, "availability_ratio"))
        return [
            AssetPerformance(
                series_id=one.series_id,
                site_id=one.site_id,
                asset_id=one.asset_id,
                name=one.name,
                window_start=start,
                window_end=end,
                periods=0,
                **nothing,
            )
            for one in series
        ]

    async def ping(self) -> None:
        return


class MemoryQuality:
    """Answers as if no device had ever sent anything."""

    async def quality(
        self,
        assets: Sequence[Asset],
        series: Sequence[Series],
        zones: Mapping[str, str],
        start: datetime,
        end: datetime,
    ) -> Sequence[AssetQuality]:
        nothing: dict[str, Any] = dict.fromkeys(
            ("newest_reading_end", "newest_stored_at", "today_start", "energy_today_wh")
        )
        return [
            AssetQuality(
                asset_id=one.asset_id, device_id=one.device_id, site_id=one.site_id, window_start=start, window_end=end,
                readings=0, suspect=0, bad=0, refused={}, series_id=None, hits={}, **nothing,
            )
            for one in assets
        ]  # fmt: skip
