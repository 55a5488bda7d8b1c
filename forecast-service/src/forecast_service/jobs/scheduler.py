"""Sends the job of every slot, once telemetry has caught up."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from forecast_service.catalog import Catalog
from forecast_service.jobs.queue import JobQueue
from forecast_service.jobs.slots import due_run, fresh_share, history_days, job_id, next_run, reached_share
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.telemetry import TelemetryReader
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock, sleep_until
from gridseal.runtime.logs import get_logger
from gridseal.runtime.traces import new_traceparent
from gridseal.wire.catalog import Product

log = get_logger(__name__)
LOOK_EVERY_S = 5.0
"""Wall seconds between two looks for new products."""
DATA_EVERY_S = 1.0
"""Wall seconds between two looks for the windows that a slot waits for."""


@dataclass(slots=True)
class SchedulerState:
    """What ``/status`` shows."""

    leader: bool = False
    waiting_for: str = "the lock of the leading scheduler"
    fresh_share: float = 0.0
    history_days: float = 0.0
    last_slot: datetime | None = None
    slots_sent: int = 0
    slots_missed: int = 0
    training: str = "not looked at yet"
    flows: dict[str, str] = field(default_factory=dict)
    """Flow → what it does, or what its last run came to."""


@dataclass(frozen=True, slots=True)
class SlotRule:
    """When to start and how long after a slot to send."""

    delay_s: float
    ready_share: float
    ready_lag_s: int


class SlotLoop:
    """One loop per product."""

    def __init__(
        self, catalog: Catalog, queue: JobQueue, telemetry: TelemetryReader, jobs: JobRuns, clock: Clock,
        registry: CollectorRegistry, rule: SlotRule, state: SchedulerState,
    ) -> None:  # fmt: skip
        self._catalog = catalog
        self._queue = queue
        self._telemetry = telemetry
        self._jobs = jobs
        self._clock = clock
        self._rule = rule
        self._state = state
        self._sent = Counter("gridseal_slots_sent_total", "Slot jobs sent", ["product"], registry=registry)
        self._missed = Counter("gridseal_slots_missed_total", "Slots without a job", ["product"], registry=registry)
        self._share = Gauge("gridseal_series_fresh_ratio", "Share of series with fresh windows", registry=registry)

    async def run(self) -> None:
        """Send jobs until cancelled."""
        self._state.slots_missed = await asyncio.to_thread(self._jobs.missed)
        while not self._catalog.products:
            self._state.waiting_for = "the catalog: asset-service has published no product yet"
            await asyncio.sleep(0.5)
        await self._wait_for_telemetry()
        followed: set[str] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                for product in self._catalog.products:
                    if product.product_id not in followed:
                        followed.add(product.product_id)
                        group.create_task(self._follow(product))
                await asyncio.sleep(LOOK_EVERY_S)

    async def _wait_for_telemetry(self) -> None:
        while True:
            try:
                ready = await self.look()
            except UnavailableError as error:
                ready, self._state.waiting_for = False, str(error)
            if ready:
                self._state.waiting_for = ""
                log.info("telemetry_caught_up", share=self._state.fresh_share, days=self._state.history_days)
                return
            await asyncio.sleep(1.0)

    async def look(self) -> bool:
        """Whether telemetry is fresh enough to start."""
        series = {s.series_id: s for p in self._catalog.products for s in self._catalog.series_of(p)}
        extents = await asyncio.to_thread(self._telemetry.extents, list(series.values()))
        share = fresh_share(extents, self._clock.now(), self._rule.ready_lag_s)
        self._share.set(share)
        self._state.fresh_share, self._state.history_days = share, history_days(extents)
        hours = self._rule.ready_lag_s / 3600
        self._state.waiting_for = (
            f"telemetry to catch up: {share:.0%} of {len(extents)} series are within {hours:g} h of now,"
            f" {self._rule.ready_share:.0%} are needed"
        )
        return share >= self._rule.ready_share

    async def _follow(self, product: Product) -> None:
        await asyncio.to_thread(self._jobs.follow, product.product_id)
        last = await asyncio.to_thread(self._jobs.last_slot, product.product_id)
        while True:
            due = due_run(product, self._clock.now(), last)
            if due is not None and await asyncio.to_thread(self._jobs.enabled, product.product_id):
                if product.issue_on == "data":
                    await self._data_until(product, due.slot)
                await self._send(product, due.slot, due.missed)
                last = due.slot
            await sleep_until(self._clock, next_run(product, self._clock.now()))
            await asyncio.sleep(self._rule.delay_s)

    async def _data_until(self, product: Product, slot: datetime) -> None:
        """Wait for the windows that end at the slot; the next slot ends the wait."""
        until = next_run(product, slot)
        series = self._catalog.series_due(product, slot)
        while self._clock.now() < until:
            try:
                extents = await asyncio.to_thread(self._telemetry.extents, series)
            except UnavailableError as error:
                log.warning("slot_waits", product=product.product_id, detail=str(error))
            else:
                if reached_share(extents, slot) >= self._rule.ready_share:
                    return
            await asyncio.sleep(min(DATA_EVERY_S, self._clock.wall_seconds(until - slot) / 20))

    async def _send(self, product: Product, slot: datetime, missed: int) -> None:
        name = job_id(product.product_id, slot)
        await self._queue.send(name, product.product_id, slot, new_traceparent())
        await asyncio.to_thread(self._jobs.sent, name, product.product_id, slot, missed, self._clock.now())
        self._sent.labels(product.product_id).inc()
        self._state.last_slot = slot
        self._state.slots_sent += 1
        if missed:
            self._missed.labels(product.product_id).inc(missed)
            self._state.slots_missed += missed
            log.warning("slots_missed", product=product.product_id, missed=missed)
