"""The standard flows with their steps, from the parts of the scheduler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from forecast_service.catalog import Catalog
from forecast_service.jobs.flow_loop import FlowLoop, FlowRule, FlowsState, Step
from forecast_service.jobs.flows import (
    DATA_INGESTION,
    DRIFT_CHECK,
    FINE_TUNE,
    FORECAST_PREFIX,
    PERFORMANCE_CHECK,
    RETRAIN,
    Cause,
    FlowRun,
    standard_with,
)
from forecast_service.jobs.queue import JobQueue
from forecast_service.jobs.scheduler import SchedulerState
from forecast_service.jobs.small_flows import ForecastFlow, IngestionFlow
from forecast_service.jobs.training import FineTuneFlow, RetrainFlow
from forecast_service.jobs.training_due import retrain_may_follow
from forecast_service.monitoring.drift_check import DriftCheck, DriftRule, renew_reference
from forecast_service.monitoring.files import write_whole
from forecast_service.monitoring.gauges import RollingGauges
from forecast_service.monitoring.performance_check import PerformanceCheck, PerformanceRule
from forecast_service.store.database import Pool
from forecast_service.store.drift_log import DriftLog
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.generation import GenerationRows
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.pages import DATED, LATEST, Pages
from forecast_service.store.performance import PerformanceStore
from forecast_service.store.training_features import TrainingFeatures
from gridseal.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class FlowLimits:
    """What the settings say about flows."""

    drift_share: float
    performance: PerformanceRule
    min_rows: int
    pause: timedelta
    """Domain time after a training in which no check asks for another."""
    holdout: timedelta
    """Newest part of the data that judged a training: it is no reference."""
    reports: Path
    ingestion_command: str
    run: FlowRule
    fine_tune_cron: str = ""
    """When to learn on from the champion; empty: not by itself."""
    fine_tune_least: timedelta = timedelta(days=8)
    """Data that the champion has not seen, below which it is not worth it."""


class RetrainDesk:
    """Where checks ask for a training."""

    def __init__(self, runs: FlowRuns, jobs: JobRuns, clock: Clock, pause: timedelta, *, trains: bool) -> None:
        self._runs = runs
        self._jobs = jobs
        self._clock = clock
        self._pause = pause
        self._trains = trains

    def ask(self, cause: Cause, reason: str) -> str | None:
        """Queue a training unless one has just been, is under way, or this scheduler trains nothing."""
        now = self._clock.now()
        if not self._trains or not retrain_may_follow(self._jobs.training(), now, self._pause):
            return None
        name, new = self._runs.enqueue(RETRAIN, cause, reason, now)
        return name if new else None

    def trained_at(self) -> datetime | None:
        """Domain time of the last training that ended well."""
        return self._jobs.training().done_domain


def shown(pages: Pages, folder: Path) -> Callable[[str], None]:
    """Shows the page of a drift check: in PostgreSQL for every port, in a folder for whoever looks there."""

    def show(page: str) -> None:
        pages.keep(LATEST, page)
        for name in (LATEST, DATED):
            write_whole(folder / name, page)

    return show


def standard_flows(
    pool: Pool, own: Pool, queue: JobQueue, catalog: Catalog, clock: Clock, registry: CollectorRegistry,
    state: SchedulerState, limits: FlowLimits, *, trains: bool,
    trained_until: Callable[[], datetime | None] = lambda: None,
) -> FlowLoop:  # fmt: skip
    """The loop that runs the flows of S3, the performance check, fine-tuning and those of the products.

    ``own`` is bound to the tenant, whose flows, jobs and pages may be named like another's.

    ``trained_until`` says up to when the champion of the sites has learned, none while there is none.
    """
    runs, jobs, features = FlowRuns(own), JobRuns(own), TrainingFeatures(pool)
    performance, gauges = PerformanceStore(pool), RollingGauges(registry)
    desk = RetrainDesk(runs, jobs, clock, limits.pause, trains=trains)

    def renew(run: FlowRun) -> str:
        made_for = f"{run.job_id}, {run.cause}: {run.reason}"
        return renew_reference(features, clock.now(), limits.holdout, made_for, limits.min_rows)

    retrain = RetrainFlow(features.windows, catalog, registry, state, limits.min_rows, renew)
    steps: Mapping[str, Step] = {
        DATA_INGESTION: IngestionFlow(features.stock, clock, limits.ingestion_command),
        DRIFT_CHECK: DriftCheck(
            features, GenerationRows(pool, catalog), DriftLog(pool), desk.ask, clock,
            shown(Pages(own), limits.reports), DriftRule(limits.drift_share, limits.min_rows, limits.holdout),
            desk.trained_at,
        ),
        PERFORMANCE_CHECK: PerformanceCheck(performance, desk.ask, clock, limits.performance, gauges.show),
        RETRAIN: retrain,
        FINE_TUNE: FineTuneFlow(retrain.train, trained_until, clock, limits.fine_tune_least),
        FORECAST_PREFIX: ForecastFlow(catalog, queue, jobs, clock),
    }  # fmt: skip
    data: Mapping[str, Callable[[], datetime | None]] = {
        PERFORMANCE_CHECK: performance.newest_target,
        DATA_INGESTION: features.newest,
        DRIFT_CHECK: features.newest,
    }
    standard = standard_with(limits.fine_tune_cron)
    return FlowLoop(runs, standard, steps, data, clock, registry, limits.run, FlowsState(state.flows))
