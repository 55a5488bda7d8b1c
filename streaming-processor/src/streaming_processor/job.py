"""The Spark side: a session, one query, and the thread that waits for its end."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JNetworkError  # type: ignore[import-untyped]
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from gridseal.errors import ConfigError, GridsealError, UnavailableError
from gridseal.runtime.kafka import spark_options
from gridseal.runtime.logs import get_logger
from gridseal.wire.topics import TELEMETRY_CLASSES, telemetry_topic
from streaming_processor.batch_limit import BatchLimit
from streaming_processor.checkpoints import checkpoint_folder, starting_offsets
from streaming_processor.ports import BatchId
from streaming_processor.progress import LastBatch
from streaming_processor.settings import Settings
from streaming_processor.sinks import Sink
from streaming_processor.transforms.messages import to_records

log = get_logger(__name__)
_LOST = ("Some data may have been lost", "KAFKA_DATA_LOSS", "PARTITION_OFFSET_CHANGED", "POTENTIAL_DATA_LOSS")

_LOCAL_DISK = {
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
    "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.NakedLocalFileSystem",
}
"""For checkpoints on a local disk. Without Hadoop's native library, which is in no registry, the usual
classes run ``chmod`` in a process of its own for every file: four times a batch."""
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
"""On a cluster whoever submits says where the driver is."""


def start_session(settings: Settings) -> SparkSession:
    """A local session with the Kafka connector.

    Raises:
        ConfigError: The connector's jars are not there.
    """
    jars = sorted(settings.jars_dir.glob("*.jar"))
    if not jars:
        raise ConfigError(
            f"STREAMING_PROCESSOR_JARS_DIR has no jars ({settings.jars_dir}): run the set-up, which fetches them"
        )
    # The tasks' Python is ours: Spark would take whatever python3 the path has.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(settings.master).appName("gridseal-streaming-processor")
    for key, value in _configuration(settings, jars).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _configuration(settings: Settings, jars: list[Path]) -> dict[str, str]:
    """Measured choices; the first save two thirds of an empty batch's time."""
    return (_LOCAL_DISK | _LOOPBACK if settings.master.startswith("local") else {}) | {
        "spark.jars": ",".join(str(jar.resolve()) for jar in jars),
        "spark.driver.extraClassPath": ":".join(str(jar.resolve()) for jar in jars),
        "spark.driver.memory": settings.driver_memory,
        "spark.driver.extraJavaOptions": settings.java_options,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.streaming.pollingDelay": str(settings.polling_delay_ms),
        "spark.sql.streaming.minBatchesToRetain": "20",
        "spark.sql.streaming.numRecentProgressUpdates": "5",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
        "spark.cleaner.periodicGC.interval": "10min",
    }


class _HaltedError(Exception):
    """The query is being stopped: this batch has not begun and comes again."""


class StreamJob:
    """One query from the ``telemetry.*`` topics into ``sink``."""

    def __init__(
        self,
        session: SparkSession,
        settings: Settings,
        bootstrap: str,
        partitions: Mapping[str, int],
        sink: Sink,
    ) -> None:
        self._session = session
        self._settings = settings
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._sink = sink
        self._query: StreamingQuery | None = None
        self._limit = BatchLimit(
            settings.max_messages_per_batch, settings.min_messages_per_batch, settings.max_bytes_per_batch
        )
        self._in_hand = threading.Lock()
        self._halting = False
        self._failure: BaseException | None = None

    def start(self) -> str:
        """Start the query and return its id, which the checkpoint keeps over restarts."""
        root = self._settings.checkpoint_dir.resolve()
        topics = [telemetry_topic(c) for c in TELEMETRY_CLASSES]
        begin = starting_offsets(root, {topic: self._partitions[topic] for topic in topics})
        records = (
            self._session.readStream.format("kafka")
            .options(**spark_options(self._bootstrap))
            .option("subscribe", ",".join(topics))
            .option("startingOffsets", json.dumps(begin) if begin else "earliest")
            .option("failOnDataLoss", "true")
            .option("maxOffsetsPerTrigger", self._limit.messages)
            .option("kafka.fetch.max.wait.ms", "10")  # docs/decisions/0005-kafka-fetch-wait.md
            .option("kafka.default.api.timeout.ms", "30000")
            .option("kafka.request.timeout.ms", "20000")
            .option("kafka.reconnect.backoff.max.ms", "500")
            .load()
        )
        self._query = (
            to_records(records)
            .writeStream.queryName("telemetry")
            .foreachBatch(self._handle)
            .option("checkpointLocation", str(checkpoint_folder(root)))
            .trigger(processingTime=f"{self._settings.trigger_s} seconds")
            .start()
        )
        return str(self._query.id)

    async def wait(self) -> None:
        """Return never; raise when the query ends, for whatever reason.

        Raises:
            UnavailableError: Spark, or a server that a batch needs, is gone.
        """
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        thread = threading.Thread(target=self._await_end, args=(asyncio.get_running_loop(), ended), daemon=True)
        thread.start()
        await ended

    def stop(self) -> None:
        """Let the batch in hand finish, then end the query."""
        with self._in_hand:
            try:
                if self._query is not None:
                    self._halt(self._query)
            except Exception as error:  # the JVM may be gone already, in any of py4j's ways
                log.warning("query_stop_failed", error=type(error).__name__)

    def last(self) -> LastBatch | None:
        """What Spark says of its last batch; None before the first."""
        query = self._query
        try:
            progress = query.lastProgress if query is not None else None
            return _last(json.loads(progress.json)) if progress is not None else None
        except Exception as error:  # an answer for people; the query's own failure is told by wait()
            log.debug("no_progress", error=type(error).__name__)
            return None

    def _handle(self, frame: DataFrame, number: int) -> None:
        # Whoever stops the query waits for this call, so it must not wait for them.
        while not self._in_hand.acquire(timeout=0.05):
            if self._halting:
                raise _HaltedError
        try:
            query_id = str(frame.sparkSession.sparkContext.getLocalProperty("sql.streaming.queryId"))
            messages, size = self._sink.take(frame, BatchId(query_id, number), self._limit.filled_by)
            if messages:
                self._limit.note(messages, size)
        except BaseException as error:
            self._failure = error
            log.error("batch_failed", batch=number, error=type(error).__name__, exc_info=error)
            raise
        finally:
            self._in_hand.release()
        if self._limit.should_change and not self._halting:
            threading.Thread(target=self._restart, daemon=True).start()

    def _restart(self) -> None:
        """The limit is an option of the source: a query that goes on with another one starts again."""
        with self._in_hand:
            former = self._query
            if former is None or self._halting or not self._limit.should_change:
                return
            self._limit.change()
            log.info("batch_limit_changed", messages=self._limit.messages)
            self._halt(former)
            self._halting = False
            self.start()

    def _halt(self, query: StreamingQuery) -> None:
        """End a query between two batches. Call with the batch lock in hand."""
        self._halting = True
        query.stop()

    def _await_end(self, loop: asyncio.AbstractEventLoop, ended: "asyncio.Future[None]") -> None:
        reason: GridsealError = UnavailableError("Spark's query ended by itself")
        while True:
            query, error = self._query, None
            try:
                if query is not None:
                    query.awaitTermination()
            except Exception as failure:  # py4j raises many kinds when the JVM dies
                error = failure
            with self._in_hand:
                if self._query is query:
                    break
        if error is not None:
            reason = self._explain(error)
        loop.call_soon_threadsafe(_fail, ended, reason)

    def _explain(self, error: Exception) -> GridsealError:
        if isinstance(self._failure, GridsealError):
            return self._failure
        if isinstance(error, OSError | Py4JNetworkError):
            return UnavailableError("Spark's JVM is gone: this process ends to be started again")
        told: Any = self._failure or error
        if any(sign in str(told) for sign in _LOST):
            return ConfigError(
                "Kafka no longer has messages that the stream has not read (retention was shorter than the stream was"
                " away): they are lost here. Raise the retention of telemetry.*, then name an empty folder in"
                " STREAMING_PROCESSOR_CHECKPOINT_DIR: it reads what is left, and stores nothing twice"
            )
        first_line = (str(told).strip().splitlines() or [""])[0]
        return UnavailableError(f"Spark's query failed: {type(told).__name__}: {first_line[:300]}")


def _fail(ended: "asyncio.Future[None]", reason: GridsealError) -> None:
    if not ended.done():
        ended.set_exception(reason)


def _last(progress: dict[str, Any]) -> LastBatch:
    total: int | None = None
    for source in progress["sources"]:
        latest, taken = source.get("latestOffset") or {}, source.get("endOffset") or {}
        for topic, partitions in latest.items():
            total = (total or 0) + sum(max(end - taken.get(topic, {}).get(p, 0), 0) for p, end in partitions.items())
    return LastBatch(lag_messages=total, duration_ms=dict(progress["durationMs"]))
