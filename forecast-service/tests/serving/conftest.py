"""Real PostgreSQL and Redis servers of the tests' own, in temporary folders."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from hypothesis import settings

from forecast_service.store.database import Pool, migrate, open_pool
from gridseal.runtime.migrations import apply_migrations

# A busy machine may take long over one example; that says nothing about the rule.
settings.register_profile("gridseal", deadline=None)
settings.load_profile("gridseal")

POSTGRES = Path("/usr/lib/postgresql/15/bin")
TELEMETRY = Path(__file__).parents[3] / "streaming-processor/src/streaming_processor/migrations"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(answers: Callable[[], object], what: str, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            answers()
            return
        except (psycopg.OperationalError, redis.ConnectionError, OSError):
            assert time.monotonic() < deadline, f"{what} did not answer within {within_s:.0f} s"
            time.sleep(0.05)


def as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    if not (POSTGRES / "initdb").exists():
        pytest.fail("PostgreSQL 15 is not installed: make setup installs it")
    folder = Path(tempfile.mkdtemp(prefix="gridseal-test-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, port = folder / "data", free_port()
    init = [*as_postgres(), str(POSTGRES / "initdb"), "-D", str(data), "-U", "gridseal", "-A", "trust", "-N"]
    subprocess.run(init, check=True, capture_output=True, cwd=folder)
    options = ["-p", str(port), "-h", "127.0.0.1", "-k", "", "-F"]
    server = subprocess.Popen(
        [*as_postgres(), str(POSTGRES / "postgres"), "-D", str(data), *options], cwd=folder, stderr=subprocess.DEVNULL
    )
    dsn = f"postgresql://gridseal@127.0.0.1:{port}"
    try:
        wait_until(lambda: psycopg.connect(f"{dsn}/postgres").close(), "PostgreSQL")
        yield dsn
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def dsn(server_dsn: str) -> Iterator[str]:
    """A database of its own with the schemas of stream and forecasts."""
    name = f"t{time.monotonic_ns()}"
    with psycopg.connect(f"{server_dsn}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    own = f"{server_dsn}/{name}"
    apply_migrations(own, "telemetry", TELEMETRY)
    migrate(own)
    yield own
    with psycopg.connect(f"{server_dsn}/postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def pool(dsn: str) -> Iterator[Pool]:
    opened = open_pool(dsn, 4)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.fail("redis-server is not installed: make setup installs it")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="gridseal-test-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)

        def ping() -> None:
            with redis.Redis(port=port) as client:
                client.ping()

        try:
            wait_until(ping, "Redis")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()
