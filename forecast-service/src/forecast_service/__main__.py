"""``python -m forecast_service api|worker|scheduler|train|train-demand|replay``."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from forecast_service.app import SERVICE, ApiParts, create_app, create_operator_app
from forecast_service.calibration.loop import CalibrationLoop
from forecast_service.calibration.rolling import Rule
from forecast_service.catalog import Catalog
from forecast_service.commands import demand_trained, replay_run
from forecast_service.demand import demand_parts
from forecast_service.inference.importance import RegistryImportance
from forecast_service.jobs.flow_loop import FlowRule
from forecast_service.jobs.leader import SCHEDULER_LOCK, TRAIN_LOCK, Lock
from forecast_service.jobs.queue import JobQueue
from forecast_service.jobs.routes import job_routes
from forecast_service.jobs.scheduler import SchedulerState, SlotLoop, SlotRule
from forecast_service.jobs.standard_flows import FlowLimits, standard_flows
from forecast_service.jobs.training import TrainingLoop
from forecast_service.jobs.training_due import TrainingRule
from forecast_service.live.feed import LiveFeed
from forecast_service.live.hub import Hub
from forecast_service.live.snapshots import snapshots
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.monitoring.performance_check import PerformanceRule
from forecast_service.monitoring.score_loop import ScoreLoop
from forecast_service.product_models import champions_of, registry_of
from forecast_service.requests.compute import RequestAnswerer
from forecast_service.requests.loop import RequestLoop
from forecast_service.settings import SITE_PRODUCT, ForecastSettings, origins
from forecast_service.stewardship import lifecycle_of, rollback_watch
from forecast_service.store.alerts import AlertReader
from forecast_service.store.calibration import CalibrationStore, PinnedRuns
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.database import migrate, open_async_pool, open_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.history import WindowHistory
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.last_forecasts import StoredForecasts
from forecast_service.store.model_events import ModelEvents
from forecast_service.store.requests import RequestQueue, RequestTable
from forecast_service.store.runs import RunStore
from forecast_service.store.scores import ScoreStore
from forecast_service.store.seals import SealStore
from forecast_service.store.telemetry import TelemetryReader
from forecast_service.store.views import ForecastViews
from forecast_service.trust import signer_of, trusted_keys
from forecast_service.worker.issue import Issuer
from forecast_service.worker.loop import ChampionLoop, SealLoop, WorkerLoop
from forecast_service.worker.metrics import WorkerMetrics
from forecast_service.worker.relay import Relay
from forecast_service.worker.warm import WarmLoop
from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.clock import clock_from
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import configure_traces


def _start(process: str) -> tuple[CoreSettings, ForecastSettings]:
    core, settings = load_settings(CoreSettings), load_settings(ForecastSettings)
    require_loopback(core)
    configure_logs(f"{SERVICE}-{process}", core.log_level)
    configure_traces(f"{SERVICE}-{process}", core.otlp_endpoint)
    return core, settings


async def run_api() -> None:
    """REST and WebSocket."""
    core, settings = _start("api")
    migrate(core.postgres_dsn)
    clock, registry, catalog = clock_from(core), new_registry(), Catalog()
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        core.mongo_url, tz_aware=True, serverSelectionTimeoutMS=3_000
    )
    pool = await open_async_pool(core.postgres_dsn, settings.postgres_pool)
    models = open_pool(core.postgres_dsn, 1)
    try:
        views, alerts = ForecastViews(pool), AlertReader(mongo, settings.mongo_database)
        reader = CatalogReader(core.kafka_bootstrap, catalog, registry)
        hub = Hub(snapshots(views, alerts, catalog, clock), registry)
        feed = LiveFeed(core.kafka_bootstrap, hub, views, catalog, clock, registry)
        demand, loops = demand_parts(core, settings, trusted_keys(core, settings), pool, clock, registry)
        probes = {"postgres": views.probe, "mongo": alerts.probe, "catalog": reader.probe, "kafka": feed.probe}
        app = create_app(
            ApiParts(
                views, alerts, catalog, hub, registry, probes, clock.now, core.time_scale, origins(settings), demand,
                RegistryImportance(core.mlflow_url), RequestTable(pool), lifecycle_of(core, settings, models),
            )
        )  # fmt: skip
        https = [http_part(app, core.host, settings.api_port)]
        if settings.prometheus_port is not None:
            https.append(http_part(create_operator_app(registry, probes), core.host, settings.prometheus_port))
        await run_parts([reader.run, feed.run, *loops, *https])
    finally:
        models.close()
        await pool.close()
        await mongo.close()


async def run_worker() -> None:
    """Jobs, champion, seals."""
    core, settings = _start("worker")
    migrate(core.postgres_dsn)
    clock, registry, catalog = clock_from(core), new_registry(), Catalog()
    metrics = WorkerMetrics(registry)
    pool = open_pool(core.postgres_dsn, settings.postgres_pool)
    redis = Redis.from_url(core.redis_url)
    producer = AIOKafkaProducer(bootstrap_servers=core.kafka_bootstrap, acks="all", enable_idempotence=True)
    try:
        await _started(producer)
        reader = CatalogReader(core.kafka_bootstrap, catalog, registry)
        runs, queue, history = RunStore(pool), JobQueue(redis), WindowHistory(pool)
        reach = timedelta(days=settings.history_days)
        issuer = Issuer(
            catalog, history, runs, AnalogueForecaster(), clock, metrics, core.tenant, reach=reach,
            last=StoredForecasts(pool), pins=CalibrationStore(pool) if settings.calibrate else None,
        )  # fmt: skip
        # A day more than a job asks for: the first jobs come later than this, never earlier.
        warm = WarmLoop(history, TelemetryReader(pool), reader, catalog, clock, reach + timedelta(days=1))
        work = WorkerLoop(
            settings.worker_name, queue, issuer,
            await Relay.announced(core.schema_registry_url, producer, runs, metrics), JobRuns(pool), reader, metrics,
            settings.claim_idle_s,
        )  # fmt: skip
        champion = ChampionLoop(
            partial(champions_of, core, settings), catalog, issuer, metrics, settings.champion_poll_s
        )
        seals = SealLoop(core.kafka_bootstrap, SealStore(pool), metrics)
        answerer = RequestAnswerer(
            catalog, history, issuer.champions, AnalogueForecaster(), clock, reach,
            PinnedRuns(CalibrationStore(pool)) if settings.calibrate else None,
        )  # fmt: skip
        requests = RequestLoop(RequestQueue(pool, core.postgres_dsn), answerer, reader, registry)
        app = create_operator_app(registry, {"catalog": reader.probe, "redis": queue.probe})
        http = http_part(app, core.host, settings.worker_port)
        await run_parts([reader.run, warm.run, work.run, champion.run, seals.run, requests.run, http])
    finally:
        await producer.stop()
        await redis.aclose()
        pool.close()


async def _started(producer: AIOKafkaProducer) -> None:
    try:
        await producer.start()
    except KafkaError as error:
        raise UnavailableError("Kafka does not answer: check that the server runs") from error


async def run_scheduler() -> None:
    """Slots, flows, trainings, scores."""
    core, settings = _start("scheduler")
    migrate(core.postgres_dsn)
    clock, registry, catalog, state = clock_from(core), new_registry(), Catalog(), SchedulerState()
    pool = open_pool(core.postgres_dsn, settings.postgres_pool)
    redis = Redis.from_url(core.redis_url)
    try:
        reader = CatalogReader(core.kafka_bootstrap, catalog, registry)
        queue, jobs, telemetry = JobQueue(redis), JobRuns(pool), TelemetryReader(pool)
        slot_rule = SlotRule(settings.issue_delay_s, settings.ready_share, settings.ready_lag_s)
        slots = SlotLoop(catalog, queue, telemetry, jobs, clock, registry, slot_rule, state)
        train_rule = TrainingRule(
            timedelta(hours=settings.train_every_h), settings.train_clock, settings.train_retry_s,
            settings.train_min_days,
        )  # fmt: skip
        flow_runs = FlowRuns(pool)
        training = TrainingLoop(jobs, flow_runs, telemetry, catalog, clock, train_rule, state)
        watch = rollback_watch(core, settings, pool, catalog, clock, registry)
        limits = _flow_limits(core, settings)
        flows = standard_flows(pool, queue, catalog, clock, registry, state, limits, trains=settings.train)
        scores = ScoreLoop(
            ScoreStore(pool), catalog, clock, registry, every_s=settings.score_every_s,
            window=timedelta(hours=settings.score_window_h),
        )  # fmt: skip
        calibration = CalibrationLoop(
            CalibrationStore(pool), catalog, clock, registry, Rule(), every_s=settings.calibrate_every_s,
            settle=timedelta(seconds=settings.calibrate_settle_s), first_look=timedelta(hours=settings.score_window_h),
        )  # fmt: skip
        app = create_operator_app(registry, {"catalog": reader.probe, "redis": queue.probe}, state)
        app.include_router(job_routes(flow_runs, clock, limits.reports))

        async def lead() -> None:
            async with Lock(core.postgres_dsn, SCHEDULER_LOCK) as lock:
                await lock.wait()
                state.leader = True
                await reader.complete()
                loops = [slots.run, scores.run, flows.run, lock.hold]
                loops += [training.run] if settings.train else []
                loops += [watch.run] if settings.rollback else []
                loops += [calibration.run] if settings.calibrate else []
                async with asyncio.TaskGroup() as group:
                    for loop in loops:
                        group.create_task(loop())

        await run_parts([reader.run, lead, http_part(app, core.host, settings.scheduler_port)])
    finally:
        await redis.aclose()
        pool.close()


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
    )


async def run_train() -> None:
    """One training; the scheduler starts it as a child process."""
    from forecast_service.training import Desk, GateRule, TrainingOptions, TrainingRequest, parse_request, run_training
    from forecast_service.training.product import train_products

    core, settings = _start("train")
    clock, registry, catalog = clock_from(core), new_registry(), Catalog()
    async with Lock(core.postgres_dsn, TRAIN_LOCK) as lock:
        if not await lock.take():
            raise UnavailableError("another training runs: wait for it to end")
        reader = CatalogReader(core.kafka_bootstrap, catalog, registry)
        following = asyncio.create_task(reader.run())
        try:
            await asyncio.wait([following, asyncio.create_task(reader.complete())], return_when="FIRST_COMPLETED")
            if following.done():
                following.result()
        finally:
            following.cancel()
        series = {s.series_id: s for p in catalog.products for s in catalog.series_of(p)}
        request = parse_request(settings.train_parameters, "FORECAST_TRAIN_PARAMETERS")
        pool = open_pool(core.postgres_dsn, 2)
        try:
            signer, trusted = signer_of(core, settings), trusted_keys(core, settings)
            rule = GateRule(alpha=settings.gate_alpha, min_days=settings.gate_min_days, by_hand=settings.gate_by_hand)
            desk = Desk(
                signer, trusted, rule, ModelEvents(pool).write, settings.train_cause or "manual", settings.train_reason
            )
            models = registry_of(core, settings, SITE_PRODUCT)
            report = await asyncio.to_thread(
                run_training, WindowHistory(pool), list(series.values()), clock.now(), models, desk, request,
                TrainingOptions(model_name=settings.mlflow_model),
            )  # fmt: skip
            said = [report.sentence]
            if request == TrainingRequest():
                models_of = partial(registry_of, core, settings)
                said += await asyncio.to_thread(
                    train_products, WindowHistory(pool), catalog, models_of, desk, clock.now()
                )
                said.append(await demand_trained(core, settings))
        finally:
            pool.close()
    print("; ".join(said), flush=True)  # the last line is what the scheduler records


async def run_train_demand() -> None:
    """One training of the demand model."""
    print(await demand_trained(*_start("train-demand")), flush=True)


async def run_replay() -> None:
    """One stored run, once more."""
    if len(sys.argv) != 3:
        raise ConfigError("say which run: python -m forecast_service replay RUN_ID")
    await replay_run(*_start("replay"), sys.argv[2])


PROCESSES: dict[str, Callable[[], Coroutine[None, None, None]]] = {
    "api": run_api,
    "worker": run_worker,
    "scheduler": run_scheduler,
    "train": run_train,
    "train-demand": run_train_demand,
    "replay": run_replay,
}


async def _choose() -> None:
    process = PROCESSES.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if process is None:
        raise ConfigError(f"say which process: python -m forecast_service {'|'.join(PROCESSES)}")
    await process()


if __name__ == "__main__":
    main(_choose)
