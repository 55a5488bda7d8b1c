"""The collector and Loki as processes on this machine, on our own files with the addresses and folders of a test."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from local_stack.scratch import free_port
from tests.conftest import eventually
from tests.deploy.go_programs import go_program, released_program
from tests.deploy.manifests import ROOT, Json, compose

FOLDER = ROOT / "k8s" / "observability"
LOKI = "github.com/grafana/loki/v3"
EARLIER = {"log": "earlier\n", "stream": "stdout", "time": "2026-06-01T11:00:00.000000000Z"}
"""A line from before the collector started: it follows files from their end."""


@dataclass(frozen=True, slots=True)
class Collector:
    """One that runs: where it takes OTLP, and the folder that stands for Docker's."""

    address: str
    containers: Path


def pinned(service: str) -> str:
    """Version of a server's image in the compose file."""
    return str(compose()["services"][service]["image"]).rpartition(":")[2]


def loki() -> Path:
    """Its program, of the version that compose pins."""
    return released_program(LOKI, f"v{pinned('loki')}", "cmd/loki", beside=("github.com/grafana/loki/pkg/push",))


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
    configuration = _ours("collector.yaml", told)
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
    configuration = _ours("loki.yaml", {"/loki": str(folder / "data"), "3100": str(port)})
    configuration["server"] |= {"http_listen_address": "127.0.0.1", "grpc_listen_port": free_port()}
    configuration["server"]["grpc_listen_address"] = configuration["common"]["instance_addr"] = "127.0.0.1"
    file = _written(folder / "loki.yaml", configuration)
    with _running(folder, [str(loki()), f"-config.file={file}"]):
        eventually(lambda: _answers(f"http://127.0.0.1:{port}/ready", 200), within_s=120, what=f"Loki in {folder}")
        yield port


def altered(name: str, right: str, wrong: str, folder: Path) -> Path:
    """Our file with some words of it changed once, in a folder of the test."""
    text = (FOLDER / name).read_text()
    assert right in text
    file = folder / name
    file.write_text(text.replace(right, wrong, 1))
    return file


def _ours(name: str, told: dict[str, str]) -> Json:
    """Our file, with the words of a test for some of its own."""
    text = (FOLDER / name).read_text()
    for word, other in told.items():
        assert word in text
        text = text.replace(word, other)
    found: Json = yaml.safe_load(text)
    return found


def _written(file: Path, configuration: Json) -> Path:
    file.write_text(yaml.safe_dump(configuration, sort_keys=False))
    return file


@contextmanager
def _running(folder: Path, argv: Sequence[str]) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _answers(address: str, status: int) -> bool:
    return httpx.get(address, trust_env=False).status_code == status
