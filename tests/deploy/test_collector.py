"""An OpenTelemetry collector at work on our configuration: a span and a log line go in and come out where they should.

Proven here: the collector's own program of the pinned version, built from its Go modules with the components that the
file names, takes the file and refuses a wrong one; a span that our processes' exporter sends, and a line as Docker
keeps it, arrive at Tempo's and Loki's addresses as OTLP. Not proven here: the image, which is the same code with more
components.
"""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gridseal.runtime.traces import traceparent_of
from tests.conftest import eventually
from tests.deploy.go_programs import TOOLS, go_program
from tests.deploy.telemetry_programs import FOLDER, Collector, a_collector, altered, pinned

MESSAGE = "home-01-pv/00c1f0e2a4b6d8f0/42"
ASKED = os.environ.get("COLLECTOR_TESTS") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ASKED, reason="COLLECTOR_TESTS=1 asks for it: building the collector takes minutes once"),
    pytest.mark.timeout(1_800),
]


@dataclass(slots=True)
class Store:
    """What stands for Tempo and Loki: keeps what comes to each path."""

    port: int = 0
    taken: dict[str, list[bytes]] = field(default_factory=dict)

    def traces(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for body in self.taken.get("/v1/traces", ())]

    def logs(self) -> list[ExportLogsServiceRequest]:
        return [ExportLogsServiceRequest.FromString(body) for body in self.taken.get("/otlp/v1/logs", ())]


@contextmanager
def a_store() -> Iterator[Store]:
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            body = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
            store.taken.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def validated(file: Path) -> subprocess.CompletedProcess[str]:
    argv = [str(go_program("collector")), "validate", f"--config=file:{file}"]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_program_is_of_the_version_that_compose_pins() -> None:
    modules = (TOOLS / "collector" / "go.mod").read_text()

    assert f"go.opentelemetry.io/collector/otelcol v{pinned('otel-collector')}\n" in modules
    assert f"receiver/filelogreceiver v{pinned('otel-collector')}\n" in modules


def test_it_takes_our_file_as_it_is() -> None:
    done = validated(FOLDER / "collector.yaml")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("limit_mib: 256", "limit_mibs: 256", "limit_mibs"),
        ("exporters: [otlphttp/tempo]", "exporters: [otlphttp/temper]", "otlphttp/temper"),
        ('endpoint: "http://loki:3100/otlp"', 'endpoints: "http://loki:3100/otlp"', "endpoints"),
        ("type: json_parser", "type: json_reader", "json_reader"),
        ("check_interval: 1s, ", "", "check_interval"),
    ],
)
def test_it_refuses_a_wrong_one(tmp_path: Path, right: str, wrong: str, says: str) -> None:
    done = validated(altered("collector.yaml", right, wrong, tmp_path))

    assert done.returncode != 0
    assert says in done.stderr


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Collector, Store]]:
    with (
        a_store() as store,
        a_collector(tmp_path_factory.mktemp("collector"), tempo=store.port, loki=store.port) as collector,
    ):
        yield collector, store


def test_a_span_of_our_processes_arrives_where_tempo_is(working: tuple[Collector, Store]) -> None:
    """By the exporter of a process of its own, as each ``__main__`` sets it up."""
    collector, store = working
    program = (
        "import sys; from gridseal.runtime.traces import configure_traces, past_span, traceparent_of\n"
        "configure_traces('ingestion-gateway', sys.argv[1])\n"
        f"past_span('gateway.forward', 1e12, 1e12 + 5, parent=traceparent_of('{MESSAGE}'), attributes={{'n': 1}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, collector.address], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

    [request, *_] = eventually(store.traces, within_s=30, what="a span")

    [resource] = request.resource_spans
    [span] = resource.scope_spans[0].spans
    told = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert (told["service.name"], told["service.namespace"]) == ("ingestion-gateway", "gridseal")
    assert span.trace_id.hex() == traceparent_of(MESSAGE)[3:35]
    assert (span.name, span.start_time_unix_nano // 10**6) == ("gateway.forward", 10**12)
    assert span.end_time_unix_nano - span.start_time_unix_nano == pytest.approx(5 * 10**6, abs=1_000)


def test_a_line_of_a_container_arrives_where_loki_is(working: tuple[Collector, Store]) -> None:
    collector, store = working
    said = json.dumps({"event": "started", "service": "asset-service", "level": "info"})
    at = datetime(2026, 6, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    line = {"log": said + "\n", "stream": "stdout", "time": "2026-06-01T12:00:00.123456789Z"}
    with (collector.containers / "one" / "one-json.log").open("a") as file:
        file.write(json.dumps(line) + "\n")

    [request, *_] = eventually(store.logs, within_s=30, what="a line")

    record = request.resource_logs[0].scope_logs[0].log_records[0]
    assert json.loads(record.body.string_value) == json.loads(said)
    assert record.time_unix_nano // 10**6 == int(at.timestamp() * 1_000)
    assert {one.key for one in record.attributes} >= {"stream"}
    assert "earlier" not in str(store.logs())
