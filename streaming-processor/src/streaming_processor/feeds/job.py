"""A second query of the Spark job: ``demand.raw``, ``weather.raw`` and ``market.raw`` into the stage.

Providers speak every few minutes at most, so it looks every few seconds and leaves the processor to telemetry.
"""

import asyncio
import threading
from pathlib import Path
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from gridseal.errors import GridsealError, UnavailableError
from gridseal.runtime.kafka import spark_options
from gridseal.runtime.logs import get_logger
from streaming_processor.feeds.records import FEED_TOPICS
from streaming_processor.feeds.stage import FeedStage
from streaming_processor.transforms.messages import to_records

log = get_logger(__name__)
TRIGGER_S: Final = 5
MOST_RECORDS: Final = 20_000


class _HaltedError(Exception):
    """The query is being stopped: this batch has not begun and comes again."""


class FeedJob:
    """One query with a checkpoint of its own."""

    def __init__(self, session: SparkSession, bootstrap: str, checkpoint_root: Path, stage: FeedStage) -> None:
        self._session, self._bootstrap, self._stage = session, bootstrap, stage
        self._folder = checkpoint_root.resolve() / "feeds-v1"
        self._query: StreamingQuery | None = None
        self._failure: GridsealError | None = None
        self._in_hand = threading.Lock()
        self._halting = False

    def start(self) -> None:
        """Start the query; from the beginning of the topics where it has no progress."""
        records = (
            self._session.readStream.format("kafka")
            .options(**spark_options(self._bootstrap))
            .option("subscribe", ",".join(FEED_TOPICS))
            .option("startingOffsets", "earliest")
            .option("failOnDataLoss", "true")
            .option("maxOffsetsPerTrigger", MOST_RECORDS)
            .load()
        )
        self._query = (
            to_records(records)
            .writeStream.queryName("feeds")
            .foreachBatch(self._handle)
            .option("checkpointLocation", str(self._folder))
            .trigger(processingTime=f"{TRIGGER_S} seconds")
            .start()
        )

    async def wait(self) -> None:
        """Return never; raise when the query ends.

        Raises:
            UnavailableError: Spark, or a server that a batch needs, is gone.
        """
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._await_end, args=(loop, ended), daemon=True).start()
        await ended

    def stop(self) -> None:
        """Let the batch in hand finish, then end the query."""
        self._halting = True
        with self._in_hand:
            try:
                if self._query is not None:
                    self._query.stop()
            except Exception as error:  # the JVM may be gone already, in any of py4j's ways
                log.warning("query_stop_failed", error=type(error).__name__)

    def _handle(self, frame: DataFrame, number: int) -> None:
        # Whoever stops the query waits for this call, so it must not wait for them.
        while not self._in_hand.acquire(timeout=0.05):
            if self._halting:
                raise _HaltedError
        try:
            table = frame.toArrow()
            columns = [table[name].to_pylist() for name in ("topic", "partition", "offset", "key", "value")]
            taken = self._stage.take(zip(*columns, strict=True))
            if taken:
                log.info("feed_batch", batch=number, records=taken)
        except GridsealError as error:
            self._failure = error
            raise
        finally:
            self._in_hand.release()

    def _await_end(self, loop: asyncio.AbstractEventLoop, ended: "asyncio.Future[None]") -> None:
        reason: GridsealError = UnavailableError("Spark's query of the feeds ended by itself")
        try:
            if self._query is not None:
                self._query.awaitTermination()
        except Exception as error:  # py4j raises many kinds when the JVM dies
            line = (str(error).strip().splitlines() or [""])[0]
            reason = self._failure or UnavailableError(f"Spark's query of the feeds failed: {line[:300]}")
        loop.call_soon_threadsafe(lambda: None if ended.done() else ended.set_exception(reason))
