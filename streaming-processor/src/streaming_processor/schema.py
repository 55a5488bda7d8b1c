"""The telemetry message as Spark's JSON reader sees it; a test compares it with ``gridseal.wire.telemetry``."""

from pyspark.sql.types import ArrayType, DoubleType, LongType, StringType, StructField, StructType

READING = StructType(
    [
        StructField("quantity", StringType()),
        StructField("unit", StringType()),
        StructField("period_start_ms", LongType()),
        StructField("period_ms", LongType()),
        StructField("value", DoubleType()),
        StructField("quality", StringType()),
    ]
)
TELEMETRY = StructType(
    [
        StructField("schema", StringType()),
        StructField("device_id", StringType()),
        StructField("boot_id", StringType()),
        StructField("seq", LongType()),
        StructField("sent_at_ms", LongType()),
        StructField("readings", ArrayType(READING)),
        StructField("signature", StringType()),
    ]
)
OPTIONAL = {"schema", "quality", "signature"}
"""Fields with a default; every other field of a message must be there."""
