"""Build the parts of the stream and run them."""

import asyncio
import contextlib
import os
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry
from pymongo import MongoClient

from gridseal.access.install import access_of
from gridseal.errors import UnavailableError
from gridseal.registry.announce import announce
from gridseal.runtime.clock import clock_from
from gridseal.runtime.health import Probe
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import configure_logs, get_logger
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.migrations import apply_migrations
from gridseal.runtime.serve import Part, http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import TracedShare, configure_traces
from gridseal.wire.topics import ALERTS, ASSETS_CHANGED, FEATURES_VECTORS, FEATURES_WINDOWS
from streaming_processor.app import create_app
from streaming_processor.batch import BatchRunner
from streaming_processor.batch_spans import BatchSpans
from streaming_processor.catalog_feed import CatalogFeed
from streaming_processor.features.kafka_vectors import KafkaVectors
from streaming_processor.features.settings import FeatureGroupSettings
from streaming_processor.features.step import Plans, VectorStep, VectorWorker
from streaming_processor.features.store.due import DueWindows
from streaming_processor.features.store.energy_tables import EnergyTables
from streaming_processor.features.store.hot_vectors import RedisVectors
from streaming_processor.features.store.outlooks import PostgresOutlooks
from streaming_processor.features.store.session import Session
from streaming_processor.features.store.vector_table import PostgresVectors
from streaming_processor.features.store.windows import PostgresWindows
from streaming_processor.feeds.assembly import feed_parts
from streaming_processor.job import StreamJob, start_session
from streaming_processor.kafka_publisher import KafkaPublisher
from streaming_processor.kafka_topics import ensure_topics
from streaming_processor.pipeline import PipelineTables
from streaming_processor.pipeline_routes import pipeline_routes
from streaming_processor.progress import Progress
from streaming_processor.quality.rules import packaged_rules
from streaming_processor.quality.watch import QualityWatch
from streaming_processor.settings import Settings
from streaming_processor.sinks import DriverSink, ExecutorsSink, Sink
from streaming_processor.store.alerts import MongoAlerts
from streaming_processor.store.hot import RedisHot
from streaming_processor.store.latency import LatencyWriter
from streaming_processor.store.outbox import LedgerOutbox
from streaming_processor.store.postgres import PostgresStore
from streaming_processor.store.retention import Keep, Retention
from streaming_processor.telling import Teller

log = get_logger(__name__)
_KAFKA_BATCH_BYTES = 262_144
_MIGRATIONS = Path(__file__).with_name("migrations")


async def run() -> None:
    """Start everything in the order of dependence, and stop in the reverse."""
    core, settings = _settings()
    registry, progress = _counters(core)
    partitions = await ensure_topics(core.kafka_bootstrap)
    # Spark takes seconds to start: it does so while the rest connects.
    session = asyncio.create_task(asyncio.to_thread(start_session, settings))
    async with contextlib.AsyncExitStack() as stack:
        loop = asyncio.get_running_loop()
        feed = CatalogFeed(await _consumer(core, stack), loop, registry)
        await feed.start()
        store = PostgresStore(core.postgres_dsn, settings.recent_s, staged=settings.sink == "executors")
        stack.callback(store.close)
        hot = stack.enter_context(redis.Redis.from_url(core.redis_url, socket_timeout=5, socket_connect_timeout=5))
        schema_ids = await announce(core.schema_registry_url, [ALERTS, FEATURES_WINDOWS, FEATURES_VECTORS])
        plans, producer = Plans(feed, load_settings(FeatureGroupSettings).groups()), await _producer(core, stack)
        mongo, publisher = stack.enter_context(_mongo(core)), KafkaPublisher(producer, loop, schema_ids)
        teller = _teller(core, settings, plans, publisher, stack)
        runner = BatchRunner(
            catalog=feed,
            store=store,
            hot=RedisHot(hot, settings.hot_ttl_s),
            alerts=(alerts := MongoAlerts(mongo)),
            publisher=publisher,
            teller=teller,
            clock=clock_from(core),
            progress=progress,
            recent_s=settings.recent_s,
            live_s=settings.live_s,
            retry_s=settings.retry_s,
        )
        stack.push_async_callback(asyncio.to_thread, runner.close)
        store.take_over()
        await asyncio.to_thread(runner.tell_what_a_crash_left)
        sink = _sink(core, settings, runner)
        job = StreamJob(await session, settings, core.kafka_bootstrap, partitions, sink)
        progress.query_id = await asyncio.to_thread(job.start)
        stack.push_async_callback(asyncio.to_thread, job.stop)
        watch = _watch(core, settings, feed, alerts, publisher, registry)
        old = Retention(core.postgres_dsn, _keep(settings), clock_from(core), settings.retention_every_s, registry)
        latency = LatencyWriter(core.postgres_dsn, progress, job.last)
        log.info("stream_started", query_id=progress.query_id)
        access = access_of(core, "streaming-processor")
        app = create_app(progress.status, progress.age_counts, _probes(core, hot), registry, access)
        app.include_router(pipeline_routes(PipelineTables(core.postgres_dsn), progress.status))
        parts = [http_part(app, core.host, settings.metrics_port), feed.run, job.wait, latency.run, watch.run, old.run]
        parts += await feed_parts(core, settings, await session, feed, publisher, teller, registry, stack)
        vectors = KafkaVectors(producer, loop, schema_ids)
        await run_parts([*parts, *_vector_parts(core, settings, plans, hot, vectors, registry, stack)])
    log.info("stream_stopped")


def _sink(core: CoreSettings, settings: Settings, runner: BatchRunner) -> Sink:
    spans = None if core.otlp_endpoint is None else BatchSpans(TracedShare(core.trace_ratio))
    if settings.sink == "driver":
        return DriverSink(runner, spans)
    return ExecutorsSink(runner, core.postgres_dsn, spans)


def _settings() -> tuple[CoreSettings, Settings]:
    core, settings = load_settings(CoreSettings), load_settings(Settings)
    require_loopback(core)
    configure_logs("streaming-processor", core.log_level)
    configure_traces("streaming-processor", core.otlp_endpoint)
    return core, settings


def _keep(settings: Settings) -> Keep:
    return Keep(
        readings_days=settings.keep_readings_days,
        windows_days=settings.keep_windows_days,
        refused_days=settings.keep_refused_days,
        latency_days=settings.keep_latency_days,
        ledger_batches=settings.keep_ledger_batches,
        compress_after_days=settings.compress_after_days,
    )


def _teller(
    core: CoreSettings, settings: Settings, plans: Plans, publisher: KafkaPublisher, stack: contextlib.AsyncExitStack
) -> Teller:
    outbox, session = LedgerOutbox(core.postgres_dsn), Session(core.postgres_dsn)
    stack.callback(outbox.close)
    stack.callback(session.close)
    step = VectorStep(plans, DueWindows(session), settings.vectors_grace_s) if settings.vectors else None
    teller = Teller(features=step, publisher=publisher, outbox=outbox, clock=clock_from(core), retry_s=settings.retry_s)
    # In a thread: what waits is still told, on the loop that runs meanwhile.
    stack.push_async_callback(asyncio.to_thread, teller.close)
    return teller


def _vector_parts(
    core: CoreSettings,
    settings: Settings,
    plans: Plans,
    hot: "redis.Redis",
    publisher: KafkaVectors,
    registry: CollectorRegistry,
    stack: contextlib.AsyncExitStack,
) -> list[Part]:
    if not settings.vectors:
        return []
    session = Session(core.postgres_dsn)
    store = PostgresVectors(core.postgres_dsn, plans.groups)
    stack.callback(session.close)
    stack.callback(store.close)
    worker = VectorWorker(
        plans=plans,
        due=DueWindows(session),
        history=PostgresWindows(session),
        store=store,
        hot=RedisVectors(hot, plans.groups),
        energy=EnergyTables(session),
        publisher=publisher,
        clock=clock_from(core),
        registry=registry,
        windows_at_once=settings.vectors_windows_at_once,
        retry_s=settings.retry_s,
        outlooks=PostgresOutlooks(session) if settings.feeds else None,
    )
    return [worker.run]


def _watch(
    core: CoreSettings,
    settings: Settings,
    feed: CatalogFeed,
    alerts: MongoAlerts,
    publisher: KafkaPublisher,
    registry: CollectorRegistry,
) -> QualityWatch:
    return QualityWatch(
        dsn=core.postgres_dsn,
        catalog=feed,
        alerts=alerts,
        publisher=publisher,
        clock=clock_from(core),
        rules=packaged_rules(),
        registry=registry,
        every_s=settings.quality_every_s,
        lateness_s=settings.quality_lateness_s,
        keep_days=settings.quality_keep_days,
    )


def _counters(core: CoreSettings) -> tuple[CollectorRegistry, Progress]:
    registry = new_registry()
    progress = Progress(registry)
    apply_migrations(core.postgres_dsn, "telemetry", _MIGRATIONS)
    with psycopg.connect(core.postgres_dsn) as connection:
        progress.load(connection)
    return registry, progress


async def _consumer(core: CoreSettings, stack: contextlib.AsyncExitStack) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        ASSETS_CHANGED, **client_options(core.kafka_bootstrap), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
    except KafkaError as error:
        raise UnavailableError(f"Kafka does not answer at {core.kafka_bootstrap}: {type(error).__name__}") from error
    stack.push_async_callback(consumer.stop)
    return consumer


async def _producer(core: CoreSettings, stack: contextlib.AsyncExitStack) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(
        **client_options(core.kafka_bootstrap), acks="all", enable_idempotence=True, max_batch_size=_KAFKA_BATCH_BYTES
    )
    try:
        await producer.start()
    except KafkaError as error:
        raise UnavailableError(f"Kafka does not answer at {core.kafka_bootstrap}: {type(error).__name__}") from error
    stack.push_async_callback(producer.stop)
    return producer


def _mongo(core: CoreSettings) -> "MongoClient[dict[str, Any]]":
    return MongoClient(core.mongo_url, serverSelectionTimeoutMS=3_000, tz_aware=True)


def _probes(core: CoreSettings, hot: "redis.Redis") -> dict[str, Probe]:
    async def postgres() -> None:
        async with await psycopg.AsyncConnection.connect(core.postgres_dsn, connect_timeout=3) as connection:
            await connection.execute("SELECT 1")

    async def redis_() -> None:
        await asyncio.to_thread(hot.ping)

    return {"postgres": postgres, "redis": redis_}


def _leave(code: int) -> NoReturn:
    """End at once: Spark's threads would keep a failed process alive; its JVM ends with our pipe."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    try:
        main(run)
    except SystemExit as end:
        _leave(end.code if isinstance(end.code, int) else 1)
    except BaseException:
        traceback.print_exc()
        _leave(1)
    _leave(0)
