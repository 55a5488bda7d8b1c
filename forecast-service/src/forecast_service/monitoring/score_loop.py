"""Scores what has matured, for as long as the scheduler leads."""

import asyncio
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter

from forecast_service.catalog import Catalog
from forecast_service.monitoring.pinball import Score, score
from forecast_service.store.scores import Matured, ScoreStore
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.wire.catalog import Series

log = get_logger(__name__)
BATCH = 5_000
RANGE_EVERY_S = 600.0


class ScoreLoop:
    """Looks for matured targets every few wall seconds."""

    def __init__(
        self, store: ScoreStore, catalog: Catalog, clock: Clock, registry: CollectorRegistry,
        *, every_s: float, window: timedelta,
    ) -> None:  # fmt: skip
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._every_s = every_s
        self._window = window
        self._scored = Counter("gridseal_forecast_scored_total", "Matured targets scored", ["model"], registry=registry)
        self._ranges_at = 0.0

    async def run(self) -> None:
        """Score until cancelled; a database that is away is waited for."""
        while True:
            try:
                full = await self.step() >= BATCH
            except UnavailableError as error:
                log.warning("scoring_waits", detail=str(error))
                full = False
            await asyncio.sleep(0.1 if full else self._every_s)

    async def step(self) -> int:
        """One look; the number of targets scored."""
        series = {s.series_id: s for product in self._catalog.products for s in self._catalog.series_of(product)}
        if not series:
            return 0
        await self._keep_ranges(series)
        until = self._clock.now()
        matured = await asyncio.to_thread(self._store.matured, until - self._window, until, BATCH)
        scored = [(m, series[m.series_id].kind, *_both(m)) for m in matured if m.series_id in series]
        if scored:
            await asyncio.to_thread(self._store.write, scored)
            for m, *_ in scored:
                self._scored.labels(m.model).inc()
        return len(matured)

    async def _keep_ranges(self, series: dict[str, Series]) -> None:
        """A series gets its range with its first forecast, when its history is complete; all are renewed at times."""
        now = asyncio.get_running_loop().time()
        lacking = await asyncio.to_thread(self._store.without_range, list(series))
        if now - self._ranges_at >= RANGE_EVERY_S:
            self._ranges_at, lacking = now, lacking | await asyncio.to_thread(self._store.with_range)
        if lacking:
            await asyncio.to_thread(self._store.update_ranges, [series[name] for name in lacking if name in series])


def _both(m: Matured) -> tuple[Score, Score]:
    return (
        score(m.values_milli, m.levels_bps, m.actual_milli, m.range_milli),
        score(m.baseline_milli, m.levels_bps, m.actual_milli, m.range_milli),
    )
