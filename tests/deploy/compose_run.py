"""Services of ``docker-compose.yml`` run by Podman as the file says, on the network of the host.

Two things are otherwise: the servers are those of ``ScratchServers``, whose addresses come as files of the folder
``/run/gridseal/more``, which the images' entrypoint reads; and no engine asks the health checks by the clock, so we do.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.deploy.manifests import Json, compose
from tests.deploy.podman import Podman, local_name


@dataclass(slots=True)
class Composition:
    """Containers of one run; their names and volumes begin with ``project``."""

    engine: Podman
    project: str
    more: Path
    """Settings as files, which every container reads after its own."""
    secrets: Path
    replaced: Mapping[str, str] = field(default_factory=dict)
    """Words of a command that name a server → what stands for them here."""
    told: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Service → variables, as a user's ``.env`` would set them."""

    def name(self, service: str) -> str:
        """The container's name."""
        return f"{self.project}-{service}"

    def words(self, service: str) -> list[str]:
        """Podman's words for what the compose file says of a service."""
        one = compose()["services"][service]
        words = ["--user", one["user"], *self._rights(one), *self._mounts(one), *_health(one)]
        environment = {k: str(v) for k, v in one.get("environment", {}).items() if v is not None}
        words += [f"--env={k}={v}" for k, v in {**environment, **self.told.get(service, {})}.items()]
        if grace := one.get("stop_grace_period"):
            words += ["--stop-timeout", grace.removesuffix("s")]
        return words

    def once(self, service: str, *command: str) -> str:
        """Run it, or another command in it, to its end; what it printed."""
        one = compose()["services"][service]
        return self.engine.must(
            "run", "--rm", *self.words(service), local_name(one["image"]), *(command or self._command(one))
        )

    def up(self, service: str) -> None:
        """Start it, and do not wait."""
        one = compose()["services"][service]
        name = self.name(service)
        words = ["--detach", "--name", name, *self.words(service), local_name(one["image"]), *self._command(one)]
        self.engine.must("run", *words)

    def healthy(self, service: str, within_s: float) -> float:
        """Ask its own health check until it says yes; how long that took, in seconds."""
        name, began = self.name(service), time.monotonic()
        while self.engine.run("healthcheck", "run", name).returncode:
            running = self.engine.must("inspect", "--format={{.State.Running}}", name)
            assert running == "true", f"{service} ended: {self.engine.logs(name)}"
            assert time.monotonic() - began < within_s, f"{service} is not healthy: {self.engine.logs(name)}"
            time.sleep(0.5)
        return time.monotonic() - began

    def stop(self, service: str) -> tuple[int, float]:
        """Exit code and seconds of an orderly end within the grace period of the compose file."""
        name, began = self.name(service), time.monotonic()
        self.engine.must("stop", name)
        took = time.monotonic() - began
        return int(self.engine.must("inspect", "--format={{.State.ExitCode}}", name)), took

    def rights(self, service: str) -> dict[str, str]:
        """What the kernel lets its program do, by the lines of ``/proc/PID/status``; ``Root`` is a try to write."""
        init = psutil.Process(int(self.engine.must("inspect", "--format={{.State.Pid}}", self.name(service))))
        program = next(iter(init.children()), init)
        lines = (line.partition(":") for line in Path(f"/proc/{program.pid}/status").read_text().splitlines())
        tried = self.engine.run("exec", self.name(service), "touch", "/opt/x")
        return {key: value.strip() for key, _, value in lines} | {"Root": tried.stderr.strip()}

    def remove(self) -> None:
        """All containers and volumes of this run."""
        names = self.engine.must("ps", "--all", "--format={{.Names}}", "--filter", f"name=^{self.project}-").split()
        for words in (["rm", "--force", "--time", "2", *names], ["volume", "rm", "--force", *self._volumes()]):
            self.engine.run(*words)

    def _volumes(self) -> list[str]:
        listed = self.engine.must("volume", "ls", "--format={{.Name}}").split()
        return [name for name in listed if name.startswith(f"{self.project}-")]

    def _command(self, one: Json) -> list[str]:
        return [self._here(str(word)) for word in one.get("command") or ()]

    def _here(self, word: str) -> str:
        for theirs, ours in self.replaced.items():
            word = word.replace(theirs, ours)
        return word

    def _rights(self, one: Json) -> list[str]:
        network = str(one["network_mode"]).replace("service:door", "host")
        words = ["--network", network, *(["--read-only", "--read-only-tmpfs=false"] if one["read_only"] else [])]
        words += [word for cap in one["cap_drop"] for word in ("--cap-drop", cap)]
        words += [word for option in one["security_opt"] for word in ("--security-opt", option.replace(":true", ""))]
        return [*words, "--init"] if one.get("init") else words

    def _mounts(self, one: Json) -> list[str]:
        words = [f"--volume={self.more}:/run/gridseal/more:ro"]
        words += [f"--volume={self.project}-{volume}" for volume in one.get("volumes", ()) if volume[0] not in "./$"]
        words += [f"--volume={self.secrets / name}:/run/secrets/{name}:ro" for name in one.get("secrets", ())]
        # Podman knows no owner of a tmpfs.
        return [*words, *(f"--tmpfs={mount.partition(':')[0]}:mode=1777" for mount in one["tmpfs"])]


def _health(one: Json) -> list[str]:
    test = one.get("healthcheck", {}).get("test")
    if not test:
        return []
    kind, *words = (str(word) for word in test)
    assert kind == "CMD", f"{kind}: only commands without a shell are translated"
    return ["--health-cmd", json.dumps(words)]
