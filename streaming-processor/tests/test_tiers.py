"""The same batches give the same answers with TimescaleDB, with its Apache part, and without it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gridseal.runtime.migrations import apply_migrations
from local_stack.scratch import scratch_database, scratch_postgres
from local_stack.servers.postgres_install import VARIABLE, timescale_installed
from streaming_processor.quality.judge import judge
from streaming_processor.store.postgres import PostgresStore

from .builders import NOW_S, a_delivery, a_message, a_reading, a_reference

pytestmark = pytest.mark.servers

_MIGRATIONS = Path(__file__).resolve().parents[1] / "src" / "streaming_processor" / "migrations"
_SETTINGS = {
    "plain": (),
    "apache": ("shared_preload_libraries=timescaledb", "timescaledb.license=apache", "timescaledb.telemetry_level=off"),
    "timescale": ("shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off"),
}
OLD_S = NOW_S - 25 * 86_400
QUERIES = (
    "SELECT device_id, quantity, period_start, period_s, value_milli, quality FROM telemetry.readings ORDER BY 1, 2, 3",
    "SELECT series_id, width_s, window_start, weighted_sum, covered_s, expected_s, count, min_milli, max_milli,"
    " mean_milli FROM telemetry.windows ORDER BY 1, 2, 3",
    "SELECT * FROM telemetry.series_days ORDER BY 1, 2",
    "SELECT batch_id, messages, rows, inserted, duplicates FROM telemetry.ledger ORDER BY 1",
)


@pytest.fixture(scope="module", params=sorted(_SETTINGS))
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    tier = request.param
    if tier != "plain" and not timescale_installed():
        pytest.skip(f"tier {tier}: TimescaleDB is not installed beside PostgreSQL 15 ({VARIABLE} may name another)")
    with scratch_postgres(*_SETTINGS[tier]) as address:
        yield tier, address


@pytest.fixture
def dsn(server: tuple[str, str]) -> Iterator[str]:
    tier, address = server
    with scratch_database(address) as dsn:
        if tier != "plain":
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        apply_migrations(dsn, "telemetry", _MIGRATIONS)
        yield dsn


def store_batches(dsn: str, *, compress_between: bool = False) -> None:
    """A month apart, a repeat, and a late reading into the older part."""
    reference, now = a_reference(), datetime.fromtimestamp(NOW_S, UTC)
    old = a_message(*(a_reading(100.0 + i, start_s=OLD_S + 600 * i) for i in range(12)))
    new = a_message(*(a_reading(-50.0 * i, start_s=NOW_S - 7_200 + 600 * i) for i in range(12)), device_id="b", seq=1)
    late = a_message(a_reading(7.5, start_s=OLD_S + 7_200), seq=2)
    store = PostgresStore(dsn, recent_s=172_800)
    store.take_over()
    for number, messages in enumerate([[old, new], [old], [late, new]]):
        delivery = a_delivery(messages, number)
        store.commit(delivery, judge(delivery.arrived, reference, NOW_S, {}), reference, now)
        if compress_between and number == 0:
            with psycopg.connect(dsn) as connection:
                assert connection.execute(
                    "SELECT telemetry.compress_before(%s)", (datetime.fromtimestamp(NOW_S - 86_400 * 2, UTC),)
                ).fetchone() != (0,)
    store.close()


def answers(dsn: str) -> list[list[tuple[Any, ...]]]:
    with psycopg.connect(dsn) as connection:
        return [connection.execute(query.encode()).fetchall() for query in QUERIES]


@pytest.fixture(scope="module")
def plain_answers() -> list[list[tuple[Any, ...]]]:
    with scratch_postgres() as address, scratch_database(address) as dsn:
        apply_migrations(dsn, "telemetry", _MIGRATIONS)
        store_batches(dsn)
        return answers(dsn)


class TestEveryTier:
    def test_the_migrations_find_the_tier(self, server: tuple[str, str], dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT telemetry.tier()").fetchone() == (server[0],)

    def test_the_same_batches_give_the_same_answers(self, dsn: str, plain_answers: list[Any]) -> None:
        store_batches(dsn)

        assert answers(dsn) == plain_answers
        assert len(plain_answers[0]) == 25
        assert {row[1].hour for row in plain_answers[2]} == {0}

    def test_a_day_is_the_sum_of_its_windows(self, dsn: str) -> None:
        store_batches(dsn)
        with psycopg.connect(dsn) as connection:
            days = connection.execute("SELECT sum(weighted_sum), sum(count) FROM telemetry.series_days").fetchone()
            hours = connection.execute(
                "SELECT sum(weighted_sum), sum(count) FROM telemetry.windows WHERE width_s = 3600"
            ).fetchone()

        assert days == hours

    def test_policies_are_set_where_the_tier_has_them(self, server: tuple[str, str], dsn: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for _ in range(2):
                done = connection.execute("SELECT telemetry.set_policies('30 days', '3 years')").fetchone()
            assert done == (server[0],)
            if server[0] == "timescale":
                jobs = connection.execute(
                    "SELECT proc_name, count(*) FROM timescaledb_information.jobs"
                    " WHERE hypertable_schema = 'telemetry' OR proc_name LIKE 'policy_refresh%' GROUP BY 1 ORDER BY 1"
                ).fetchall()
                assert dict(jobs) == {
                    "policy_compression": 2,
                    "policy_refresh_continuous_aggregate": 1,
                    "policy_retention": 2,
                }

    def test_a_late_reading_changes_its_window_in_the_columnstore(
        self, server: tuple[str, str], dsn: str, plain_answers: list[Any]
    ) -> None:
        store_batches(dsn, compress_between=server[0] == "timescale")

        assert answers(dsn) == plain_answers
