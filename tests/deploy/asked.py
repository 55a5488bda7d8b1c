"""What rules and panels ask for, as their files say."""

import json
import re
from collections.abc import Iterator

import yaml

from tests.deploy.manifests import ROOT, Json

FOLDER = ROOT / "k8s" / "observability"
RULES = sorted((FOLDER / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))
OURS = re.compile(
    r"\b(gridseal_\w+|prediction_\w+|predicted_demand_\w+|model_m\w+|drift_\w+|data_freshness\w+|retrain\w+)\b"
)
SERIES = "home-01/net"
A_FORECAST = (
    "INSERT INTO forecast.runs (run_id, product_id, slot, version, issued_at, delivery_start, gate_closure, levels_bps,"
    " model_name, model_version, model_hash, feature_hash, document) VALUES ('r1', 'site-6h', now(), 1, now(), now(),"
    """ now(), '{500,5000,9500}', 'm', '1', '', '', '{"tenant_id": "demo"}')""",
    "INSERT INTO forecast.values (run_id, series_id, target_start, resolution_s, issued_at, values_milli, model, rung,"
    f" data_age_s) SELECT 'r1', '{SERIES}', now() - n * interval '10 min', 900, now(), '{{1000,2000,3000}}', 'm', 0, 0"
    " FROM generate_series(1, 6) n",
)
"""A run of an hour for it: 5, 50 and 95 in 100."""


def rules() -> Iterator[Json]:
    for file in RULES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def panels() -> Iterator[tuple[str, Json]]:
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            if panel["type"] != "row":
                yield f"{file.name}: {panel['title']}", panel


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield str(rule.get("alert") or rule["record"]), str(rule["expr"])
    for where, panel in panels():
        for target in panel["targets"]:
            if "expr" in target:
                yield where, target["expr"]


def names_in(expression: str) -> set[str]:
    """Metric names, without labels and their values."""
    bare = re.sub(r"\{[^}]*\}|by \([^)]*\)", "", expression)
    return set(OURS.findall(bare))
