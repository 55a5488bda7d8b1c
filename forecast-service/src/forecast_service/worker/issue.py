"""Computes and stores the run of one job."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from forecast_service.catalog import Catalog
from forecast_service.jobs.queue import Job
from forecast_service.ports import Forecaster, HistoryStore, SeriesHistory
from forecast_service.replay.inputs import RunInputs
from forecast_service.store.runs import RunStore
from forecast_service.worker.compose import compose_run, feature_hash, gate_of, series_forecasts
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.wire.catalog import Product, Series
from gridseal.wire.forecasts import ForecastRun, SeriesForecast

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: a bounded label and one sentence."""

    label: str
    detail: str


class Issuer:
    """Issues runs with the champion, or with the baseline while there is none."""

    def __init__(
        self, catalog: Catalog, history: HistoryStore, runs: RunStore, baseline: Forecaster, clock: Clock,
        metrics: WorkerMetrics, tenant_id: str, *, reach: timedelta,
    ) -> None:  # fmt: skip
        self._catalog = catalog
        self._history = history
        self._runs = runs
        self._baseline = baseline
        self._clock = clock
        self._metrics = metrics
        self._tenant_id = tenant_id
        self._reach = reach
        self.champion: Forecaster | None = None

    async def issue(self, job: Job) -> Outcome:
        """Do a job once; a repeated job changes nothing."""
        product = self._catalog.product(job.product_id)
        series = self._catalog.series_due(product, job.slot) if product else []
        if product is None or not series:
            return Outcome("nothing_due", "the catalog has no series for this product and slot")
        if await asyncio.to_thread(self._runs.has, product.product_id, job.slot, 1):
            return Outcome("repeated", "the slot has its run")
        now = self._clock.now()
        if now >= gate_of(product, series, job.slot):
            return Outcome("expired", "the gate had closed before a worker took the job")
        if now < job.slot:
            return Outcome("early", "the slot lies in the future of this worker's clock")
        return await asyncio.to_thread(self._compute, product, series, job)

    def _compute(self, product: Product, series: Sequence[Series], job: Job) -> Outcome:
        champion, records = self.champion, self._catalog.records
        wanted_s = max(self._baseline.history_s, champion.history_s if champion else 0)
        reach = max(self._reach, timedelta(seconds=wanted_s))
        with self._metrics.stage("history"):
            histories = self._history.load(series, job.slot - reach, job.slot)
        with self._metrics.stage("baseline"):
            made = self._baseline.forecast(histories, job.slot, product.horizon_s, product.levels_bps)
            baseline = series_forecasts(made, series)
        serving, forecasts = self._serve(champion, product, series, histories, job, baseline)
        if not forecasts:
            return Outcome("no_data", "no series of the slot has any complete window")
        regions = frozenset(site.region_id for s in series if (site := self._catalog.sites.get(s.site_id)) is not None)
        run = compose_run(
            product, job.slot, self._clock.now(), serving, forecasts, feature_hash(histories), self._tenant_id, regions
        )
        with self._metrics.stage("write"):
            new = self._runs.write(run, baseline, job.traceparent, RunInputs(records, histories))
        if new:
            self._count(run)
        return Outcome("issued", f"run {run.run_id}") if new else Outcome("repeated", "another worker was first")

    def _serve(
        self, champion: Forecaster | None, product: Product, series: Sequence[Series],
        histories: Sequence[SeriesHistory], job: Job, baseline: list[SeriesForecast],
    ) -> tuple[Forecaster, list[SeriesForecast]]:  # fmt: skip
        """The champion's forecasts, the baseline's for a series it leaves out or if it fails."""
        if champion is None:
            return self._baseline, baseline
        try:
            with self._metrics.stage("model"):
                made = champion.forecast(histories, job.slot, product.horizon_s, product.levels_bps)
                forecasts = {f.series_id: f for f in series_forecasts(made, series)}
        except Exception as error:  # a product never goes without a forecast, whatever a model does
            self._metrics.fallbacks.inc()
            log.error("champion_failed", model=f"{champion.name}/{champion.version}", exc_info=error)
            return self._baseline, baseline
        for spare in baseline:
            forecasts.setdefault(spare.series_id, spare)
        return champion, [forecasts[s.series_id] for s in series if s.series_id in forecasts]

    def _count(self, run: ForecastRun) -> None:
        for one in run.series:
            self._metrics.series.labels(one.model, str(one.rung)).inc()
