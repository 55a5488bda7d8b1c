"""A PostgreSQL and a Redis for one test session, on free ports, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from local_stack.errors import StackError
from local_stack.servers.postgres_install import postgres_bin

POSTGRES = postgres_bin()
ANSWERS_WITHIN_S = 60.0


@contextmanager
def scratch_postgres(*settings: str) -> Iterator[str]:
    """A server's address without a database name, role ``gridseal``.

    Args:
        settings: ``name=value`` of the server's configuration.

    Raises:
        StackError: It is not installed, or does not answer.
    """
    if not (POSTGRES / "initdb").exists():
        raise StackError("PostgreSQL 15 is not installed: make setup installs it")
    # Not below pytest's own folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="gridseal-test-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, port = folder / "data", free_port()
    init = _as_postgres("initdb", "-D", str(data), "-A", "trust", "-U", "gridseal", "-E", "UTF8", "--no-sync")
    subprocess.run(init, check=True, capture_output=True, cwd=folder)
    options = ("-p", str(port), "-h", "127.0.0.1", "-k", "", "-F", *(part for s in settings for part in ("-c", s)))
    server = subprocess.Popen(
        _as_postgres("postgres", "-D", str(data), *options),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"postgresql://gridseal@127.0.0.1:{port}"
    try:
        _until(lambda: psycopg.connect(f"{address}/postgres").close(), "PostgreSQL")
        yield address
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_database(address: str) -> Iterator[str]:
    """A database of its own on that server."""
    name = f"t{time.monotonic_ns()}"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield f"{address}/{name}"
    finally:
        with psycopg.connect(f"{address}/postgres", autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def scratch_redis() -> Iterator[int]:
    """The port of a server that keeps nothing.

    Raises:
        StackError: It is not installed, or does not answer.
    """
    if shutil.which("redis-server") is None:
        raise StackError("redis-server is not installed: make setup installs it")
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            _until(client.ping, "Redis")
        yield port
    finally:
        server.terminate()
        server.wait(30)


def free_port() -> int:
    """A port that nobody has right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_postgres(program: str, *arguments: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return [*prefix, str(POSTGRES / program), *arguments]


def _until(answers: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN_S
    while True:
        try:
            answers()
            return
        except (psycopg.OperationalError, redis.RedisError, OSError) as error:
            if time.monotonic() > deadline:
                raise StackError(f"{what} did not answer within {ANSWERS_WITHIN_S:.0f} s") from error
            time.sleep(0.05)
