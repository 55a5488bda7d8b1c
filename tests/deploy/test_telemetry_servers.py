"""Collector, Loki, Tempo and Grafana are told of each other what is true: names, ports, ways, kept for how long.

Proven here: every component is defined and used, each address names a service of the compose file and a port that its
own configuration opens, nothing unknown stands at the top of these files, and all are YAML. Not proven here: the
programs at work: ``test_collector.py``, ``test_loki.py``, ``test_tempo.py`` and ``test_grafana.py`` run them.
"""

from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.deploy.manifests import ROOT, Json, compose

FOLDER = ROOT / "k8s" / "observability"
OPENS = {"loki": {3100}, "tempo": {3200, 4318}, "prometheus": {9090}, "door": {9090}, "postgres": {5432}}
KNOWN = {
    "loki.yaml": {
        "auth_enabled", "server", "common", "schema_config", "limits_config", "compactor", "analytics",
    },
    "tempo.yaml": {"server", "distributor", "storage", "compactor", "usage_report"},
    "collector.yaml": {"receivers", "processors", "exporters", "service"},
}  # fmt: skip


def configuration(name: str) -> Json:
    found: Json = yaml.safe_load((FOLDER / name).read_text())
    return found


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_nothing_unknown_stands_at_the_top(name: str) -> None:
    assert set(configuration(name)) == KNOWN[name]


def test_every_component_of_the_collector_is_defined_and_used() -> None:
    collector = configuration("collector.yaml")
    used: dict[str, set[str]] = {"receivers": set(), "processors": set(), "exporters": set()}
    for pipeline in collector["service"]["pipelines"].values():
        assert set(pipeline) == set(used)
        assert pipeline["processors"][0] == "memory_limiter", "it must come first to hold anything back"
        for kind, names in pipeline.items():
            used[kind] |= set(names)

    assert {kind: set(collector[kind]) for kind in used} == used


def test_addresses_name_services_and_ports_that_they_open() -> None:
    tempo, loki = configuration("tempo.yaml"), configuration("loki.yaml")
    taken = tempo["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert {tempo["server"]["http_listen_port"], port_of(taken)} == OPENS["tempo"]
    assert {loki["server"]["http_listen_port"]} == OPENS["loki"]
    addresses = [one["endpoint"] for one in configuration("collector.yaml")["exporters"].values()]
    for file in (FOLDER / "grafana" / "provisioning" / "datasources").glob("*.y*ml"):
        addresses += [one["url"] for one in yaml.safe_load(file.read_text())["datasources"] if "url" in one]

    services = compose()["services"]
    seen = set()
    for address in addresses:
        if address.startswith("$"):
            address = services["grafana"]["environment"][address.strip("${}")]
        host = urlsplit(address if "://" in address else f"tcp://{address}").hostname
        assert host in services, address
        assert port_of(address) in OPENS[str(host)], address
        seen.add(host)
    assert {"loki", "tempo"} <= seen


def test_loki_takes_what_the_collector_sends() -> None:
    """By OTLP, whose attributes become structured metadata: off in Loki, it would answer 400."""
    loki = configuration("loki.yaml")
    [period] = loki["schema_config"]["configs"]

    assert configuration("collector.yaml")["exporters"]["otlphttp/loki"]["endpoint"].endswith(":3100/otlp")
    assert loki["limits_config"]["allow_structured_metadata"] is True
    assert (period["schema"], period["store"]) == ("v13", "tsdb")
    assert loki["compactor"]["retention_enabled"] is True
    assert loki["limits_config"]["retention_period"] == "336h"


@pytest.mark.parametrize("service", ["loki", "tempo", "otel-collector", "alertmanager"])
def test_each_server_reads_the_file_that_is_mounted_and_keeps_its_data(service: str) -> None:
    one = compose()["services"][service]
    mounted = {volume.split(":")[1] for volume in one["volumes"]}
    [file] = [word.partition("=")[2] for word in one["command"] if "config" in word.partition("=")[0]]

    assert any(file == place or file.startswith(place + "/") for place in mounted), f"{file} is not in {mounted}"
    written: dict[str, Any] = {"loki": "/loki", "tempo": "/var/tempo", "alertmanager": "/alertmanager"}
    assert written.get(service, file) in mounted


def test_our_traces_go_to_the_port_that_the_collector_opens() -> None:
    endpoint = configuration("collector.yaml")["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    settings = yaml.safe_load((ROOT / "k8s" / "base" / "settings.yaml").read_text())["data"]
    example = (ROOT / ".env.example").read_text()

    assert port_of(settings["GRIDSEAL_OTLP_ENDPOINT"]) == port_of(endpoint) == 4318
    assert f"http://otel-collector:{port_of(endpoint)}" in example


def port_of(address: str) -> int:
    return int(urlsplit(address if "://" in address else f"tcp://{address}").port or 0)
