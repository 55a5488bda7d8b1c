"""What Spark parses is what the codec would accept; the codec has the last word on the rest."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import BinaryType, IntegerType, LongType, StringType, StructField, StructType

from gridseal.wire.codec import encode
from streaming_processor.deliveries import delivery_from
from streaming_processor.ports import BatchId, Delivery
from streaming_processor.quality.judge import judge
from streaming_processor.transforms.messages import to_messages

from .builders import NOW_S, a_message, a_reading, a_reference

pytestmark = [
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


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    session = builder.config("spark.driver.memory", "512m").getOrCreate()
    yield session
    session.stop()


def deliver(spark: SparkSession, *values: bytes | None) -> Delivery:
    records = [("telemetry.wind", 0, i, b"a", value) for i, value in enumerate(values)]
    table = to_messages(spark.createDataFrame(records, RECORD)).toArrow()
    return delivery_from(table, BatchId("query", 0))


def altered(**changes: Any) -> bytes:
    message = json.loads(encode(a_message()))
    message.update(changes)
    return json.dumps(message).encode()


def altered_reading(**changes: Any) -> bytes:
    message = json.loads(encode(a_message(a_reading(), a_reading(start_s=1_800_000_000))))
    message["readings"][1].update(changes)
    return json.dumps(message).encode()


def test_whole_messages_pass_and_others_become_dead_letters(spark: SparkSession) -> None:
    good = encode(a_message(a_reading(0.1 + 0.2), a_reading(1e12), a_reading(-5e-324), sent_at_ms=9))
    text = b'{"readings": [{"value": "1.5"'
    bad: dict[str, bytes | None] = {
        "not json": b"\xff\xfe",
        "cut off": text,
        "nothing": b"",
        "tombstone": None,
        "no device": altered(device_id=None),
        "no readings": altered(readings=[]),
        "another schema": altered(schema="telemetry/2"),
        "seq is text": altered(seq="one"),
        "value is NaN": altered_reading(value=float("nan")),
        "value is null": altered_reading(value=None),
        "time is a fraction": altered_reading(period_start_ms=1.5),
        "reading is null": altered(readings=[None]),
    }
    delivery = deliver(spark, good, *bad.values())

    assert delivery.arrived.value.tolist() == [0.1 + 0.2, 1e12, -5e-324]
    assert delivery.arrived.quality.to_pylist() == ["good"] * 3
    assert delivery.arrived.message_sent_at_ms.tolist() == [9]
    assert [u.offset for u in delivery.undecodable] == list(range(1, len(bad) + 1))
    assert [u.payload for u in delivery.undecodable] == [value or b"" for value in bad.values()]
    assert {u.reason for u in delivery.undecodable} == {"not_json", "malformed", "not_finite"}
    assert delivery.offsets == {"telemetry.wind": {"0": (0, len(bad))}}


def test_hostile_text_is_refused_and_can_be_stored(spark: SparkSession) -> None:
    hostile = encode(a_message()).replace(b'"a"', b'"\xff\\u0000' + b"x" * 9_000 + b'"').replace(b'"W"', b'"\\u0000"')
    delivery = deliver(spark, hostile)
    refusal = judge(delivery.arrived, a_reference(), NOW_S, {}).refusals[0]

    assert refusal.reason == "unknown_device"
    assert len(refusal.device_id) <= 200
    assert "\0" not in refusal.device_id + refusal.payload


def test_a_batch_of_nothing_but_dead_letters_is_a_delivery(spark: SparkSession) -> None:
    delivery = deliver(spark, b"?", b"!")

    assert len(delivery.arrived) == 0
    assert len(delivery.undecodable) == 2
