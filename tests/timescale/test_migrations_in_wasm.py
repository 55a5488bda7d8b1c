"""The migrations and policies run on real TimescaleDB code, also where no server has the extension.

The npm build of PGlite carries it; that build cannot COPY and has no background workers, so the
store itself is tested on real servers (``streaming-processor/tests/test_tiers.py``).
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gridseal.runtime.migrations import apply_migrations
from local_stack.layout import Layout
from local_stack.scratch import free_port

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

HERE = Path(__file__).parent
_MIGRATIONS = HERE.parents[1] / "streaming-processor" / "src" / "streaming_processor" / "migrations"


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [str(Layout.here().node), "serve.mjs", str(port)],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    try:
        assert server.stdout.readline().strip() == str(port)
        dsn = f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres?sslmode=disable"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        apply_migrations(dsn, "telemetry", _MIGRATIONS)
        yield dsn
    finally:
        server.stdin.close()
        server.wait(20)
        server.stdout.close()


def ask(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def test_the_migrations_choose_the_full_tier(dsn: str) -> None:
    assert ask(dsn, "SELECT telemetry.tier()") == [("timescale",)]
    tables = ask(dsn, "SELECT hypertable_name FROM timescaledb_information.hypertables ORDER BY 1")
    assert {"reading_rows", "window_rows"} <= {row[0] for row in tables}


def test_policies_for_columnstore_retention_and_days_are_set(dsn: str) -> None:
    for _ in range(2):
        assert ask(dsn, "SELECT telemetry.set_policies('30 days', '3 years')") == [("timescale",)]
    jobs = ask(dsn, "SELECT proc_name FROM timescaledb_information.jobs WHERE proc_name LIKE 'policy%' ORDER BY 1")
    names = [str(row[0]) for row in jobs]
    assert names.count("policy_compression") == 2
    assert names.count("policy_retention") == 2
    assert names.count("policy_refresh_continuous_aggregate") == 1


def test_days_are_answered_from_windows_that_no_policy_has_seen(dsn: str) -> None:
    ask(dsn, "INSERT INTO telemetry.series (series_id, definition) VALUES ('site/a', '') RETURNING 1")
    ask(
        dsn,
        "INSERT INTO telemetry.window_rows (series_no, width_s, window_start, weighted_sum, covered_s, inputs, count,"
        " min_milli, max_milli, mean_milli, version, updated_at)"
        " SELECT series_no, 3600, timestamptz '2026-01-01 00:00Z' + n * interval '1 hour', 3600000, 3600, 1, 6,"
        " 0, 2000, 1000, 1, now()"
        " FROM telemetry.series, generate_series(0, 47) n RETURNING 1",
    )

    days = ask(dsn, "SELECT day::date::text, energy_milli_wh FROM telemetry.series_days ORDER BY 1")

    assert [(day, int(str(energy).split(".")[0])) for day, energy in days] == [
        ("2026-01-01", 24_000),
        ("2026-01-02", 24_000),
    ]
    assert ask(dsn, "SELECT telemetry.compress_before('2027-01-01')") == [(1,)]
