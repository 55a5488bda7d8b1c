"""Servers of telemetry as processes on this machine, on our own files with the addresses and folders of a test."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import yaml

from gridseal.client.journey import HOPS, Hop, Journey
from gridseal.runtime.traces import traceparent_of
from local_stack.scratch import free_port
from tests.conftest import eventually
from tests.deploy.go_programs import go_program, module_folder, released_program
from tests.deploy.manifests import ROOT, Json, compose

FOLDER = ROOT / "k8s" / "observability"
LOKI = "github.com/grafana/loki/v3"
TEMPO = "github.com/grafana/tempo"
TEMPO_RELEASES = {"2.9.0": "v1.5.1-0.20251008140505-607c7fb69662"}
"""Its path says no major version, so Go knows a release of 2 only by its commit."""
GRAFANA = ("github.com/grafana/grafana", "v1.9.2-0.20230609164553-81d85ce8028d")
"""Of 10, before its release: the newest that was found as a Go module."""
EARLIER = {"log": "earlier\n", "stream": "stdout", "time": "2026-06-01T11:00:00.000000000Z"}
"""A line from before the collector started: it follows files from their end."""
MESSAGE = "home-01-pv/00c1f0e2a4b6d8f0/42"


@dataclass(frozen=True, slots=True)
class Collector:
    """One that runs: where it takes OTLP, and the folder that stands for Docker's."""

    address: str
    containers: Path


@dataclass(frozen=True, slots=True)
class Tempo:
    """One that runs: its ports for questions and for OTLP."""

    port: int
    otlp: int


def pinned(service: str) -> str:
    """Version of a server's image in the compose file."""
    return str(compose()["services"][service]["image"]).rpartition(":")[2]


def loki() -> Path:
    """Its program, of the version that compose pins."""
    return released_program(LOKI, f"v{pinned('loki')}", "cmd/loki", beside=("github.com/grafana/loki/pkg/push",))


def tempo() -> Path:
    """Its program, of the version that compose pins."""
    return released_program(TEMPO, TEMPO_RELEASES[pinned("tempo")], "cmd/tempo")


@contextmanager
def a_collector(folder: Path, *, tempo: int, loki: int) -> Iterator[Collector]:
    """Sends traces and logs to these ports."""
    containers, port = folder / "containers", free_port()
    (containers / "one").mkdir(parents=True)
    (containers / "one" / "one-json.log").write_text(json.dumps(EARLIER) + "\n")
    told = {
        "0.0.0.0:4318": f"127.0.0.1:{port}", "http://tempo:4318": f"http://127.0.0.1:{tempo}",
        "http://loki:3100": f"http://127.0.0.1:{loki}", "/var/lib/docker/containers": str(containers),
    }  # fmt: skip
    configuration = _ours(FOLDER / "collector.yaml", told)
    # The figures of its own have a port that another collector may have.
    configuration["service"]["telemetry"] = {"metrics": {"level": "none"}}
    file = _written(folder / "collector.yaml", configuration)
    with _running(folder, [str(go_program("collector")), f"--config=file:{file}"]):
        eventually(lambda: _answers(f"http://127.0.0.1:{port}/", 404), within_s=60, what=f"the collector in {folder}")
        watching = (folder / "log").read_text
        eventually(lambda: "Started watching file" in watching(), within_s=60, what=f"files watched in {folder}")
        yield Collector(f"http://127.0.0.1:{port}", containers)


@contextmanager
def a_loki(folder: Path) -> Iterator[int]:
    """On an empty folder; its port."""
    port = free_port()
    configuration = _ours(FOLDER / "loki.yaml", {"/loki": str(folder / "data"), "3100": str(port)})
    configuration["server"] |= {"http_listen_address": "127.0.0.1", "grpc_listen_port": free_port()}
    configuration["server"]["grpc_listen_address"] = configuration["common"]["instance_addr"] = "127.0.0.1"
    file = _written(folder / "loki.yaml", configuration)
    with _running(folder, [str(loki()), f"-config.file={file}"]):
        eventually(lambda: _answers(f"http://127.0.0.1:{port}/ready", 200), within_s=120, what=f"Loki in {folder}")
        yield port


@contextmanager
def a_tempo(folder: Path, file: Path = FOLDER / "tempo.yaml") -> Iterator[Tempo]:
    """On an empty folder, by our file or one that was made of it."""
    ports = Tempo(free_port(), free_port())
    told = {"3200": str(ports.port), "0.0.0.0:4318": f"127.0.0.1:{ports.otlp}", "/var/tempo": str(folder / "data")}
    configuration = _ours(file, told)
    configuration["server"] |= {"http_listen_address": "127.0.0.1", "grpc_listen_port": free_port()}
    configuration["server"]["grpc_listen_address"] = "127.0.0.1"
    configuration["memberlist"] = {"bind_addr": ["127.0.0.1"], "bind_port": free_port()}
    with _running(folder, [str(tempo()), f"-config.file={_written(folder / 'tempo.yaml', configuration)}"]):
        address = f"http://127.0.0.1:{ports.port}/ready"
        eventually(lambda: _answers(address, 200), within_s=120, what=f"Tempo in {folder}")
        yield ports


def grafana() -> Path:
    """Its server, without its pages."""
    return released_program(*GRAFANA, "pkg/cmd/grafana", tags="oss", wired="pkg/server", c=True)


@contextmanager
def a_grafana(folder: Path, told: Mapping[str, str]) -> Iterator[httpx.Client]:
    """By our provisioning and the environment of the compose file; its administrator.

    Args:
        folder: Empty.
        told: Words of the provisioning, and what stands for them here.
    """
    shutil.copytree(FOLDER / "grafana" / "provisioning", folder / "provisioning")
    for file in (folder / "provisioning").glob("*/*.yml"):
        text = file.read_text()
        for word, other in told.items():
            text = text.replace(word, other)
        file.write_text(text)
    ours, port = compose()["services"]["grafana"]["environment"], free_port()
    environment = {
        # The image's own script reads what ends so.
        **{name: value for name, value in ours.items() if not name.endswith("__FILE")},
        "GF_SECURITY_ADMIN_PASSWORD": "of-this-test",
        "GF_SERVER_HTTP_ADDR": "127.0.0.1", "GF_SERVER_HTTP_PORT": str(port),
        "GF_PATHS_DATA": str(folder / "data"), "GF_PATHS_LOGS": str(folder / "logs"),
        "GF_PATHS_PLUGINS": str(folder / "plugins"), "GF_PATHS_PROVISIONING": str(folder / "provisioning"),
    }  # fmt: skip
    argv = [str(grafana()), "server", f"--homepath={module_folder(*GRAFANA)}"]
    with (
        _running(folder, argv, {**os.environ, **environment}),
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", auth=("admin", "of-this-test"), trust_env=False, timeout=60
        ) as client,
    ):
        address = f"http://127.0.0.1:{port}/api/health"
        eventually(lambda: _answers(address, 200), within_s=120, what=f"Grafana in {folder}")
        yield client


@contextmanager
def a_prometheus(folder: Path, target: str) -> Iterator[int]:
    """With our rules, judged and fed by the target each second; its port."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed: make setup-test brings it")
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(FOLDER / "prometheus" / "rules" / "*.yml")],
        "scrape_configs": [{"job_name": "test", "static_configs": [{"targets": [target]}]}],
    }  # fmt: skip
    file, port = _written(folder / "prometheus.yml", configuration), free_port()
    argv = [program, f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}"]
    with _running(folder, [*argv, f"--storage.tsdb.path={folder / 'data'}"]):
        address = f"http://127.0.0.1:{port}/-/ready"
        eventually(lambda: _answers(address, 200), within_s=60, what=f"Prometheus in {folder}")
        yield port


def a_journey() -> Journey:
    """Of a message that took eleven seconds to the chain, a minute ago."""
    sent = datetime.now(UTC) - timedelta(minutes=1)
    hops = tuple(Hop(name, sent + timedelta(seconds=n), facts=(f"hop {n}",)) for n, name in enumerate(HOPS))
    return Journey(MESSAGE, traceparent_of(MESSAGE), "home-01/pv", "r1", hops)


def altered(name: str, right: str, wrong: str, folder: Path) -> Path:
    """Our file with some words of it changed once, in a folder of the test."""
    text = (FOLDER / name).read_text()
    assert right in text
    file = folder / name
    file.write_text(text.replace(right, wrong, 1))
    return file


def _ours(file: Path, told: dict[str, str]) -> Json:
    """Our file, with the words of a test for some of its own."""
    text = file.read_text()
    for word, other in told.items():
        assert word in text
        text = text.replace(word, other)
    found: Json = yaml.safe_load(text)
    return found


def _written(file: Path, configuration: Json) -> Path:
    file.write_text(yaml.safe_dump(configuration, sort_keys=False))
    return file


@contextmanager
def _running(folder: Path, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log, env=environment)
    try:
        yield
    finally:
        # As a container is stopped: Tempo waits for its own queries for ever.
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _answers(address: str, status: int) -> bool:
    return httpx.get(address, trust_env=False).status_code == status
