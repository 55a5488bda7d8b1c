"""``python -m forecast_service worker``: jobs, champion, seals, forecasts on request."""

from datetime import timedelta
from functools import partial

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from redis.asyncio import Redis

from forecast_service.app import create_operator_app
from forecast_service.catalog import Catalog
from forecast_service.jobs.queue import STREAM, JobQueue
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.product_models import champions_of
from forecast_service.programs.start import started
from forecast_service.requests.compute import RequestAnswerer
from forecast_service.requests.loop import RequestLoop
from forecast_service.store.calibration import CalibrationStore, PinnedRuns
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.database import migrate, open_pool
from forecast_service.store.history import WindowHistory
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.last_forecasts import StoredForecasts
from forecast_service.store.requests import RequestQueue
from forecast_service.store.runs import RunStore
from forecast_service.store.seals import SealStore
from forecast_service.store.telemetry import TelemetryReader
from forecast_service.worker.issue import Issuer
from forecast_service.worker.loop import SEALS_GROUP, ChampionLoop, SealLoop, WorkerLoop
from forecast_service.worker.metrics import WorkerMetrics
from forecast_service.worker.relay import Relay
from forecast_service.worker.warm import WarmLoop
from gridseal.access.tenant_rows import SERVICE, named_for, tenant_options
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import clock_from
from gridseal.runtime.kafka import client_options
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, run_parts


async def run() -> None:
    """Jobs, champion, seals."""
    core, settings = started("worker")
    migrate(core.postgres_dsn)
    clock, registry, catalog = clock_from(core), new_registry(), Catalog(core.tenant)
    metrics = WorkerMetrics(registry)
    pool = open_pool(core.postgres_dsn, settings.postgres_pool, tenant_options(core.tenant))
    own = open_pool(core.postgres_dsn, 2, tenant_options(core.tenant, SERVICE))  # of jobs and what is asked for
    redis = Redis.from_url(core.redis_url)
    producer = AIOKafkaProducer(**client_options(core.kafka_bootstrap), acks="all", enable_idempotence=True)
    try:
        await _connected(producer)
        reader = CatalogReader(core.kafka_bootstrap, catalog, registry)
        runs, queue, history = RunStore(pool), JobQueue(redis, named_for(STREAM, core.tenant)), WindowHistory(pool)
        reach = timedelta(days=settings.history_days)
        issuer = Issuer(
            catalog, history, runs, AnalogueForecaster(), clock, metrics, core.tenant, reach=reach,
            last=StoredForecasts(pool), pins=CalibrationStore(pool) if settings.calibrate else None,
        )  # fmt: skip
        # A day more than a job asks for: the first jobs come later than this, never earlier.
        warm = WarmLoop(history, TelemetryReader(pool), reader, catalog, clock, reach + timedelta(days=1))
        work = WorkerLoop(
            settings.worker_name, queue, issuer,
            await Relay.announced(core.schema_registry_url, producer, runs, metrics), JobRuns(own), reader, metrics,
            settings.claim_idle_s,
        )  # fmt: skip
        champion = ChampionLoop(
            partial(champions_of, core, settings), catalog, issuer, metrics, settings.champion_poll_s
        )
        seals = SealLoop(core.kafka_bootstrap, SealStore(pool), metrics, named_for(SEALS_GROUP, core.tenant))
        answerer = RequestAnswerer(
            catalog, history, issuer.champions, AnalogueForecaster(), clock, reach,
            PinnedRuns(CalibrationStore(pool)) if settings.calibrate else None,
        )  # fmt: skip
        requests = RequestLoop(RequestQueue(own, core.postgres_dsn), answerer, reader, registry)
        app = create_operator_app(registry, {"catalog": reader.probe, "redis": queue.probe})
        http = http_part(app, core.host, settings.worker_port)
        await run_parts([reader.run, warm.run, work.run, champion.run, seals.run, requests.run, http])
    finally:
        await producer.stop()
        await redis.aclose()
        own.close()
        pool.close()


async def _connected(producer: AIOKafkaProducer) -> None:
    try:
        await producer.start()
    except KafkaError as error:
        raise UnavailableError("Kafka does not answer: check that the server runs") from error
