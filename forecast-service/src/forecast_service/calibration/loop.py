"""Learns from what has matured, for as long as the scheduler leads."""

import asyncio
from datetime import datetime, timedelta

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge

from forecast_service.calibration.live import Learned, learned
from forecast_service.calibration.rolling import Rule
from forecast_service.catalog import Catalog
from forecast_service.store.calibration import CalibrationStore
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.wire.catalog import Product

log = get_logger(__name__)
CHUNK = timedelta(days=1)
"""Domain time that one look covers at most."""


class CalibrationLoop:
    """Moves the offsets of every product with the outcomes that were scored.

    Outcomes are looked at once, ``settle`` after their period ended: what is scored later than that, or corrected
    later, teaches nothing any more.
    """

    def __init__(
        self, store: CalibrationStore, catalog: Catalog, clock: Clock, registry: CollectorRegistry, rule: Rule,
        *, every_s: float, settle: timedelta, first_look: timedelta,
    ) -> None:  # fmt: skip
        """Assemble.

        Args:
            store: What was learned.
            catalog: Products.
            clock: Domain time.
            registry: Of the metrics.
            rule: How fast to learn.
            every_s: Wall seconds between two looks.
            settle: Domain time that outcomes get to arrive and be scored.
            first_look: How far back the first look of a product reaches.
        """
        self._store, self._catalog, self._clock, self._rule = store, catalog, clock, rule
        self._every_s, self._settle, self._first_look = every_s, settle, first_look
        labels = ["product", "group"]
        self._days = Gauge(
            "gridseal_forecast_calibration_days", "Days of outcomes that calibration knows", labels, registry=registry
        )
        self._shift = Gauge(
            "gridseal_forecast_calibration_shift_ratio", "Mean size of the offsets in band widths", labels,
            registry=registry,
        )  # fmt: skip
        self._seen = Counter(
            "gridseal_forecast_calibration_outcomes_total", "Outcomes learned from", ["product"], registry=registry
        )

    async def run(self) -> None:
        """Learn until cancelled; a database that is away is waited for."""
        while True:
            try:
                behind = [await self.step(product) for product in self._catalog.products]
            except UnavailableError as error:
                log.warning("calibration_waits", detail=str(error))
                behind = []
            await asyncio.sleep(0.1 if any(behind) else self._every_s)

    async def step(self, product: Product) -> bool:
        """One look at one product; whether there is more to look at now."""
        return await asyncio.to_thread(self._step, product)

    def _step(self, product: Product) -> bool:
        settled = self._clock.now() - self._settle
        since = self._store.progress(product.product_id) or settled - self._first_look
        until = min(settled, since + CHUNK)
        if until <= since:
            return False
        matured = self._store.matured(product, since, until)
        known = self._store.state(product)
        if matured:
            slots = {datetime.fromtimestamp(one.slot_s, settled.tzinfo) for one in matured}
            pinned = self._store.pinned(product.product_id, sorted(slots))
            by_second = {int(slot.timestamp()): one for slot, one in pinned.items()}
            known = learned(known, matured, by_second, product.levels_bps, self._rule)
        self._store.keep(product, known, until)
        self._show(product, known, len(matured))
        return until < settled

    def _show(self, product: Product, known: dict[str, Learned], seen: int) -> None:
        self._seen.labels(product.product_id).inc(seen)
        for group, one in known.items():
            self._days.labels(product.product_id, group).set(one.track.days)
            self._shift.labels(product.product_id, group).set(float(np.abs(one.track.offsets).mean()))
