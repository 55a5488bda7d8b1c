"""Rules and panels ask for what is really exported and stored; Prometheus itself judges and scrapes them.

Proven here: promtool takes configuration and rules, and each alert fires when it should; a running Prometheus knows
every rule and evaluates every panel's expression; every name is exported by some process; every SQL panel runs on
PostgreSQL with our migrations. Not proven here: Grafana, Loki, Tempo and the collector, which ``test_grafana.py``,
``test_loki.py``, ``test_tempo.py`` and ``test_collector.py`` run.
"""

import ast
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml
from prometheus_client import CollectorRegistry

from gridseal.runtime.migrations import apply_migrations
from ingestion_gateway.totals import GatewayTotals
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.scratch import free_port, scratch_database, scratch_postgres
from local_stack.services import Fleet
from tests.deploy.asked import A_FORECAST, DASHBOARDS, FOLDER, RULES, expressions, names_in, panels, rules
from tests.deploy.manifests import ROOT, Json

KINDS = {
    "Counter": ("_total",),
    "Gauge": ("",),
    "Histogram": ("_bucket", "_sum", "_count"),
    "Summary": ("_sum", "_count"),
}
KINDS |= {"CounterMetricFamily": ("_total",), "GaugeMetricFamily": ("",), "HistogramMetricFamily": KINDS["Histogram"]}
NINE = (
    "prediction_requests_total", "prediction_latency_seconds_bucket", "predicted_demand_mwh_bucket", "model_mae_mwh",
    "model_mape_percent", "drift_share", "drift_detected", "data_freshness_hours", "retrain_triggered_total",
)  # fmt: skip


def exported() -> set[str]:
    """Every name under which some process of ours exports something, as its source says."""
    found: set[str] = set()
    for file in ROOT.glob("*/src/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name, said = getattr(node.func, "id", getattr(node.func, "attr", "")), str(node.args[0].value)
            if said.startswith("gridseal_") or name in KINDS:
                endings = KINDS.get(name, (("_bucket", "_sum", "_count") if said.endswith("_seconds") else ()) + ("",))
                found |= {said.removesuffix("_total") + e if e == "_total" else said + e for e in endings}
    registry = CollectorRegistry()
    GatewayTotals(registry)
    return found | {sample.name for family in registry.collect() for sample in family.samples} | _families(registry)


def _families(registry: CollectorRegistry) -> set[str]:
    """Also those that have no sample before their first label."""
    return {f.name + ("_total" if f.type == "counter" else "") for f in registry.collect()}


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: make setup-test brings it")
    return found


def test_every_name_that_a_rule_or_a_panel_asks_for_is_exported() -> None:
    there = exported()
    asked = {name: where for where, expression in expressions() for name in names_in(expression)}

    assert len(asked) > 40
    assert not {name: where for name, where in asked.items() if name not in there}
    recorded = {str(rule["record"]) for rule in rules() if "record" in rule}
    for where, expression in expressions():
        assert set(re.findall(r"gridseal:[\w:]+", expression)) <= recorded, where


def test_the_nine_figures_of_the_demand_design_are_exported_and_shown() -> None:
    asked = {name for _, expression in expressions() for name in names_in(expression)}

    assert set(NINE) <= exported()
    assert set(NINE) <= asked


def test_the_three_alerts_of_the_demand_design_are_its_own() -> None:
    found = {rule["expr"]: rule.get("for") for rule in yaml.safe_load(RULES[0].read_text())["groups"][0]["rules"]}

    assert found == {"drift_share > 0.3": "5m", "model_mae_mwh > 1500": "1h", "data_freshness_hours > 48": None}


def test_the_demand_dashboard_has_twelve_panels_in_four_rows() -> None:
    board = json.loads((FOLDER / "grafana" / "dashboards" / "energy-demand.json").read_text())
    kinds = [panel["type"] for panel in board["panels"]]

    assert kinds.count("row") == 4
    assert len(kinds) - 4 == 12
    assert [p["title"] for p in board["panels"] if p["type"] == "row"] == [
        "Health", "Predictions", "Drift", "Data pipeline",
    ]  # fmt: skip


def test_the_dashboards_are_what_their_list_makes() -> None:
    import runpy

    made = runpy.run_path(str(FOLDER / "grafana" / "make.py"))
    assert {f.name: f.read_text() for f in DASHBOARDS} == {d.file: made["as_json"](d) for d in made["DASHBOARDS"]}


def test_every_alert_names_a_section_of_a_runbook() -> None:
    for rule in rules():
        if "alert" not in rule:
            continue
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^#+ (.*)$", (ROOT / file).read_text(), re.M)
        assert anchor in {re.sub(r"[^a-z0-9-]", "", h.lower().replace(" ", "-")) for h in headings}, rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_every_process_with_figures_is_scraped(tmp_path: Path) -> None:
    configuration = yaml.safe_load((FOLDER / "prometheus" / "prometheus.yml").read_text())
    scraped = {t for job in configuration["scrape_configs"] for one in job["static_configs"] for t in one["targets"]}
    fleet = Fleet(Layout(ROOT, tmp_path), Ports(0))
    served = {p for spec in (*fleet.services(), fleet.feeds({})) for p in spec.ports if p != 3000}

    assert scraped == {f"127.0.0.1:{port}" for port in {*served, 9090}}
    assert configuration["global"] == {"scrape_interval": "15s", "evaluation_interval": "15s"}


def test_each_alert_fires_when_it_should() -> None:
    promtool = program("promtool")
    for argv in (["check", "config", "prometheus.yml"], ["test", "rules", "rules_test.yml"]):
        done = subprocess.run([promtool, *argv], cwd=FOLDER / "prometheus", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_running_prometheus_takes_every_rule_and_expression(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "prometheus" / "rules", tmp_path / "rules")
    (tmp_path / "prometheus.yml").write_text("global: { evaluation_interval: 1s }\nrule_files: [rules/*.yml]\n")
    address = f"127.0.0.1:{free_port()}"
    argv = [program("prometheus"), "--config.file=prometheus.yml", f"--web.listen-address={address}"]
    log = (tmp_path / "log").open("wb")
    server = subprocess.Popen([*argv, f"--storage.tsdb.path={tmp_path / 'data'}"], cwd=tmp_path, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
            groups = _loaded(client, tmp_path / "log")
            found = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
            assert set(found) == {str(rule.get("alert") or rule["record"]) for rule in rules()}
            assert set(found.values()) == {"ok"}
            for where, expression in expressions():
                reply = client.get("/api/v1/query", params={"query": expression})
                assert reply.status_code == 200, f"{where}: {reply.text}"
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _loaded(client: httpx.Client, log: Path) -> list[Json]:
    """The groups once each rule was evaluated."""
    deadline = time.monotonic() + 60
    while True:
        try:
            groups: list[Json] = client.get("/api/v1/rules").json()["data"]["groups"]
            if groups and all(rule["health"] != "unknown" for group in groups for rule in group["rules"]):
                return groups
        except (httpx.HTTPError, ValueError):
            pass
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.1)


@pytest.fixture(scope="module")
def tables() -> Iterator[psycopg.Connection]:
    """A connection to a database of our tables."""
    folders = {
        "telemetry": ROOT / "streaming-processor" / "src" / "streaming_processor" / "migrations",
        "forecast": ROOT / "forecast-service" / "src" / "forecast_service" / "migrations",
    }
    with scratch_postgres() as server, scratch_database(server) as address:
        for schema, folder in folders.items():
            apply_migrations(address, schema, folder)
        with psycopg.connect(address) as connection:
            yield connection


def as_sql(target: Json) -> str:
    """Without Grafana's macro and variable."""
    text = re.sub(r"\$__timeFilter\(([^)]*)\)", r"\1 > now() - interval '1 day'", target["rawSql"])
    return text.replace("$series", "home-01/net")


def test_every_sql_panel_runs_on_our_tables(tables: psycopg.Connection) -> None:
    ran = 0
    for where, panel in panels():
        for target in panel["targets"]:
            if "rawSql" in target:
                columns = tables.execute(as_sql(target).encode()).description
                assert columns, where
                assert target["format"] != "time_series" or columns[0].name == "time" or len(columns) > 1, where
                ran += 1
    assert ran >= 6


def test_bands_are_named_by_their_quantiles(tables: psycopg.Connection) -> None:
    for row in A_FORECAST:
        tables.execute(row.encode())
    [target] = [target for where, panel in panels() if "quantiles" in where for target in panel["targets"]]
    found = {name: value for _, name, value in tables.execute(as_sql(target).encode()).fetchall()}

    assert found == {"q0.05": 1, "q0.5": 2, "q0.95": 3}
