"""Whoever does the work, driver or tasks: the same input gives the same rows, windows and ledger."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import BinaryType, IntegerType, LongType, StringType, StructField, StructType

from gridseal.wire.codec import encode
from local_stack.scratch import scratch_database
from streaming_processor.ports import BatchId
from streaming_processor.sinks import DriverSink, ExecutorsSink, Sink
from streaming_processor.store.postgres import PostgresStore

from .builders import NOW_S, a_message, a_reading, a_reference
from .conftest import migrated
from .stream import Stream

pytestmark = [
    pytest.mark.servers,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

RECORD = StructType(
    [
        StructField("topic", StringType()),
        StructField("partition", IntegerType()),
        StructField("offset", LongType()),
        StructField("key", BinaryType()),
        StructField("value", BinaryType()),
    ]
)
START_S = NOW_S - 7_200
TABLES = (
    "SELECT device_id, quantity, period_start, period_s, value_milli, quality, sent_at_ms FROM telemetry.readings",
    "SELECT series_id, width_s, window_start, weighted_sum, covered_s, count, min_milli, max_milli, mean_milli, version"
    " FROM telemetry.windows",
    "SELECT batch_id, offsets::text, messages, rows, inserted, duplicates, refused, undecodable, late"
    " FROM telemetry.ledger",
    "SELECT device_id, quantity, reason, payload FROM telemetry.refused",
    "SELECT device_id, boot_id, seq, payload FROM telemetry.signed_messages",
    "SELECT count(*) FROM telemetry.staged_by_tasks",
)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = builder.config("spark.driver.memory", "512m").getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


def frame(spark: SparkSession, *values: tuple[int, bytes]) -> DataFrame:
    """Records of two Kafka partitions, each in a partition of Spark's."""
    records = [("telemetry.wind", p, n, b"k", value) for n, (p, value) in enumerate(values)]
    halves = [spark.createDataFrame([r for r in records if r[1] == p], RECORD).coalesce(1) for p in (0, 1)]
    return halves[0].union(halves[1])


def batches(spark: SparkSession) -> list[DataFrame]:
    def of(device: str, *powers: float, start_s: int = START_S, seq: int = 0) -> bytes:
        readings = [a_reading(p, start_s=start_s + 600 * i) for i, p in enumerate(powers)]
        return encode(a_message(*readings, device_id=device, seq=seq, sent_at_ms=seq))

    signed = of("a", 4.0, start_s=START_S + 6_000, seq=3)[:-1] + b',"signature":"' + b"A" * 86 + b'"}'
    broken = encode(a_message(a_reading(unit="V"), a_reading(1.0, start_s=START_S + 6_600)))
    return [
        frame(spark, (0, of("a", 1.0, 2.5, -3.0)), (1, of("b", 10.0, 20.0, seq=1)), (0, b"?"), (0, broken)),
        frame(spark, (0, of("a", 1.0, 9.0)), (1, of("b", 30.0, start_s=START_S + 1_200, seq=2)), (0, signed)),
        # The same period in two partitions, as no device of ours sends it, and a device that nobody knows.
        frame(spark, (0, of("a", 5.0, start_s=START_S + 3_600)), (1, of("a", 6.0, start_s=START_S + 3_600))),
        frame(spark, (0, of("stranger", 1.0)), (1, of("b", 0.0, start_s=START_S - 3_600, seq=9))),
    ]


def run(kind: str, dsn: str, spark: SparkSession) -> dict[str, Any]:
    stream = Stream(migrated(dsn), a_reference())
    sink: Sink = DriverSink(stream.runner)
    if kind == "executors":
        stream.store.close()
        stream.store = PostgresStore(dsn, recent_s=172_800, staged=True)
        stream.store.take_over()
        stream.runner._store = stream.store
        sink = ExecutorsSink(stream.runner, dsn)
    counts = []
    for number, each in enumerate([*batches(spark), batches(spark)[0]]):
        # The last one again, as after a crash before the checkpoint.
        place = number if number < 4 else 3
        each = each if number < 4 else batches(spark)[3]
        counts.append(sink.take(each, BatchId("query", place), lambda messages: messages > 3))
    stream.teller.drain(20)
    told = {(w.series_id, w.width_s, w.window_start, w.version): w for w in stream.publisher.told_windows}
    return {
        "tables": [sorted(stream.ask(query)) for query in TABLES],
        "counts": counts,
        "told": {place: w.mean_milli for place, w in told.items()},
        "letters": [(u.partition, u.payload) for u in stream.publisher.letters],
        "alerts": sorted(stream.alerts.alerts),
        "status": {k: stream.progress.status()[k] for k in ("stored", "duplicates", "refused", "late", "messages")},
    }


@pytest.fixture(scope="module")
def by_driver(postgres_server: str, spark: SparkSession) -> dict[str, Any]:
    with scratch_database(postgres_server) as dsn:
        found = run("driver", dsn, spark)
        while Stream.opened:
            Stream.opened.pop().close()
        return found


class TestBothSinks:
    @pytest.mark.parametrize("kind", ["driver", "executors"])
    def test_the_same_input_is_stored_and_told_alike(
        self, kind: str, postgres_server: str, spark: SparkSession, by_driver: dict[str, Any]
    ) -> None:
        with scratch_database(postgres_server) as dsn:
            found = run(kind, dsn, spark)
            while Stream.opened:
                Stream.opened.pop().close()

        assert found == by_driver
        readings, windows, ledger, refused, signed, staged = by_driver["tables"]
        assert (len(readings), len(ledger), len(refused), len(signed), staged) == (10, 4, 2, 1, [(0,)])
        assert windows
        assert by_driver["status"]["duplicates"] == 3
