"""Where a schema registry is configured, a record names its schema in a header and stays plain JSON."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

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


class RefusingRegistry(BaseHTTPRequestHandler):
    """Answers as Confluent documents a schema that does not fit."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"is_compatible": False, "messages": ["TYPE_CHANGED at #/properties/seq"]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def test_a_gateway_whose_schema_the_registry_refuses_does_not_start(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), RefusingRegistry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own = {
        "GRIDSEAL_STATE_DIR": str(tmp_path),
        "SCHEMA_REGISTRY_URL": f"http://127.0.0.1:{server.server_port}",
    }
    foreign = ("GRIDSEAL_", "GATEWAY_")
    environment = {n: v for n, v in os.environ.items() if not n.startswith(foreign)} | own
    command = [sys.executable, "-m", "ingestion_gateway"]
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    finally:
        server.shutdown()
        server.server_close()

    assert ended.returncode == 2
    assert "telemetry-1 does not fit what the registry has under telemetry.meter-value: TYPE_CHANGED" in ended.stderr
    assert "Traceback" not in ended.stderr
