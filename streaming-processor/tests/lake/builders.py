"""Kafka records with defaults, and a lake of its own for each test."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gridseal.wire.catalog import CatalogMessage, CatalogRecord, Site
from gridseal.wire.codec import encode
from gridseal.wire.telemetry import Telemetry
from streaming_processor.features.groups import GROUPS
from streaming_processor.lake.bronze import Bronze, Record
from streaming_processor.lake.gold import Gold
from streaming_processor.lake.silver import Silver
from streaming_processor.reference import Reference

from ..builders import NOW_S, a_message, a_reading, a_series, an_asset

NOW = datetime.fromtimestamp(NOW_S, UTC)
SITE = Site(
    tenant_id="demo",
    site_id="site",
    name="Site",
    region_id="region",
    timezone="Europe/Paris",
    latitude=48.0,
    longitude=5.0,
)
CATALOG: tuple[CatalogRecord, ...] = (
    SITE, an_asset("a"), an_asset("b"), a_series("a", ("a", 1)), a_series("net", ("a", 1), ("b", -1)),
)  # fmt: skip


def a_record(offset: int, value: bytes | None = b"{}", topic: str = "telemetry.wind", partition: int = 0) -> Record:
    return Record(topic, partition, offset, NOW_S * 1_000 + offset, b"a", value, (("ce_type", b"telemetry/1"),))


def telemetry(messages: Sequence[Telemetry], first: int = 0) -> list[Record]:
    return [a_record(first + i, encode(m)) for i, m in enumerate(messages)]


def catalog(records: Sequence[CatalogRecord] = CATALOG) -> list[Record]:
    return [
        Record("assets.changed", 0, i, NOW_S * 1_000, r.key.encode(), encode(CatalogMessage(revision=1, item=r)), ())
        for i, r in enumerate(records)
    ]


def a_day(day: int = 0, device_id: str = "a") -> list[Telemetry]:
    """A message an hour, six readings each, every one different."""
    start = NOW_S - (10 - day) * 86_400
    return [
        a_message(
            *(a_reading(1_000.0 + day * 144 + h * 6 + i, start_s=start + h * 3_600 + i * 600) for i in range(6)),
            device_id=device_id,
            seq=day * 24 + h,
        )
        for h in range(24)
    ]


@dataclass
class ALake:
    """All three layers below one folder."""

    folder: Path

    def __post_init__(self) -> None:
        self.url = str(self.folder)
        self.bronze = Bronze(self.url)
        self.silver = Silver(self.url, self.bronze, 7)
        self.gold = Gold(self.url, GROUPS)

    def reference(self) -> Reference:
        return self.silver.reference()
