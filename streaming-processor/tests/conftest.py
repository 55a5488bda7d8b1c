"""A PostgreSQL and a Redis of their own for the tests that are marked ``servers``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from gridseal.runtime.migrations import apply_migrations
from local_stack.scratch import scratch_database, scratch_postgres, scratch_redis

from .stream import Stream

_MIGRATIONS = Path(__file__).resolve().parents[1] / "src" / "streaming_processor" / "migrations"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a server without a database name."""
    with scratch_postgres() as address:
        yield address


def migrated(address: str) -> str:
    """The database at ``address``, with the migrations applied."""
    apply_migrations(address, "telemetry", _MIGRATIONS)
    return address


@pytest.fixture
def dsn(postgres_server: str) -> Iterator[str]:
    """A fresh database with the migrations applied."""
    with scratch_database(postgres_server) as address:
        yield migrated(address)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[int]:
    """Port of a server."""
    with scratch_redis() as port:
        yield port


@pytest.fixture
def hot_client(redis_server: int) -> Iterator["redis.Redis"]:
    """An empty Redis."""
    with redis.Redis(port=redis_server, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture(autouse=True)
def _streams_closed() -> Iterator[None]:
    """No connection outlives its test."""
    yield
    while Stream.opened:
        Stream.opened.pop().close()
