"""``python -m streaming_processor.quality`` over a real catalog and real readings."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.catalog import CatalogRecord
from local_stack.scratch_servers import ScratchServers
from streaming_processor.quality.judge import judge
from streaming_processor.store.postgres import PostgresStore

from ..builders import NOW_S, START_S, a_delivery, a_message, a_reading, a_reference, an_asset
from ..lake.builders import NOW, catalog
from ..lake.test_from_kafka import send

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
_MIGRATIONS = Path(__file__).resolve().parents[2] / "src" / "streaming_processor" / "migrations"
DEVICES: tuple[CatalogRecord, ...] = (an_asset("a"),)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[ScratchServers]:
    servers = ScratchServers(tmp_path / "state")
    servers.start("kafka", "postgres", "mongo")
    yield servers
    servers.stop()


def quality(servers: ScratchServers, *arguments: str) -> str:
    argv = [sys.executable, "-m", "streaming_processor.quality", *arguments]
    done = subprocess.run(argv, env=servers.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def found(output: str, rule: str) -> int:
    line = next(line for line in output.splitlines() if line.split()[:1] == [rule])
    return int(line.split()[1].replace(",", ""))


def test_the_command_counts_keeps_and_drops_hits(servers: ScratchServers) -> None:
    asyncio.run(send(servers.bootstrap, catalog(DEVICES)))
    apply_migrations(servers.dsn, "telemetry", _MIGRATIONS)
    readings = [a_reading(5.0 + i, start_s=START_S + i * 600) for i in range(20) if i not in (7, 8)]
    delivery, reference = a_delivery([a_message(*readings)]), a_reference(*DEVICES)
    store = PostgresStore(servers.dsn, recent_s=172_800)
    store.take_over()
    store.commit(delivery, judge(delivery.arrived, reference, NOW_S, {}), reference, NOW)
    store.close()
    span = ("--from", "2026-01-01", "--to", "2026-01-02")

    assert found(quality(servers, "check", *span, "--dry-run"), "gap") == 1
    assert [found(quality(servers, "check", *span), "gap") for _ in range(2)] == [1, 0]
    with psycopg.connect(servers.dsn) as connection:
        hits = connection.execute("SELECT rule, found_by FROM telemetry.hits").fetchall()
    assert hits == [("gap", "check")]
    assert "1 months" in quality(servers, "prune", "--before", "2026-02-01")
