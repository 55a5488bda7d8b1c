"""``python -m forecast_service scheduler``: slots, flows, trainings, scores."""

import asyncio
from datetime import timedelta

from redis.asyncio import Redis

from forecast_service.app import create_operator_app
from forecast_service.calibration.loop import CalibrationLoop
from forecast_service.calibration.rolling import Rule
from forecast_service.catalog import Catalog
from forecast_service.champion_watch import champion_trained_until, rollback_watch
from forecast_service.jobs.flow_loop import FlowRule
from forecast_service.jobs.leader import SCHEDULER_LOCK, Lock
from forecast_service.jobs.queue import STREAM, JobQueue
from forecast_service.jobs.routes import Jobs, job_routes
from forecast_service.jobs.scheduler import SchedulerState, SlotLoop, SlotRule
from forecast_service.jobs.standard_flows import FlowLimits, standard_flows
from forecast_service.jobs.training import JUDGED_SHARE, TrainingLoop
from forecast_service.jobs.training_due import TrainingRule
from forecast_service.monitoring.performance_check import PerformanceRule
from forecast_service.monitoring.score_loop import ScoreLoop
from forecast_service.notify.parts import notification_loops
from forecast_service.programs.start import started
from forecast_service.settings import ForecastSettings
from forecast_service.store.calibration import CalibrationStore
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.database import migrate, open_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.pages import Pages
from forecast_service.store.scores import ScoreStore
from forecast_service.store.telemetry import TelemetryReader
from gridseal.access.tenant_rows import SERVICE, named_for, tenant_options
from gridseal.http.install import conventions_of
from gridseal.runtime.clock import clock_from
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, run_parts
from gridseal.runtime.settings import CoreSettings


async def run() -> None:
    """Slots, flows, trainings, scores."""
    core, settings = started("scheduler")
    migrate(core.postgres_dsn)
    clock, registry, catalog, state = clock_from(core), new_registry(), Catalog(core.tenant), SchedulerState()
    pool = open_pool(core.postgres_dsn, settings.postgres_pool, tenant_options(core.tenant))
    own = open_pool(core.postgres_dsn, 2, tenant_options(core.tenant, SERVICE))  # of jobs and flows, named alike by all
    redis = Redis.from_url(core.redis_url)
    try:
        reader = CatalogReader(core.kafka_bootstrap, catalog, registry)
        queue, jobs, telemetry = JobQueue(redis, named_for(STREAM, core.tenant)), JobRuns(own), TelemetryReader(pool)
        slot_rule = SlotRule(settings.issue_delay_s, settings.ready_share, settings.ready_lag_s)
        slots = SlotLoop(catalog, queue, telemetry, jobs, clock, registry, slot_rule, state)
        flow_runs, limits = FlowRuns(own), _flow_limits(core, settings)
        training = TrainingLoop(jobs, flow_runs, telemetry, catalog, clock, _train_rule(settings), state)
        watch = rollback_watch(core, settings, pool, catalog, clock, registry)
        flows = standard_flows(
            pool, own, queue, catalog, clock, registry, state, limits, trains=settings.train,
            trained_until=champion_trained_until(core, settings),
        )  # fmt: skip
        window = timedelta(hours=settings.score_window_h)
        scores = ScoreLoop(ScoreStore(pool), catalog, clock, registry, every_s=settings.score_every_s, window=window)
        calibration = CalibrationLoop(
            CalibrationStore(pool), catalog, clock, registry, Rule(), every_s=settings.calibrate_every_s,
            settle=timedelta(seconds=settings.calibrate_settle_s), first_look=window,
        )  # fmt: skip
        tell = notification_loops(core, settings, pool, clock, registry)
        probes = {"catalog": reader.probe, "redis": queue.probe}
        app = create_operator_app(registry, probes, state, conventions_of(core, "forecast-scheduler"))
        app.include_router(job_routes(Jobs(flow_runs, Pages(own), clock)))

        async def lead() -> None:
            async with Lock(core.postgres_dsn, named_for(SCHEDULER_LOCK, core.tenant)) as lock:
                await lock.wait()
                state.leader = True
                await reader.complete()
                loops = [slots.run, scores.run, flows.run, lock.hold, *tell]
                loops += [training.run] if settings.train else []
                loops += [watch.run] if settings.rollback else []
                loops += [calibration.run] if settings.calibrate else []
                async with asyncio.TaskGroup() as group:
                    for loop in loops:
                        group.create_task(loop())

        await run_parts([reader.run, lead, http_part(app, core.host, settings.scheduler_port)])
    finally:
        await redis.aclose()
        own.close()
        pool.close()


def _train_rule(settings: ForecastSettings) -> TrainingRule:
    return TrainingRule(
        timedelta(hours=settings.train_every_h), settings.train_clock, settings.train_retry_s, settings.train_min_days
    )


def _flow_limits(core: CoreSettings, settings: ForecastSettings) -> FlowLimits:
    return FlowLimits(
        drift_share=settings.drift_share_threshold,
        performance=PerformanceRule(settings.performance_mae_threshold, settings.demand_region),
        min_rows=settings.retrain_min_rows,
        pause=timedelta(hours=settings.retrain_pause_h),
        holdout=timedelta(days=settings.reference_holdout_d),
        reports=settings.reports_dir or core.state_dir / "reports",
        ingestion_command=settings.ingestion_command,
        run=FlowRule(settings.flow_gap_s, settings.flow_limit_s),
        fine_tune_cron=settings.fine_tune_cron,
        fine_tune_least=timedelta(days=settings.gate_min_days / JUDGED_SHARE),
    )
