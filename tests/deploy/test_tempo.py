"""Tempo at work on our configuration: the hops of a message are kept, and found again by their trace and by a search.

Proven here: Tempo's own program of the version that compose pins, built from its Go module, takes the file as it is and
refuses a wrong one; what ``gridseal trace --otlp`` sends of a message goes through the collector into it and comes back
whole. Not proven here: the image, the end of a block after its week.
"""

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from gridseal.cli.trace import export
from gridseal.client.journey import HOPS
from gridseal.runtime.traces import traceparent_of
from tests.conftest import eventually
from tests.deploy.telemetry_programs import FOLDER, MESSAGE, Tempo, a_collector, a_journey, a_tempo, altered, tempo

ASKED = os.environ.get("TEMPO_TESTS") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ASKED, reason="TEMPO_TESTS=1 asks for it: building Tempo takes ten minutes once"),
    pytest.mark.timeout(3_600),
]
SERVICES = {"ingestion-gateway", "streaming-processor", "forecast-service", "settlement-service"}


def validated(file: Path) -> subprocess.CompletedProcess[str]:
    argv = [str(tempo()), f"-config.file={file}", "-config.verify=true"]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


def test_it_takes_our_file_as_it_is() -> None:
    done = validated(FOLDER / "tempo.yaml")

    assert done.returncode == 0, done.stderr
    assert "level=warn" not in done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("usage_report:", "usage_reports:", "field usage_reports not found"),
        ("block_retention", "blocks_retention", "field blocks_retention not found"),
        ("block_retention: 168h", "block_retention: 7 days", "into time.Duration"),
        ("local: { path", "local: { paths", "field paths not found"),
    ],
)
def test_it_refuses_a_wrong_one(tmp_path: Path, right: str, wrong: str, says: str) -> None:
    done = validated(altered("tempo.yaml", right, wrong, tmp_path))

    assert done.returncode != 0
    assert says in done.stderr


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Of a Tempo that got the trace of one message by way of a collector."""
    folder, before = tmp_path_factory.mktemp("tempo"), tmp_path_factory.mktemp("collector")
    with (
        a_tempo(folder) as ports,
        a_collector(before, tempo=ports.otlp, loki=ports.otlp) as collector,
        client_of(ports) as client,
    ):
        export([a_journey()], collector.address)
        yield client


def client_of(ports: Tempo) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{ports.port}", trust_env=False, timeout=20)


def spans_of(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """Those of the message, by name; none before all are there."""
    reply = client.get(f"/api/traces/{traceparent_of(MESSAGE)[3:35]}")
    batches = reply.json()["batches"] if reply.status_code == 200 else []
    spans = {span["name"]: span for b in batches for scope in b["scopeSpans"] for span in scope["spans"]}
    return spans if len(spans) == len(HOPS) - 2 else {}


def test_a_message_is_found_by_the_id_of_its_trace(client: httpx.Client) -> None:
    spans = eventually(lambda: spans_of(client), within_s=60, what="nine spans of the message in Tempo")

    assert set(spans) == {f"hop.{name}" for name in HOPS[1:-1]}
    took = {int(one["endTimeUnixNano"]) - int(one["startTimeUnixNano"]) for one in spans.values()}
    assert {round(one / 1e9, 3) for one in took} == {1.0}
    facts = {one["key"]: one["value"]["stringValue"] for one in spans["hop.seal"]["attributes"]}
    assert facts == {"gridseal.facts": "hop 9", "gridseal.series_id": "home-01/pv"}
    assert client.get("/api/traces/" + "ab" * 16).status_code == 404


def test_a_message_is_found_by_a_search_for_a_service_of_its_way(client: httpx.Client) -> None:
    def found(query: str) -> list[str]:
        reply = client.get("/api/search", params={"q": query}).raise_for_status()
        return [one["traceID"].rjust(32, "0") for one in reply.json()["traces"]]

    trace = traceparent_of(MESSAGE)[3:35]
    for service in SERVICES:
        query = f'{{ resource.service.name = "{service}" }}'
        assert eventually(partial(found, query), within_s=60, what=f"a trace of {service}") == [trace]
    assert found('{ name = "hop.seal" && span.gridseal.series_id = "home-01/pv" }') == [trace]
    assert found('{ resource.service.name = "nobody" }') == []
    named = client.get("/api/search/tag/service.name/values").raise_for_status().json()["tagValues"]
    assert set(named) >= SERVICES


def test_what_was_kept_is_there_after_a_stop(tmp_path: Path) -> None:
    with a_tempo(tmp_path) as ports, client_of(ports) as client:
        export([a_journey()], f"http://127.0.0.1:{ports.otlp}")
        eventually(lambda: spans_of(client), within_s=60, what="nine spans of the message in Tempo")

    with a_tempo(tmp_path) as ports, client_of(ports) as client:
        assert eventually(lambda: spans_of(client), within_s=60, what="the same after a start")


def test_a_receiver_that_tempo_does_not_know_stops_it(tmp_path: Path) -> None:
    """The words of a receiver are judged at the start only."""
    wrong = altered("tempo.yaml", "protocols: { http:", "protocols: { https:", tmp_path)
    argv = [str(tempo()), f"-config.file={wrong}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)

    assert done.returncode != 0
    assert "https" in done.stderr
