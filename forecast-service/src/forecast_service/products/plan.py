"""Which periods a run of a product covers, when its gate closes and when the next run is due. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from gridseal.runtime.clock import floor_to
from gridseal.wire.catalog import Product, Series


@dataclass(frozen=True, slots=True)
class Delivery:
    """The periods of one series in one run: ``[start, end)``, all of them after the slot."""

    slot: datetime
    resolution_s: int
    start: datetime
    end: datetime

    @property
    def first_s(self) -> int:
        """Unix seconds of the first period."""
        return int(self.start.timestamp())

    @property
    def periods(self) -> int:
        """H."""
        return int((self.end - self.start).total_seconds()) // self.resolution_s

    @property
    def skipped(self) -> int:
        """Periods after the first that a forecaster speaks about (slot + resolution) and before ``start``."""
        return (self.first_s - int(self.slot.timestamp())) // self.resolution_s - 1

    @property
    def reach_s(self) -> int:
        """Horizon that a forecaster must be asked for, from its first period on."""
        return (self.skipped + self.periods) * self.resolution_s


def forecast_series(product: Product, series: Sequence[Series]) -> list[Series]:
    """The series at the product's resolution; one that is coarser than that keeps its own."""
    width = product.resolution_s
    return [
        s.model_copy(update={"resolution_s": width}) if width is not None and width % s.resolution_s == 0 else s
        for s in series
    ]


def delivery_of(product: Product, resolution_s: int, slot: datetime) -> Delivery:
    """What the run of a slot covers for series of one resolution.

    Rolling periods start one period after the slot (decision 1). A local day has 23 to 25 hours.
    """
    if product.delivery != "next_local_day":
        start = slot + timedelta(seconds=resolution_s)
        steps = product.horizon_s // resolution_s
        return Delivery(slot, resolution_s, start, start + timedelta(seconds=steps * resolution_s))
    zone = zone_of(product)
    day = slot.astimezone(zone).date() + timedelta(days=1)
    midnight, next_midnight = (
        datetime.combine(d, time(), zone).astimezone(UTC) for d in (day, day + timedelta(days=1))
    )
    return Delivery(slot, resolution_s, midnight, next_midnight)


def gate_of(product: Product, resolutions_s: Sequence[int], slot: datetime) -> datetime:
    """When the gate of a slot's run closes: a local hour of the slot's day, or a while before delivery starts.

    Args:
        product: Whose run.
        resolutions_s: Those of its series.
        slot: When it is due.
    """
    if product.gate_local is not None:
        zone = zone_of(product)
        hour = time.fromisoformat(product.gate_local)
        return datetime.combine(slot.astimezone(zone).date(), hour, zone).astimezone(UTC)
    starts = [delivery_of(product, resolution_s, slot).start for resolution_s in set(resolutions_s)]
    return min(starts) - timedelta(seconds=product.gate_lead_s)


def current_slot(product: Product, now: datetime) -> datetime:
    """The newest slot at or before ``now``."""
    if product.issue_cron is None:
        return floor_to(now, product.slot_s)
    local = now.astimezone(zone_of(product))
    past = CronSim(product.issue_cron, local + timedelta(minutes=1), reverse=True)
    return next(m for m in past if m.astimezone(UTC) <= now).astimezone(UTC)


def slot_after(product: Product, now: datetime) -> datetime:
    """The first slot after ``now``."""
    if product.issue_cron is None:
        return floor_to(now, product.slot_s) + timedelta(seconds=product.slot_s)
    return next(CronSim(product.issue_cron, now.astimezone(zone_of(product)))).astimezone(UTC)


def zone_of(product: Product) -> ZoneInfo:
    """Zone of the product's local times."""
    return ZoneInfo(product.timezone or "UTC")
