"""Assembles the query of the providers' topics, for ``__main__``."""

import asyncio
import contextlib

from prometheus_client import CollectorRegistry
from pyspark.sql import SparkSession

from gridseal.runtime.clock import clock_from
from gridseal.runtime.serve import Part
from gridseal.runtime.settings import CoreSettings
from streaming_processor.features.store.session import Session
from streaming_processor.feeds.job import FeedJob
from streaming_processor.feeds.stage import FeedStage, Telling
from streaming_processor.feeds.store import FeedStore
from streaming_processor.ports import Catalog, Publisher
from streaming_processor.settings import Settings


async def feed_parts(
    core: CoreSettings,
    settings: Settings,
    session: SparkSession,
    catalog: Catalog,
    publisher: Publisher,
    teller: Telling,
    registry: CollectorRegistry,
    stack: contextlib.AsyncExitStack,
) -> list[Part]:
    """What runs beside the telemetry: nothing where ``STREAMING_PROCESSOR_FEEDS`` is off."""
    if not settings.feeds:
        return []
    connection = Session(core.postgres_dsn)
    stack.callback(connection.close)
    stage = FeedStage(
        catalog=catalog,
        store=FeedStore(connection),
        publisher=publisher,
        teller=teller,
        clock=clock_from(core),
        registry=registry,
        recent_s=settings.recent_s,
        retry_s=settings.retry_s,
    )
    job = FeedJob(session, core.kafka_bootstrap, settings.checkpoint_dir, stage)
    await asyncio.to_thread(job.start)
    stack.push_async_callback(asyncio.to_thread, job.stop)
    return [job.wait]
