"""The Dockerfiles build as they are, and what they make runs as the compose file says, hardened, on real servers.

By Podman, on a base image made of Debian's packages (``tools/base-image.sh``), because no registry is asked.
Proven here: two of the nine images build unmodified; setup, topics and asset-service run as user 10001 with a
read-only root, no capabilities and their health checks, and stop in time. Not proven here: the official base images,
the seven other images, those of the servers, and the network between containers (the host's is used).
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from local_stack.scratch_servers import ScratchServers
from tests.deploy.manifests import ROOT, Json, compose

ASKED = os.environ.get("CONTAINER_TESTS") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ASKED, reason="CONTAINER_TESTS=1 asks for it: it needs root, Podman and ten minutes"),
    pytest.mark.timeout(3_000),
]
BASE = "docker.io/library/python:3.11-slim-bookworm"
IMAGES = {"asset-service": "asset-service", "setup": "local"}
"""Service of the compose file → folder of its Dockerfile."""
PACKAGES = "apt-get install podman buildah runc debootstrap netavark aardvark-dns conmon catatonit uidmap"
SETTINGS = """[containers]
default_ulimits = ["nofile=16384:16384", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@dataclass(frozen=True, slots=True)
class Engine:
    """Podman with a storage of its own, gone afterwards."""

    folder: Path

    def environment(self) -> dict[str, str]:
        own = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf"}
        # An image of the OCI's form has no health check.
        return {**os.environ, "BUILDAH_FORMAT": "docker", **{n: str(self.folder / f) for n, f in own.items()}}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = ["podman", *words]
        return subprocess.run(argv, env=self.environment(), cwd=ROOT, capture_output=True, text=True, check=False)

    def must(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, f"podman {' '.join(words)}: {done.stderr[-3000:]}"
        return done.stdout.strip()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    missing = [p for p in ("podman", "buildah", "runc", "debootstrap") if shutil.which(p) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root and {', '.join(missing) or 'nothing more'}: {PACKAGES}")
    folder = tmp_path_factory.mktemp("engine")
    kept = Path(os.environ.get("CONTAINER_STORAGE", folder))
    (folder / "containers.conf").write_text(SETTINGS)
    storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{kept}/graph"\nrunroot = "{kept}/run"\n'
    (folder / "storage.conf").write_text(storage)
    engine = Engine(folder)
    if engine.run("image", "exists", BASE).returncode:
        argv = ["bash", str(ROOT / "tests" / "deploy" / "tools" / "base-image.sh"), BASE, str(folder / "base")]
        subprocess.run(argv, env=engine.environment(), check=True, capture_output=True)
    yield engine
    engine.run("rm", "--all", "--force", "--time", "5")
    if kept == folder:
        engine.run("system", "reset", "--force")


@pytest.fixture(scope="module")
def images(engine: Engine) -> dict[str, str]:
    """Name of the service in compose → image, built from its Dockerfile as it is."""
    made = {}
    for service, folder in IMAGES.items():
        one = compose()["services"][service]
        made[service] = f"localhost/{one['image']}"
        if "CONTAINER_STORAGE" in os.environ and not engine.run("image", "exists", made[service]).returncode:
            continue  # of an earlier run that was told to keep its storage
        target = ["--target", one["build"]["target"]] if "target" in one["build"] else []
        engine.must("build", "-q", "-f", f"{folder}/Dockerfile", *target, "-t", f"localhost/{one['image']}", ".")
    return made


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchServers]:
    own = ScratchServers(tmp_path_factory.mktemp("servers"))
    own.start()
    yield own
    own.stop()


def hardened(one: Json) -> list[str]:
    """Podman's words for what the compose file says of a service; its network is the host's here."""
    words = ["--user", one["user"], "--read-only", "--network", one["network_mode"].replace("service:door", "host")]
    words += [word for cap in one["cap_drop"] for word in ("--cap-drop", cap)]
    words += [word for option in one["security_opt"] for word in ("--security-opt", option.replace(":true", ""))]
    words += ["--init"] if one.get("init") else []
    return words


def test_images_are_built_for_a_user_without_rights_and_say_how_they_are(
    engine: Engine, images: dict[str, str]
) -> None:
    for service, image in images.items():
        [found] = json.loads(engine.must("image", "inspect", image))
        assert found["User"] == "10001:10001", service
        assert found["Config"]["Entrypoint"] == ["gridseal-entrypoint"]
        assert "HEALTHCHECK" in json.dumps(found["History"]), service
        assert found["Size"] < 1_200_000_000, f"{service} grew to {found['Size'] / 1e6:.0f} MB"
        print(f"{image}: {found['Size'] / 1e6:.0f} MB")


def test_setup_makes_keys_and_settings_once_and_keeps_them(
    engine: Engine, images: dict[str, str], tmp_path: Path
) -> None:
    one = compose()["services"]["setup"]
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in one["secrets"]:
        (secrets / name).write_text("a-password")
    volumes = [f"--volume={v.replace(':', f'-{tmp_path.name}:', 1)}" for v in one["volumes"]]
    tmpfs = [f"--tmpfs={mount.partition(':')[0]}:mode=1777" for mount in one["tmpfs"]]
    words = [*hardened(one), *volumes, *tmpfs, f"--volume={secrets}:/run/secrets:ro"]
    words += [f"--env={k}={v}" for k, v in one["environment"].items()]
    kept = []
    for _ in range(2):
        engine.must("run", "--rm", *words, images["setup"], *one["command"])
        look = "cd /run/gridseal/settings && ls && cat GRIDSEAL_REDIS_URL && sha256sum /var/lib/gridseal/tls/ca.crt"
        kept.append(engine.must("run", "--rm", *words, images["setup"], "sh", "-c", look))

    assert kept[0].splitlines()[-1] == kept[1].splitlines()[-1]
    assert "redis://:a-password@redis:6379/0" in kept[0]
    assert {"GRIDSEAL_POSTGRES_DSN", "GRIDSEAL_MONGO_URL", "GRIDSEAL_TIME_SCALE"} <= set(kept[0].split())


def test_topics_and_asset_service_run_on_real_servers(
    engine: Engine, images: dict[str, str], servers: ScratchServers
) -> None:
    address = f"{servers.ports.kafka}"
    topics = compose()["services"]["topics"]
    command = [word.replace("kafka:9092", f"127.0.0.1:{address}") for word in topics["command"]]
    engine.must("run", "--rm", "--tmpfs=/tmp", *hardened(topics), images["setup"], *command)
    one = compose()["services"]["asset-service"]
    own = {k: str(v) for k, v in one["environment"].items() if v is not None}
    there = {k: v for k, v in servers.environment().items() if k in own or k in {"GRIDSEAL_POSTGRES_DSN", "GRIDSEAL_MONGO_URL", "GRIDSEAL_REDIS_URL"}}  # noqa: E501  # fmt: skip
    words = [f"--env={k}={v}" for k, v in {**own, **there, "GRIDSEAL_STATE_DIR": own["GRIDSEAL_STATE_DIR"]}.items()]
    engine.must(
        "run", "--detach", "--name=asset-service", "--tmpfs=/tmp", *hardened(one), *words, images["asset-service"]
    )

    healthy(engine, "asset-service")
    with httpx.Client(base_url=f"http://127.0.0.1:{own['ASSET_PORT']}", trust_env=False) as client:
        ready = until_ready(client)
        assets = client.get("/api/v1/assets").json()
    inside = engine.must("exec", "asset-service", "sh", "-c", "id -u; grep -E 'CapEff|NoNewPrivs' /proc/1/status; touch /x 2>&1 || true")  # noqa: E501  # fmt: skip
    began = time.monotonic()
    engine.must("stop", "--time", "30", "asset-service")
    took = time.monotonic() - began
    code = engine.must("inspect", "--format={{.State.ExitCode}}", "asset-service")

    assert ready == 200
    assert assets["items"], "the catalog's presets are served"
    assert inside.splitlines()[0] == "10001"
    assert "CapEff:\t0000000000000000" in inside
    assert "NoNewPrivs:\t1" in inside
    assert "Read-only file system" in inside
    assert (code, took < 25) == ("0", True), engine.run("logs", "asset-service").stderr[-2000:]


def healthy(engine: Engine, name: str) -> None:
    """No init system here runs the health check by the clock, so it is asked for."""
    deadline = time.monotonic() + 120
    while engine.run("healthcheck", "run", name).returncode:
        running = engine.must("inspect", "--format={{.State.Running}}", name)
        assert running == "true", engine.run("logs", name).stderr[-3000:]
        assert time.monotonic() < deadline, engine.run("logs", name).stderr[-3000:]
        time.sleep(0.5)


def until_ready(client: httpx.Client) -> int:
    deadline = time.monotonic() + 60
    while True:
        status = client.get("/readyz").status_code
        if status == 200 or time.monotonic() > deadline:
            return status
        time.sleep(0.3)
