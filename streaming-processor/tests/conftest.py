"""A PostgreSQL and a Redis of their own for the tests that are marked ``servers``."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from gridseal.runtime.migrations import apply_migrations

_POSTGRES = Path("/usr/lib/postgresql/15/bin")
_MIGRATIONS = Path(__file__).resolve().parents[1] / "src" / "streaming_processor" / "migrations"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(ready: Callable[[], object], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            ready()
            return
        except (psycopg.OperationalError, redis.RedisError):
            assert time.monotonic() < deadline, "a server of the tests did not start"
            time.sleep(0.05)


def _as_postgres(*command: str | Path) -> list[str]:
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return [*prefix, *map(str, command)]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server without a database name."""
    if not (_POSTGRES / "initdb").exists():
        pytest.fail("PostgreSQL 15 is not installed: make setup installs it")
    # Not below pytest's own folder, which only its owner may enter.
    folder = Path(f"/tmp/gridseal-stream-test-{os.getpid()}")
    data = folder / "data"
    data.mkdir(parents=True)
    if os.geteuid() == 0:
        for path in (folder, data):
            shutil.chown(path, "postgres", "postgres")
    init = _as_postgres(_POSTGRES / "initdb", "-D", data, "-A", "trust", "-U", "gridseal", "-E", "UTF8", "--no-sync")
    subprocess.run(init, check=True, capture_output=True)
    port = _free_port()
    options = ("-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
    process = subprocess.Popen(
        _as_postgres(_POSTGRES / "postgres", "-D", data, *options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"postgresql://gridseal@127.0.0.1:{port}"
    try:
        _until(lambda: psycopg.connect(f"{address}/postgres").close())
        yield address
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


@pytest.fixture
def dsn(postgres_server: str) -> str:
    """A fresh database with the migrations applied."""
    name = f"t{time.monotonic_ns()}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    address = f"{postgres_server}/{name}"
    apply_migrations(address, "telemetry", _MIGRATIONS)
    return address


@pytest.fixture(scope="session")
def redis_server() -> Iterator[int]:
    """Port of a server."""
    if shutil.which("redis-server") is None:
        pytest.fail("redis-server is not installed: make setup installs it")
    port = _free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            _until(client.ping)
        yield port
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def hot_client(redis_server: int) -> Iterator["redis.Redis"]:
    """An empty Redis."""
    with redis.Redis(port=redis_server, decode_responses=True) as client:
        client.flushall()
        yield client
