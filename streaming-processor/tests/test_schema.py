"""Spark reads the same message that ``gridseal.wire.telemetry`` describes."""

from typing import Any

from pydantic import BaseModel
from pyspark.sql.types import ArrayType, DataType, DoubleType, LongType, StringType, StructType

from gridseal.wire.telemetry import Reading, Telemetry
from streaming_processor.arrived import READING_TYPE
from streaming_processor.schema import OPTIONAL, READING, TELEMETRY

KINDS = {"string": StringType(), "integer": LongType(), "number": DoubleType()}


def spark_type(field: dict[str, Any]) -> DataType:
    field = next(iter(field.get("anyOf", [field])))
    if field["type"] == "array":
        return ArrayType(READING)
    return KINDS[field["type"]]


def fields_of(message: type[BaseModel]) -> dict[str, DataType]:
    properties = message.model_json_schema(by_alias=True)["properties"]
    return {name: spark_type(field) for name, field in properties.items()}


def optional_of(message: type[BaseModel]) -> set[str]:
    return {f.alias or name for name, f in message.model_fields.items() if not f.is_required()}


def as_dict(struct: StructType) -> dict[str, DataType]:
    return {field.name: field.dataType for field in struct.fields}


def test_the_schema_is_that_of_the_wire() -> None:
    assert as_dict(TELEMETRY) == fields_of(Telemetry)
    assert as_dict(READING) == fields_of(Reading)
    assert optional_of(Telemetry) | optional_of(Reading) == OPTIONAL


def test_arrow_sees_the_same_reading() -> None:
    assert [READING_TYPE.field(i).name for i in range(READING_TYPE.num_fields)] == READING.fieldNames()
