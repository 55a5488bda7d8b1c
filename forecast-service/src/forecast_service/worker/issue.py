"""Computes and stores the run of one job."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from forecast_service.catalog import Catalog
from forecast_service.jobs.queue import Job
from forecast_service.monitoring.window_score import drift_score
from forecast_service.ports import (
    CalibrationPins,
    Forecaster,
    HistoryStore,
    LastForecasts,
    Pinned,
    SeriesHistory,
    StoredForecast,
)
from forecast_service.products.answer import Question, Stored, answer
from forecast_service.products.batteries import CHARGE_REACH, batteries_of, charge_series
from forecast_service.products.envelopes import envelopes_of
from forecast_service.products.plan import forecast_series, gate_of
from forecast_service.replay.inputs import RunInputs
from forecast_service.store.runs import RunStore
from forecast_service.worker.compose import compose_run, feature_hash, series_forecasts
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.runtime.traces import past_span, traceparent_of
from gridseal.wire.catalog import Product, Series
from gridseal.wire.forecasts import ForecastRun

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: a bounded label and one sentence."""

    label: str
    detail: str


class Issuer:
    """Issues runs, each product's with its own champion, or with the baseline while there is none."""

    def __init__(
        self, catalog: Catalog, history: HistoryStore, runs: RunStore, baseline: Forecaster, clock: Clock,
        metrics: WorkerMetrics, tenant_id: str, *, reach: timedelta, last: LastForecasts | None = None,
        pins: CalibrationPins | None = None,
    ) -> None:  # fmt: skip
        self._catalog = catalog
        self._history = history
        self._runs = runs
        self._baseline = baseline
        self._clock = clock
        self._metrics = metrics
        self._tenant_id = tenant_id
        self._reach = reach
        self._last = last
        self._pins = pins
        self.champions: dict[str, Forecaster] = {}
        """By product id; changed by the champion loop."""

    async def issue(self, job: Job) -> Outcome:
        """Do a job once; a repeated job changes nothing."""
        product = self._catalog.product(job.product_id)
        series = self._catalog.series_due(product, job.slot) if product else []
        if product is None or not series:
            return Outcome("nothing_due", "the catalog has no series for this product and slot")
        if await asyncio.to_thread(self._runs.has, product.product_id, job.slot, 1):
            return Outcome("repeated", "the slot has its run")
        now = self._clock.now()
        wanted = forecast_series(product, series)
        if now >= gate_of(product, [s.resolution_s for s in wanted], job.slot):
            return Outcome("expired", "the gate had closed before a worker took the job")
        if now < job.slot:
            return Outcome("early", "the slot lies in the future of this worker's clock")
        return await asyncio.to_thread(self._compute, product, wanted, job)

    def _compute(self, product: Product, series: Sequence[Series], job: Job) -> Outcome:
        began_ms = time.time() * 1_000
        champion, records = self.champions.get(product.product_id), self._catalog.records
        histories, context = self._histories(series, job.slot, champion), self._context(series, job.slot)
        pinned = self._pins.pin(product, job.slot) if self._pins else Pinned()
        question = Question(
            product, job.slot, series, histories, batteries_of(series, self._catalog, context), pinned,
            envelopes_of(product, series, job.slot, self._catalog.sites),
        )  # fmt: skip
        given = answer(question, champion, self._baseline, self._stored(product, job.slot), self._metrics.stage)
        if given.failure is not None and champion is not None:
            self._metrics.fallbacks.inc()
            log.error("champion_failed", model=f"{champion.name}/{champion.version}", exc_info=given.failure)
        if given.contradiction is not None:
            self._metrics.incoherent.inc()
            log.error("forecasts_do_not_add_up", product=product.product_id, exc_info=given.contradiction)
        if not given.forecasts:
            return Outcome("no_data", "no series of the slot has any complete window or earlier forecast")
        slot_s = int(job.slot.timestamp())
        drift = {h.series.series_id: drift_score(h, slot_s) for h in histories}
        regions = frozenset(site.region_id for s in series if (site := self._catalog.sites.get(s.site_id)) is not None)
        run = compose_run(
            product, job.slot, self._clock.now(), given.forecaster, series_forecasts(given.forecasts, series, drift),
            feature_hash([*histories, *context], given.stored), self._tenant_id, regions,
        )  # fmt: skip
        traced = traceparent_of(run.run_id)
        with self._metrics.stage("write"):
            baseline = series_forecasts(given.baseline, series)
            new = self._runs.write(run, baseline, traced, RunInputs(records, [*histories, *context]))
        past_span(
            "forecast.issue", began_ms, time.time() * 1_000, parent=traced, links=[job.traceparent],
            attributes={"gridseal.run_id": run.run_id, "gridseal.product": run.product_id},
        )  # fmt: skip
        if new:
            self._count(run)
        return Outcome("issued", f"run {run.run_id}") if new else Outcome("repeated", "another worker was first")

    def _histories(self, series: Sequence[Series], slot: datetime, champion: Forecaster | None) -> list[SeriesHistory]:
        """Windows of every series; none where telemetry cannot be read, and rung 4 is what is left."""
        wanted_s = max(self._baseline.history_s, champion.history_s if champion else 0)
        reach = max(self._reach, timedelta(seconds=wanted_s))
        try:
            with self._metrics.stage("history"):
                return self._history.load(series, slot - reach, slot)
        except UnavailableError as error:
            self._metrics.blind.inc()
            log.error("telemetry_unreadable", slot=str(slot), detail=str(error))
            return []

    def _context(self, series: Sequence[Series], slot: datetime) -> list[SeriesHistory]:
        """What batteries hold: the last day of the charge of each that is forecast."""
        charges = charge_series(series, self._catalog)
        if not charges:
            return []
        try:
            return self._history.load(charges, slot - CHARGE_REACH, slot)
        except UnavailableError:  # counted and logged where the histories were read
            return []

    def _stored(self, product: Product, slot: datetime) -> Stored:
        """Rung 4.

        Raises (when called):
            UnavailableError: PostgreSQL does not answer at all; the job stays pending.
        """

        def find(series: Sequence[Series]) -> Mapping[str, StoredForecast]:
            if self._last is None:
                return {}
            with self._metrics.stage("stored"):
                return self._last.last(product.product_id, series, slot, self._clock.now())

        return find

    def _count(self, run: ForecastRun) -> None:
        for one in run.series:
            self._metrics.series.labels(one.model, str(one.rung)).inc()
