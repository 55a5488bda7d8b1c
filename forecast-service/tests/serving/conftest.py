"""Real PostgreSQL and Redis servers of the tests' own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from forecast_service.store.database import Pool, migrate, open_pool
from gridseal.runtime.migrations import apply_migrations
from local_stack.scratch import scratch_database, scratch_postgres, scratch_redis

from .live_world import Served, running

# A busy machine may take long over one example; that says nothing about the rule.
settings.register_profile("gridseal", deadline=None)
settings.load_profile("gridseal")

TELEMETRY = Path(__file__).parents[3] / "streaming-processor/src/streaming_processor/migrations"


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture
def dsn(server_dsn: str) -> Iterator[str]:
    """A database of its own with the schemas of stream and forecasts."""
    with scratch_database(server_dsn) as own:
        apply_migrations(own, "telemetry", TELEMETRY)
        migrate(own)
        yield own


@pytest.fixture
def pool(dsn: str) -> Iterator[Pool]:
    opened = open_pool(dsn, 4)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with scratch_redis() as port:
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with running() as made:
        yield made
