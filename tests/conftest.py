"""The real stack for tests: started by the same code as the demo, on ports and data of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from local_stack.environment import addresses
from local_stack.layout import Layout
from local_stack.ports import Ports

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")


def eventually(read: Callable[[], T | None], *, within_s: float, what: str) -> T:
    """The first true answer of ``read``; fails after ``within_s``, naming ``what`` was waited for."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            found = read()
        except (httpx.HTTPError, OSError):
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s:.0f} s"
        time.sleep(0.3)


@dataclass(frozen=True)
class Stack:
    """A running stack, seen from outside."""

    state: Path
    base: int
    environment: dict[str, str]

    def url(self, standard_port: int) -> str:
        """Address of the part that usually has this port."""
        return f"http://127.0.0.1:{self.base + standard_port}"

    def get(self, standard_port: int, path: str) -> Any:
        """JSON of one address."""
        return httpx.get(self.url(standard_port) + path, timeout=10).raise_for_status().json()

    @property
    def addresses(self) -> dict[str, str]:
        """Servers and services of this stack under the names of their settings, with TLS where it has it."""
        layout = Layout(ROOT, self.state, self.environment.get("GRIDSEAL_TLS") == "1")
        return addresses(Ports(self.base), layout)

    @property
    def dsn(self) -> str:
        """PostgreSQL of this stack."""
        return self.addresses["GRIDSEAL_POSTGRES_DSN"]

    @property
    def rpc(self) -> str:
        """Ethereum node of this stack."""
        return self.url(8545)

    def process(self, name: str) -> dict[str, Any]:
        """State of one process as the supervisor sees it."""
        status = json.loads((self.state / "state" / "status.json").read_text())
        return next(p for p in status["processes"] if p["name"] == name)

    def kill(self, name: str) -> int:
        """SIGKILL one process; its former pid."""
        pid = int(self.process(name)["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment against this stack."""
        return subprocess.run(
            [str(ROOT / ".venv" / "bin" / command[0]), *command[1:]],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@contextmanager
def running_stack(state: Path, base: int, **told: str) -> Iterator[Stack]:
    """The whole stack with a short history and a fast clock, until the end of the block."""
    environment = {
        **os.environ,
        "GRIDSEAL_PORT_BASE": str(base),
        "GRIDSEAL_STATE_DIR": str(state),
        "GRIDSEAL_TIME_SCALE": "120",
        "DEMO_DAYS": "20",
        **told,
    }
    local = [sys.executable, "-m", "local_stack"]
    try:
        subprocess.run([*local, "up", "--detach"], env=environment, cwd=ROOT, check=True, timeout=400)
        yield Stack(state, base, environment)
    finally:
        subprocess.run([*local, "down"], env=environment, cwd=ROOT, check=True, timeout=150)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all tests that leave it as they found it."""
    with running_stack(tmp_path_factory.mktemp("stack"), int(os.environ.get("TEST_PORT_BASE", "20100"))) as running:
        yield running
