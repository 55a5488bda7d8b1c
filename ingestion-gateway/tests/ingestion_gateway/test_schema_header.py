"""Where a schema registry is configured, a record names its schema in a header and stays plain JSON."""

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record import MemoryRecords

from gridseal.registry.announce import SchemaIds
from ingestion_gateway.kafka_log import _put
from ingestion_gateway.ports import Held, Record

from .builders import received


@pytest.mark.parametrize(
    ("ids", "headers"),
    [
        (SchemaIds(), [("ce_type", b"telemetry/1")]),
        (SchemaIds({"telemetry.meter": 17}), [("ce_type", b"telemetry/1"), ("gs-schema-id", b"17")]),
    ],
)
def test_the_schema_id_is_a_header_and_the_value_stays_as_it_came(
    ids: SchemaIds, headers: list[tuple[str, bytes]]
) -> None:
    builder = BatchBuilder(batch_size=10_000, compression_type=0, is_transactional=0)
    record = Record("telemetry.meter", b"d", b"{}", [("ce_type", b"telemetry/1")], Held(received(b"{}"), 0.0))

    assert _put(builder, record, ids.headers(record.topic))

    builder.close()
    (written,) = MemoryRecords(bytes(builder._build())).next_batch()
    assert (written.value, list(written.headers)) == (b"{}", headers)
