"""Grafana at work on our provisioning: every data source answers through it, and every panel's query brings its data.

Proven here: the server of a Grafana 10 from before its release, the newest that was found as a Go module, provisions
our data sources and dashboards, and asks a Prometheus with our rules, PostgreSQL with our migrations, Loki and Tempo
for what each panel shows. Not proven here: the version that compose pins; pages, of which none was drawn. That server
knows PostgreSQL's plugin by its earlier name.
"""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from gridseal.cli.trace import export
from gridseal.runtime.migrations import apply_migrations
from gridseal.runtime.traces import traceparent_of
from local_stack.scratch import scratch_database, scratch_postgres
from tests.conftest import eventually
from tests.deploy.asked import A_FORECAST, DASHBOARDS, SERIES, names_in, panels
from tests.deploy.manifests import ROOT, Json
from tests.deploy.telemetry_programs import (
    MESSAGE,
    a_collector,
    a_grafana,
    a_journey,
    a_loki,
    a_prometheus,
    a_tempo,
)

ASKED = os.environ.get("GRAFANA_TESTS") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ASKED, reason="GRAFANA_TESTS=1 asks for it: building Grafana takes twenty minutes once"),
    pytest.mark.timeout(5_400),
]
PANELS = list(panels())
LABELS = {"status": "503", "outcome": "late"}
"""Values of labels that a rule of ours picks; others are called by their label."""
ROWS = (
    "INSERT INTO energy_mlops.drift_log (check_timestamp, dataset_drift_detected, drift_share, n_drifted_features,"
    " n_total_features, drift_details) SELECT now() - n * interval '10 min', true, 0.3, 1, 3,"
    """ '{"temperature": 0.31}' FROM generate_series(1, 6) n""",
    'INSERT INTO energy_mlops.prediction_log ("timestamp", predicted_demand, actual_demand, model_version)'
    " SELECT now() - n * interval '10 min', 40000, 41000, '1' FROM generate_series(1, 6) n",
    "INSERT INTO energy_mlops.features (\"timestamp\", respondent) VALUES (now(), 'DE')",
    *A_FORECAST,
)


@contextmanager
def exported() -> Iterator[str]:
    """Address of a process that exports every name a panel asks for, with its labels, and counts on."""
    targets = [t for _, panel in PANELS for t in panel["targets"] if "expr" in t]
    names = {name for target in targets for name in names_in(target["expr"])} | {
        "gridseal_http_requests_total", "gridseal_http_request_seconds_bucket", "gridseal_seals_total",
    }  # fmt: skip
    labels = {label for t in targets for label in re.findall(r"{{(\w+)}}", t["legendFormat"])} - {"le"}
    told = ",".join(f'{label}="{LABELS.get(label, label)}"' for label in sorted(labels))
    began = time.monotonic()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = "".join(self.lines()).encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain")
            self.end_headers()
            self.wfile.write(body)

        def lines(self) -> Iterator[str]:
            n = int(10 * (time.monotonic() - began))
            for name in names:
                if name.endswith("_bucket"):
                    for le, count in (("0.5", n // 2), ("+Inf", n)):
                        yield f'{name}{{le="{le}",{told}}} {count}\n'
                    yield f"{name.removesuffix('_bucket')}_count{{{told}}} {n}\n"
                else:
                    yield f"{name}{{{told}}} {n}\n"

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def filled() -> Iterator[str]:
    """A database with our tables and some rows in them."""
    folders = {
        "telemetry": "streaming-processor/src/streaming_processor",
        "forecast": "forecast-service/src/forecast_service",
    }
    with scratch_postgres() as server, scratch_database(server) as address:
        for schema, folder in folders.items():
            apply_migrations(address, schema, ROOT / folder / "migrations")
        with psycopg.connect(address) as connection:
            for row in ROWS:
                connection.execute(row.encode())
        yield address


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("grafana") / "log"


@pytest.fixture(scope="module")
def grafana(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Iterator[httpx.Client]:
    """Its administrator, once there is something to show in all that it asks."""
    made = tmp_path_factory.mktemp

    with ExitStack() as all_of:
        address = all_of.enter_context(filled())
        loki, tempo = all_of.enter_context(a_loki(made("loki"))), all_of.enter_context(a_tempo(made("tempo")))
        collector = all_of.enter_context(a_collector(made("collector"), tempo=tempo.otlp, loki=loki))
        prometheus = all_of.enter_context(a_prometheus(made("prometheus"), all_of.enter_context(exported())))
        export([a_journey()], collector.address)
        line = {"log": '{"service":"asset-service"}\n', "stream": "stdout", "time": f"{datetime.now(UTC):%FT%T.%f}000Z"}
        with (collector.containers / "one" / "one-json.log").open("a") as file:
            file.write(json.dumps(line) + "\n")
        server, _, database = address.partition("@")[2].partition("/")
        password = made("secrets") / "postgres_password"
        password.write_text("of-postgres")
        told = {
            "$GRIDSEAL_PROMETHEUS": f"http://127.0.0.1:{prometheus}", "postgres:5432": server,
            "database: gridseal": f"database: {database}", "/run/secrets/postgres_password": str(password),
            "http://loki:3100": f"http://127.0.0.1:{loki}", "http://tempo:3200": f"http://127.0.0.1:{tempo.port}",
            "grafana-postgresql-datasource": "postgres", "/var/lib/grafana-dashboards": str(DASHBOARDS[0].parent),
        }  # fmt: skip
        client = all_of.enter_context(a_grafana(log.parent, told))
        last = {"refId": "A", "datasource": {"uid": "prometheus"}, "expr": "gridseal:seals_bad:ratio_6h"}
        eventually(lambda: values_of(asked(client, last)), within_s=90, what="two rounds of the rules")
        yield client


def asked(client: httpx.Client, query: Json) -> list[Json]:
    """Frames of one query, as a page asks for it."""
    body = {"from": "now-2h", "to": "now", "queries": [{"intervalMs": 15_000, "maxDataPoints": 500, **query}]}
    reply = client.post("/api/ds/query", json=body)
    assert reply.status_code == 200, reply.text
    result = reply.json()["results"][query["refId"]]
    assert "error" not in result, result["error"]
    frames: list[Json] = result["frames"]
    return frames


def values_of(frames: list[Json]) -> list[Any]:
    """All that is not nothing, of the columns beside the moments."""
    return [
        value
        for frame in frames
        for column, said in zip(frame["data"]["values"], frame["schema"]["fields"], strict=True)
        for value in column
        if said["type"] != "time" and value is not None
    ]


def test_it_reads_its_provisioning_without_an_error(grafana: httpx.Client, log: Path) -> None:
    """Notifiers have no folder any more in the version that compose pins."""
    errors = [line for line in log.read_text().splitlines() if "logger=provisioning" in line and "level=error" in line]

    assert [line for line in errors if "logger=provisioning.notifiers" not in line] == []


def test_the_data_sources_are_ours(grafana: httpx.Client) -> None:
    listed = {one["uid"]: one for one in grafana.get("/api/datasources").raise_for_status().json()}

    assert {uid: (one["name"], one["isDefault"], one["readOnly"]) for uid, one in listed.items()} == {
        "prometheus": ("Prometheus", True, True), "postgres": ("PostgreSQL", False, True),
        "loki": ("Loki", False, True), "tempo": ("Tempo", False, True),
    }  # fmt: skip


@pytest.mark.parametrize("uid", ["prometheus", "postgres"])
def test_a_data_source_is_healthy(grafana: httpx.Client, uid: str) -> None:
    reply = grafana.get(f"/api/datasources/uid/{uid}/health")

    assert reply.status_code == 200, reply.text
    assert reply.json()["status"] == "OK"


def test_traces_and_logs_are_asked_for_as_its_pages_ask(grafana: httpx.Client) -> None:
    """That server leaves the checks of these two to its pages: they ask for an echo, and for labels."""
    echo = grafana.get("/api/datasources/proxy/uid/tempo/api/echo")
    assert (echo.status_code, echo.text.strip()) == (200, "echo")
    trace = {"refId": "A", "datasource": {"uid": "tempo"}, "queryType": "traceId"}
    trace |= {"query": traceparent_of(MESSAGE)[3:35]}
    spans = eventually(lambda: values_of(asked(grafana, trace)), within_s=60, what="the message's trace")
    assert {"hop.gateway", "hop.seal", "settlement-service"} <= {str(one) for one in spans}
    logs = {"refId": "A", "datasource": {"uid": "loki"}, "queryType": "range", "expr": '{service_name=~".+"}'}
    lines = eventually(lambda: values_of(asked(grafana, logs)), within_s=60, what="the line in Loki")
    assert '{"service":"asset-service"}' in {str(one).strip() for one in lines}
    assert grafana.get("/api/datasources/uid/loki/resources/labels", params={"since": "1h"}).json()["data"]


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_a_dashboard_is_provisioned(grafana: httpx.Client, file: Path) -> None:
    ours = json.loads(file.read_text())
    kept = grafana.get(f"/api/dashboards/uid/{ours['uid']}").raise_for_status().json()

    assert (kept["meta"]["provisioned"], kept["meta"]["folderTitle"]) == (True, "Gridseal")
    assert kept["dashboard"]["title"] == ours["title"]
    assert kept["dashboard"]["panels"] == ours["panels"]
    assert grafana.post("/api/dashboards/db", json={"dashboard": kept["dashboard"]}).status_code == 400


def test_there_are_no_other_dashboards(grafana: httpx.Client) -> None:
    found = grafana.get("/api/search", params={"type": "dash-db"}).raise_for_status().json()

    assert {one["uid"] for one in found} == {file.stem for file in DASHBOARDS}


@pytest.mark.parametrize(("where", "panel"), PANELS, ids=[where for where, _ in PANELS])
def test_a_panel_shows_data(grafana: httpx.Client, where: str, panel: Json) -> None:
    for target in panel["targets"]:
        frames = asked(grafana, json.loads(json.dumps(target).replace("$series", SERIES)))
        assert values_of(frames), f"{where}: nothing"
        for frame in frames:
            names = [column.get("config", {}).get("displayNameFromDS", "") for column in frame["schema"]["fields"]]
            assert not any("{" in name for name in names) or not target["legendFormat"], f"{where}: {names}"


def test_bands_are_named_by_their_quantiles(grafana: httpx.Client) -> None:
    [panel] = [panel for where, panel in PANELS if "quantiles" in where]
    [target] = panel["targets"]
    [frame] = asked(grafana, {**target, "rawSql": target["rawSql"].replace("$series", SERIES)})

    assert [f["name"] for f in frame["schema"]["fields"] if f["type"] == "number"]
    names = {v for f in frame["schema"]["fields"] for v in f.get("labels", {}).values()} or {
        f["name"] for f in frame["schema"]["fields"] if f["type"] != "time"
    }
    assert names == {"q0.05", "q0.5", "q0.95"}


def test_a_series_is_chosen_from_those_with_forecasts(grafana: httpx.Client) -> None:
    [variable] = json.loads((DASHBOARDS[0].parent / "forecasts.json").read_text())["templating"]["list"]
    ask = {"refId": "A", "datasource": variable["datasource"], "rawSql": variable["query"], "format": "table"}

    assert values_of(asked(grafana, ask)) == [SERIES]


def test_a_query_that_postgresql_refuses_is_noticed(grafana: httpx.Client) -> None:
    wrong = {"refId": "A", "datasource": {"uid": "postgres"}, "rawSql": "SELECT nothing", "format": "table"}

    with pytest.raises(AssertionError, match="nothing"):
        asked(grafana, wrong)
