"""Keeps the worker's windows in memory complete, so that no job waits for a long read."""

import asyncio
from datetime import timedelta

from forecast_service.catalog import Catalog
from forecast_service.jobs.slots import fresh_share
from forecast_service.products.plan import forecast_series
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.history import WindowHistory
from forecast_service.store.telemetry import TelemetryReader
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
FRESH_S = 86_400
SHARE = 0.5
LOOK_EVERY_S, SWEEP_EVERY_S = 2.0, 60.0


class WarmLoop:
    """Reads all history once back-filling is nearly over, then sweeps for corrections."""

    def __init__(
        self, history: WindowHistory, telemetry: TelemetryReader, reader: CatalogReader, catalog: Catalog, clock: Clock,
        reach: timedelta,
    ) -> None:  # fmt: skip
        self._history = history
        self._telemetry = telemetry
        self._reader = reader
        self._catalog = catalog
        self._clock = clock
        self._reach = reach

    async def run(self) -> None:
        """Keep warm until cancelled."""
        await self._reader.complete()
        warm = False
        while True:
            try:
                if warm:
                    await asyncio.to_thread(self._history.sweep)
                else:
                    warm = await self._fill()
            except UnavailableError as error:
                log.warning("history_waits", detail=str(error))
            await asyncio.sleep(SWEEP_EVERY_S if warm else LOOK_EVERY_S)

    async def _fill(self) -> bool:
        wanted = (s for p in self._catalog.products for s in forecast_series(p, self._catalog.series_of(p)))
        series = list({(s.series_id, s.resolution_s): s for s in wanted}.values())
        extents = await asyncio.to_thread(self._telemetry.extents, series)
        now = self._clock.now()
        if fresh_share(extents, now, FRESH_S) < SHARE:
            return False
        await asyncio.to_thread(self._history.load, series, now - self._reach, now)
        log.info("history_in_memory", series=len(series))
        return True
