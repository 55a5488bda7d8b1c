"""``gridseal trace`` puts one message's hops together from what each service kept, and can send them to a collector."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from typer.testing import CliRunner

from gridseal.cli.main import app
from gridseal.client.journey import HOPS, Follower, MessageId, Places, waits
from gridseal.errors import WireError
from gridseal.runtime.traces import TracedShare, context_of, past_span, provider_of, traceparent_of
from gridseal.wire.units import BASE_UNITS, Quantity, stored_as

NAME = "home-01-pv/00000000000000ab/42"
TRACE = traceparent_of(NAME)
START = "2026-06-01T12:05:00Z"
MESSAGE = {
    "device_id": "home-01-pv", "boot_id": "00000000000000ab", "seq": 42, "sent_at_ms": 1_780_315_200_000,
    "topic": "telemetry.solar", "partition": 1, "offset": 7, "received_at": "2026-06-01T12:00:00.010Z",
    "written_at": "2026-06-01T12:00:00.015Z", "traceparent": TRACE,
    "readings": [{"quantity": "active_power", "period_start": START}],
}  # fmt: skip
SERIES = {
    "record": "series", "tenant_id": "demo", "series_id": "home-01/pv", "site_id": "home-01", "name": "PV",
    "kind": "pv", "unit": "W", "resolution_s": 900, "issue_every_s": 900, "direction": "into_grid",
    "inputs": [{"device_id": "home-01-pv", "quantity": "active_power", "sign": 1}],
}  # fmt: skip
STREAM = {
    "reading": {"period_start": START, "quality": "good", "stored_at": "2026-06-01T12:00:00.200Z"},
    "batch": {
        "batch_id": 3, "messages": 12, "began_at": "2026-06-01T12:00:00.100Z",
        "committed_at": "2026-06-01T12:00:00.250Z",
    },
    "windows": [
        {"width_s": 300, "window_start": START, "version": 9, "updated_at": "2026-06-01T12:00:09Z"},
        {
            "width_s": 900, "window_start": "2026-06-01T12:00:00Z", "version": 2,
            "updated_at": "2026-06-01T12:00:00.200Z",
        },
    ],
}  # fmt: skip
RUN = {
    "run_id": "r1", "product_id": "site-6h", "slot_domain": "2026-06-01T12:15:00Z",
    "issued_domain": "2026-06-01T12:15:02Z", "recorded_at": "2026-06-01T12:00:02Z", "model_name": "m",
    "model_version": "1", "published_at": "2026-06-01T12:00:02.100Z", "job_sent_at": "2026-06-01T12:00:01Z",
    "seal_state": "mined", "tx_hash": "0x" + "a" * 64, "seal_known_at": "2026-06-01T12:00:04Z",
}  # fmt: skip


@dataclass
class World:
    """What the services answer, by path, and what they were asked."""

    address: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    spans: list[ExportTraceServiceRequest] = field(default_factory=list)


@pytest.fixture
def world() -> Iterator[World]:
    world = World(
        answers={
            "/api/v1/gateway/trail": MESSAGE, "/api/v1/series": {"items": [SERIES], "next_cursor": None},
            "/api/v1/stream/trail": STREAM, "/api/v1/trails/windows": RUN,
        }
    )  # fmt: skip
    receipt = {"status": "0x1", "blockNumber": "0x10", "blockHash": "0x" + "b" * 64, "logs": []}
    chain = {"eth_getTransactionReceipt": receipt, "eth_getBlockByNumber": {"timestamp": hex(1_780_316_130)}}

    class Services(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            world.asked.append((parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}))
            self.answer(world.answers.get(parts.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                world.spans.append(ExportTraceServiceRequest.FromString(body))
                self.answer({})
            else:
                said = json.loads(body)
                self.answer({"id": said["id"], "result": chain[said["method"]]})

        def answer(self, said: object) -> None:
            content = json.dumps(said).encode()
            self.send_response(404 if said is None else 200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Services)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    world.address = f"http://127.0.0.1:{server.server_port}"
    yield world
    server.shutdown()
    server.server_close()


def followed(world: World) -> Any:
    follower = Follower(Places(*[world.address] * 5))
    found = follower.follow(MessageId.read(NAME))
    follower.close()
    return found


def test_a_message_is_followed_from_its_device_to_the_receipt_on_the_chain(world: World) -> None:
    [journey] = followed(world)

    assert [hop.name for hop in journey.hops] == list(HOPS)
    assert journey.whole
    assert (journey.series_id, journey.run_id) == ("home-01/pv", "r1")
    assert journey.hops[-1].facts == ("0x" + "a" * 64, "block 16", "succeeded")
    assert (
        "/api/v1/trails/windows",
        {"series_id": "home-01/pv", "ended_by": "2026-06-01T12:15:00Z"},
    ) in world.asked
    assert next(hop for hop in journey.hops if hop.name == "window").facts == ("version 2",)
    assert [round(one, 3) for one in waits(journey.hops)[1:4] if one is not None] == [0.01, 0.005, 0.085]


def test_energy_of_a_meter_is_followed_as_the_power_that_it_is_stored_as(world: World) -> None:
    """Meters send energy; the stream keeps power, and by that the catalog names the inputs of series."""
    world.answers["/api/v1/gateway/trail"] = MESSAGE | {
        "readings": [{"quantity": "active_energy_import", "period_start": START}]
    }
    [journey] = followed(world)

    assert (journey.whole, journey.series_id) == (True, "home-01/pv")
    assert [query["quantity"] for path, query in world.asked if path == "/api/v1/stream/trail"] == ["active_power"]
    assert {stored_as(quantity) for quantity in get_args(Quantity)} == set(BASE_UNITS)


def test_what_has_not_happened_is_a_hop_without_a_moment(world: World) -> None:
    del world.answers["/api/v1/trails/windows"]
    [journey] = followed(world)

    assert not journey.whole
    assert [hop.name for hop in journey.hops if hop.at is None] == ["job", "run", "published", "seal", "receipt"]


def test_the_command_says_by_its_exit_code_how_far_it_got(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATEWAY_URL", "STREAM_URL", "ASSET_URL", "FORECAST_URL", "CHAIN_RPC_URL"):
        monkeypatch.setenv(f"GRIDSEAL_{name}", world.address)
    ask = CliRunner().invoke
    whole = ask(app, ["trace", NAME, "--json", "--otlp", world.address])
    shown = ask(app, ["trace", NAME])
    world.answers["/api/v1/trails/windows"] = RUN | {"tx_hash": None, "seal_state": "pending"}
    waiting = ask(app, ["trace", NAME])
    del world.answers["/api/v1/gateway/trail"]
    gone, nonsense = ask(app, ["trace", NAME]), ask(app, ["trace", "nonsense"])

    assert [r.exit_code for r in (whole, shown, waiting, gone, nonsense)] == [0, 0, 1, 2, 2]
    assert json.loads(whole.stdout)[0]["trace_id"] == TRACE[3:35]
    assert "sealed on the chain" in shown.stdout
    sent = [span for one in world.spans for r in one.resource_spans for s in r.scope_spans for span in s.spans]
    assert {span.trace_id.hex() for span in sent} == {TRACE[3:35]}
    assert {span.name for span in sent} == {f"hop.{name}" for name in HOPS[1:-1]}
    attributes = [a for one in world.spans for r in one.resource_spans for a in r.resource.attributes]
    services = {a.value.string_value for a in attributes if a.key == "service.name"}
    assert services == {"forecast-service", "ingestion-gateway", "settlement-service", "streaming-processor"}


@pytest.mark.parametrize("text", ["", "device", "device/boot", "device/boot/x", "/b/1", "d//1", "d/b/-1", "d/b/1/2"])
def test_only_an_id_names_a_message(text: str) -> None:
    with pytest.raises(WireError):
        MessageId.read(text)


def test_a_span_belongs_to_the_trace_of_its_message_and_links_to_others() -> None:
    kept = InMemorySpanExporter()
    tracer = provider_of("x", SimpleSpanProcessor(kept)).get_tracer("t")
    past_span("a", 1_000, 2_000, parent=TRACE, links=["", "00-bad", traceparent_of("b")], failed=True, tracer=tracer)
    past_span("b", 2_000, 1_000, links=[traceparent_of(str(n)) for n in range(40)], tracer=tracer)
    first, second = kept.get_finished_spans()
    parent = context_of(TRACE)

    assert parent is not None
    assert first.parent is not None
    assert first.context is not None
    assert (first.context.trace_id, first.parent.span_id) == (parent.trace_id, parent.span_id)
    assert (first.start_time, first.end_time) == (10**9, 2 * 10**9)
    assert (len(first.links), len(second.links)) == (1, 32)
    assert not first.status.is_ok
    assert second.end_time == second.start_time


def test_the_same_share_of_messages_is_traced_everywhere() -> None:
    names = [traceparent_of(f"d/b/{n}") for n in range(10_000)]

    assert sum(TracedShare(0.01).has(name) for name in names) == pytest.approx(100, abs=40)
    assert all(TracedShare(1).has(name) for name in names)
    assert not any(TracedShare(0).has(name) for name in names)
    assert not TracedShare(1).has("")
