"""What must hold between the records of a catalog; each record alone is checked by its own type."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from asset_service.presets import Record
from gridseal.errors import ConfigError
from gridseal.wire.catalog import Asset, Product, Series, Site
from gridseal.wire.units import BASE_UNITS, Quantity


def check_catalog(records: Iterable[Record]) -> None:
    """Refuse a catalog that contradicts itself.

    Raises:
        ConfigError: Names every contradiction found.
    """
    found = sorted(contradictions(tuple(records)))
    if found:
        raise ConfigError("the asset catalog contradicts itself: " + "; ".join(found))


def contradictions(records: tuple[Record, ...]) -> Iterator[str]:
    """One sentence for each contradiction."""
    for key, times in Counter(record.key for record in records).items():
        if times > 1:
            yield f"{key} stands {times} times"
    regions = {record.site_id: record.region_id for record in records if isinstance(record, Site)}
    sites = set(regions)
    assets = [record for record in records if isinstance(record, Asset)]
    series = [record for record in records if isinstance(record, Series)]
    devices = {asset.device_id: asset for asset in assets}
    if len(devices) < len(assets):
        yield "two assets share a device_id"
    placed: list[Asset | Series] = [*assets, *series]
    for item in placed:
        if item.site_id not in sites:
            yield f"{item.key} stands at site {item.site_id}, which does not exist"
    for one in series:
        yield from _series_contradictions(one, devices, {asset.asset_id for asset in assets}, regions)
    for site in sorted(sites):
        primaries = sum(one.primary for one in series if one.site_id == site)
        if primaries != 1:
            yield f"site {site} has {primaries} primary series instead of one"
    for product in (record for record in records if isinstance(record, Product)):
        yield from _product_contradictions(product, series, regions)


def stream_quantities(asset: Asset) -> set[Quantity]:
    """What a device's readings are called behind the stream: energy becomes mean power of its period."""
    return {"active_power" if quantity.startswith("active_energy") else quantity for quantity in asset.quantities}


def _series_contradictions(
    one: Series, devices: dict[str, Asset], asset_ids: set[str], regions: dict[str, str]
) -> Iterator[str]:
    if one.asset_id is not None and one.asset_id not in asset_ids:
        yield f"{one.key} belongs to asset {one.asset_id}, which does not exist"
    if one.series_id.split("/")[0] != one.site_id:
        yield f"{one.key} must start with its site"
    if one.issue_every_s % one.resolution_s:
        yield f"{one.key} must be issued at multiples of its resolution"
    for source in one.inputs:
        device = devices.get(source.device_id)
        if device is None or not _reaches(one, device, regions):
            place = "region" if one.scope == "region" else "site"
            yield f"{one.key} reads device {source.device_id}, which its {place} does not have"
        elif source.quantity not in stream_quantities(device):
            yield f"{one.key} reads {source.quantity}, which {source.device_id} does not measure"
        elif BASE_UNITS.get(source.quantity) != one.unit:
            yield f"{one.key} has a unit that {source.quantity} does not have"
        elif device.native_period_s > one.resolution_s:
            yield f"{one.key} is finer than the readings of {source.device_id}"


def _reaches(one: Series, device: Asset, regions: dict[str, str]) -> bool:
    """A device of its site, or of its region where the series is one of the region."""
    if one.scope == "region":
        return regions.get(device.site_id) is not None and regions.get(device.site_id) == regions.get(one.site_id)
    return device.site_id == one.site_id


def _product_contradictions(product: Product, series: list[Series], regions: dict[str, str]) -> Iterator[str]:
    if list(product.levels_bps) != sorted(set(product.levels_bps)):
        yield f"{product.key} has levels that do not increase"
    within = set(regions.values()) if product.region_ids is None else set(product.region_ids)
    members = [s for s in series if s.forecast and s.kind in product.kinds and regions.get(s.site_id) in within]
    if not members:
        yield f"{product.key} has no series"
    for one in members:
        if one.issue_every_s % product.slot_s and product.slot_s % one.issue_every_s:
            yield f"{product.key} never meets the issue times of {one.key}"
        width = product.resolution_s or one.resolution_s
        if width % one.resolution_s and one.resolution_s % width:
            yield f"{product.key} has periods that those of {one.key} do not fill"
        if product.horizon_s % max(width, one.resolution_s):
            yield f"{product.key} does not end on a period border of {one.key}"
    yield from _time_contradictions(product)


def _time_contradictions(product: Product) -> Iterator[str]:
    try:
        zone = ZoneInfo(product.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        yield f"{product.key} has a time zone that does not exist: {product.timezone}"
        return
    if product.issue_cron is not None:
        try:
            CronSim(product.issue_cron, datetime(2026, 1, 1, tzinfo=zone))
        except CronSimError:
            yield f"{product.key} has an issue_cron that is none: five fields, minute hour day month weekday"
    if product.timezone is None and (product.issue_cron or product.gate_local or product.delivery == "next_local_day"):
        yield f"{product.key} has local times and no time zone"
