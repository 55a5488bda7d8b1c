"""The servers of the stack on free ports, for tests and measurements that need more than a database.

Built from the same specifications as the demo's; a server can be killed and started again on its data.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from local_stack.environment import addresses
from local_stack.layout import Layout
from local_stack.ports import HOST, Ports
from local_stack.scratch import ANSWERS_WITHIN_S, free_port
from local_stack.servers import kafka, postgres, stores
from local_stack.servers.databases import ensure_databases
from local_stack.spec import ProcessSpec

SERVERS = ("kafka", "postgres", "redis", "mongo")


@dataclass(frozen=True, slots=True)
class FreePorts(Ports):
    """Wherever there is room: every standard port gets a free one and keeps it."""

    base: int = 0
    taken: dict[int, int] = field(default_factory=dict)

    def at(self, standard: int) -> int:
        """The port that stands for ``standard`` here."""
        return self.taken.setdefault(standard, free_port())


def eventually(true: Callable[[], Any], within_s: float = ANSWERS_WITHIN_S, what: str = "it") -> Any:
    """The first true answer.

    Raises:
        TimeoutError: There was none in time.
    """
    deadline = time.monotonic() + within_s
    while True:
        found = true()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {within_s:.0f} s")
        time.sleep(0.02)


class ScratchServers:
    """Kafka, PostgreSQL, Redis and a MongoDB-protocol server below one folder; MLflow where it is asked for by name."""

    def __init__(self, state: Path, *, secure: bool = False) -> None:
        self.layout = Layout(Layout.here().root, state, secure)
        self.ports = FreePorts()
        self.layout.make()
        specs = (
            kafka.server_spec(self.layout, self.ports),
            postgres.server_spec(self.layout, self.ports),
            stores.redis_spec(self.layout, self.ports),
            stores.mongo_spec(self.layout, self.ports),
            stores.mlflow_spec(self.layout, self.ports),
        )
        self._specs = {spec.name: spec for spec in specs}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return addresses(self.ports, self.layout)["GRIDSEAL_KAFKA_BOOTSTRAP"]

    @property
    def dsn(self) -> str:
        """PostgreSQL's database of the services."""
        return addresses(self.ports, self.layout)["GRIDSEAL_POSTGRES_DSN"]

    def environment(self) -> dict[str, str]:
        """What a service needs to find these servers; settings of the caller's own stack are left out."""
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("GRIDSEAL_", "STREAMING_PROCESSOR_"))}
        own = {"GRIDSEAL_STATE_DIR": str(self.layout.state), "OMP_NUM_THREADS": "1", "SPARK_LOCAL_IP": HOST}
        return {**inherited, **addresses(self.ports, self.layout), **own, "GRIDSEAL_PORT_BASE": "20000"}

    def start(self, *names: str) -> None:
        """Start, and wait until each answers."""
        for name in names or SERVERS:
            spec = self._specs[name]
            if spec.prepare is not None:
                spec.prepare()
            with (self.layout.logs / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    spec.argv, cwd=spec.cwd, env={**os.environ, **spec.env}, stdout=log, stderr=log, **_account(spec)
                )
        for name in names or SERVERS:
            eventually(partial(self._answers, name), 120, f"{name} answers")
        if not names or "postgres" in names:
            ensure_databases(self.ports.postgres)

    def process(self, name: str) -> "subprocess.Popen[bytes]":
        """A running server's process."""
        return self._running[name]

    def kill(self, name: str) -> None:
        """SIGKILL; its data stay."""
        process = self._running.pop(name)
        # PostgreSQL's children notice by themselves that their parent is gone.
        process.send_signal(signal.SIGKILL)
        process.wait(30)

    def stop(self) -> None:
        """Stop everything, and remove PostgreSQL's data where they lie elsewhere."""
        for name in reversed(list(self._running)):
            process = self._running.pop(name)
            process.send_signal(self._specs[name].stop_signal)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        postgres.remove_data(self.layout)

    def _answers(self, name: str) -> bool:
        process, probe = self._running[name], self._specs[name].probe
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode}: {self.layout.logs / name}.log")
        return probe is not None and asyncio.run(probe.answers())


def _account(spec: ProcessSpec) -> dict[str, Any]:
    return {"user": spec.user, "group": spec.user, "extra_groups": []} if spec.user else {}
