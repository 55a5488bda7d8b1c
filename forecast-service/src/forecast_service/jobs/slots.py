"""Which slot is due. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forecast_service.jobs.flows import cron_after, cron_before
from forecast_service.store.telemetry import Extent
from gridseal.runtime.clock import floor_to
from gridseal.wire.catalog import Product

MOST_MISSED = 10_000
"""Where counting ends."""


@dataclass(frozen=True, slots=True)
class Due:
    """A slot to send, and how many before it were missed."""

    slot: datetime
    missed: int


def due_slot(now: datetime, last: datetime | None, slot_s: int) -> Due | None:
    """The slot that ``now`` lies in, unless it was sent already.

    After a pause only the current slot is worth a forecast: the gates of the others have closed.
    """
    slot = floor_to(now, slot_s)
    if last is None:
        return Due(slot, 0)
    steps = int((slot - last).total_seconds()) // slot_s
    return Due(slot, steps - 1) if steps > 0 else None


def next_slot(now: datetime, slot_s: int) -> datetime:
    """The first slot after ``now``."""
    return floor_to(now, slot_s) + timedelta(seconds=slot_s)


def due_run(product: Product, now: datetime, last: datetime | None) -> Due | None:
    """The slot of a product that is due: by its cron where it has one, else by its multiples of seconds."""
    if product.issue_cron is None:
        return due_slot(now, last, product.slot_s)
    slot = cron_before(product.issue_cron, product.timezone or "UTC", now)
    if last is None:
        return Due(slot, 0)
    if slot <= last:
        return None
    missed, after = 0, next_run(product, last)
    while after < slot and missed < MOST_MISSED:
        missed, after = missed + 1, next_run(product, after)
    return Due(slot, missed)


def next_run(product: Product, now: datetime) -> datetime:
    """The first slot of a product after ``now``."""
    if product.issue_cron is None:
        return next_slot(now, product.slot_s)
    return cron_after(product.issue_cron, product.timezone or "UTC", now)


def reached_share(extents: Sequence[Extent], slot: datetime) -> float:
    """Share of series whose period that ends at the slot, or a later one, is there."""
    there = [e.newest is not None and e.newest + timedelta(seconds=e.series.resolution_s) >= slot for e in extents]
    return sum(there) / len(there) if there else 0.0


def fresh_share(extents: Sequence[Extent], now: datetime, lag_s: int) -> float:
    """Share of series whose newest complete window ended no more than ``lag_s`` and one period ago."""
    if not extents:
        return 0.0
    fresh = 0
    for extent in extents:
        if extent.newest is not None:
            period = timedelta(seconds=extent.series.resolution_s)
            fresh += now - (extent.newest + period) <= timedelta(seconds=lag_s) + period
    return fresh / len(extents)


def history_days(extents: Sequence[Extent]) -> float:
    """Days that half of the series reach back, at least."""
    spans = sorted((e.newest - e.oldest).total_seconds() if e.newest and e.oldest else 0.0 for e in extents)
    return spans[len(spans) // 2] / 86_400 if spans else 0.0


def job_id(product_id: str, slot: datetime) -> str:
    """Id of the job of one slot."""
    return f"{product_id}@{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
