"""What the stream knows of devices and series: an immutable picture of ``assets.changed``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gridseal.wire.catalog import Asset, CatalogRecord, Series, Site
from gridseal.wire.topics import TELEMETRY_CLASSES
from streaming_processor.arrays import Ints, Mask
from streaming_processor.quantities import POWER_SOURCES, SENT, STORED
from streaming_processor.transforms.windows import Lanes

STANDARD_WIDTHS_S = (300, 900, 3_600)


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series with the window widths it gets."""

    series: Series
    widths_s: tuple[int, ...]

    @property
    def definition(self) -> str:
        """Text that changes whenever stored windows of the series would have to be computed anew."""
        inputs = ",".join(f"{i.device_id}/{i.quantity}*{i.sign}" for i in sorted(self.series.inputs, key=str))
        return f"{inputs}|{','.join(map(str, self.widths_s))}"


@dataclass(frozen=True, slots=True)
class Reference:
    """Devices and series in arrays; a device's position in ``assets`` is its number within this picture."""

    assets: tuple[Asset, ...]
    devices: Mapping[str, int]
    """Device id → position in ``assets``."""
    may_send: Mask
    """``[device, sent quantity]``."""
    rating_milli: Ints
    """Per device, 0 where there is none."""
    class_no: Ints
    """Per device: position of its telemetry class in ``TELEMETRY_CLASSES``."""
    plans: tuple[SeriesPlan, ...]
    lane_plan: Ints
    """Per lane: position in ``plans``."""
    lane_series: tuple[str, ...]
    """Per lane: ``series_id``."""
    lanes: Lanes
    sites: Mapping[str, Site]

    def source(self, device_id: str, quantity: str) -> int:
        """Number of a device's stored quantity."""
        return self.devices[device_id] * len(STORED) + STORED.index(quantity)

    def positions(self, device_ids: pa.StringArray) -> Ints:
        """Where these devices are in ``assets``, -1 for a stranger. Costs by what is asked, not by what is known."""
        asked = device_ids.dictionary_encode()
        found = np.array([self.devices.get(name, -1) for name in asked.dictionary.to_pylist()], np.int64)
        where: Ints = asked.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return found[where]

    def only(self, plans: Iterable[int]) -> Lanes:
        """The lanes of some series alone, under their usual numbers."""
        kept = np.isin(self.lane_plan, np.fromiter(plans, np.int64))[self.lanes.lane]
        before = np.concatenate(([0], np.cumsum(kept))).astype(np.int64)
        return Lanes(before[self.lanes.start], self.lanes.lane[kept], self.lanes.sign[kept], self.lanes.width_s)


def reference_from(records: Mapping[str, CatalogRecord]) -> Reference:
    """Build the picture from the newest record under each key."""
    by_device = {r.device_id: r for r in records.values() if isinstance(r, Asset)}
    assets = tuple(by_device[device_id] for device_id in sorted(by_device))
    series = sorted((r for r in records.values() if isinstance(r, Series)), key=lambda s: s.series_id)
    plans = tuple(SeriesPlan(s, _widths(s, by_device)) for s in series)
    devices = {asset.device_id: i for i, asset in enumerate(assets)}
    lane_plan, lanes = _lanes(plans, devices)
    return Reference(
        assets=assets,
        devices=devices,
        may_send=np.array([[_may_send(a, q) for q in SENT] for a in assets], bool).reshape(len(assets), len(SENT)),
        rating_milli=np.array([(a.rating_w or 0) * 1_000 for a in assets], np.int64),
        class_no=np.array([TELEMETRY_CLASSES.index(a.telemetry_class) for a in assets], np.int64),
        plans=plans,
        lane_plan=lane_plan,
        lane_series=tuple(plans[p].series.series_id for p in lane_plan),
        lanes=lanes,
        sites={r.site_id: r for r in records.values() if isinstance(r, Site)},
    )


def _may_send(asset: Asset, quantity: str) -> bool:
    """Two sources of one stored quantity would overwrite each other, so neither is taken."""
    alone = quantity not in POWER_SOURCES or len(POWER_SOURCES.intersection(asset.quantities)) == 1
    return quantity in asset.quantities and alone


def _widths(series: Series, devices: Mapping[str, Asset]) -> tuple[int, ...]:
    """Standard widths that hold a whole period of every input, and the resolution of the series."""
    periods = [devices[i.device_id].native_period_s for i in series.inputs if i.device_id in devices]
    finest = max(periods, default=series.resolution_s)
    return tuple(sorted({w for w in STANDARD_WIDTHS_S if w >= finest} | {series.resolution_s}))


def _lanes(plans: tuple[SeriesPlan, ...], devices: Mapping[str, int]) -> tuple[Ints, Lanes]:
    lane_plan: list[int] = []
    widths: list[int] = []
    entries: list[tuple[int, int, int]] = []
    for p, plan in enumerate(plans):
        for width in plan.widths_s:
            for each in plan.series.inputs:
                if each.device_id in devices and each.quantity in STORED:
                    source = devices[each.device_id] * len(STORED) + STORED.index(each.quantity)
                    entries.append((source, len(widths), each.sign))
            lane_plan.append(p)
            widths.append(width)
    table = np.array(sorted(entries), np.int64).reshape(-1, 3)
    sources = len(devices) * len(STORED)
    start = np.searchsorted(table[:, 0], np.arange(sources + 1)).astype(np.int64)
    return np.array(lane_plan, np.int64), Lanes(start, table[:, 1], table[:, 2], np.array(widths, np.int64))
