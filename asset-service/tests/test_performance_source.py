"""The comparison of forecast and measurement, on a real PostgreSQL with the documented columns."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from asset_service.performance_source import PostgresPerformance
from gridseal.errors import UnavailableError
from gridseal.wire.views import AssetPerformance
from local_stack.scratch import scratch_database, scratch_postgres

from .builders import a_series

pytestmark = pytest.mark.servers

TABLES = """
CREATE SCHEMA telemetry; CREATE SCHEMA forecast;
CREATE TABLE telemetry.own_windows (series_id text, width_s int, window_start timestamptz, mean_milli bigint,
  covered_s int, expected_s int);
CREATE TABLE forecast.runs (run_id text PRIMARY KEY, product_id text, version int, levels_bps int[]);
CREATE TABLE forecast.values (run_id text, series_id text, target_start timestamptz, resolution_s int,
  issued_at timestamptz, values_milli bigint[]);
CREATE ROLE gridseal_service;
GRANT USAGE ON SCHEMA telemetry, forecast TO gridseal_service;
GRANT SELECT ON ALL TABLES IN SCHEMA telemetry, forecast TO gridseal_service;
"""
START = datetime(2026, 6, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def server() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    with scratch_database(server) as own:
        yield own


class Tables:
    def __init__(self, dsn: str) -> None:
        self.db = psycopg.connect(dsn, autocommit=True)
        self.db.execute(TABLES.encode())

    def window(self, period: int, watts: float, *, covered_s: int = 900, series_id: str = "here/pv") -> None:
        row = (series_id, 900, START + period * QUARTER, int(watts * 1_000), covered_s, 900)
        self.db.execute("INSERT INTO telemetry.own_windows VALUES (%s, %s, %s, %s, %s, %s)", row)

    def run(self, run_id: str, issued: int, medians: Mapping[int, float], *, product: str = "site-6h") -> None:
        self.db.execute("INSERT INTO forecast.runs VALUES (%s, %s, 1, '{500,5000,9500}')", (run_id, product))
        for period, median in medians.items():
            milli = int(median * 1_000)
            row = (run_id, "here/pv", START + period * QUARTER, 900, START + issued * QUARTER, [0, milli, 10 * milli])
            self.db.execute("INSERT INTO forecast.values VALUES (%s, %s, %s, %s, %s, %s)", row)


@pytest.fixture
def tables(dsn: str) -> Iterator[Tables]:
    tables = Tables(dsn)
    yield tables
    tables.db.close()


async def asked(dsn: str, periods: int = 4, *, series_id: str = "here/pv") -> AssetPerformance:
    source = PostgresPerformance(dsn, "site-6h", timeout_s=10)
    (entry,) = await source.performance([a_series(series_id)], START, START + periods * QUARTER)
    return entry


async def test_the_newest_median_issued_before_a_period_is_compared(dsn: str, tables: Tables) -> None:
    for period, watts in enumerate((1_000, 2_000, 3_000, 4_000)):
        tables.window(period, watts)
    tables.run("early", -2, dict.fromkeys(range(4), 500))
    tables.run("later", -1, {0: 1_100, 1: 2_200, 2: 2_700, 3: 4_000})
    tables.run("too-late", 3, {2: 3_000, 3: 4_000})
    tables.run("other", -1, dict.fromkeys(range(4), 9_999), product="other")

    entry = await asked(dsn)

    assert entry.periods == 4
    assert entry.mean_actual_w == 2_500
    assert entry.mean_forecast_w == 2_500
    assert entry.mae_w == 150
    assert entry.bias_w == 0
    assert entry.deviation_ratio == 150 / 4_000
    assert entry.energy_wh == 2_500
    assert entry.availability_ratio == 1


async def test_a_gap_is_never_zero(dsn: str, tables: Tables) -> None:
    tables.window(0, 1_000)
    tables.window(2, 1_000, covered_s=450)
    tables.run("run", -1, dict.fromkeys(range(4), 1_200))

    entry = await asked(dsn)

    assert entry.periods == 1
    assert entry.mae_w == pytest.approx(200)
    assert entry.bias_w == pytest.approx(200)
    assert entry.availability_ratio == 0.25
    assert entry.energy_wh == pytest.approx(250 + 125)


async def test_what_has_not_matured_or_was_never_measured_is_null(dsn: str, tables: Tables) -> None:
    tables.window(4, 1_000)
    tables.run("run", -1, {4: 1_000})

    outside, unknown = await asked(dsn), await asked(dsn, series_id="here/none")

    assert (outside.periods, outside.mae_w, outside.energy_wh, outside.availability_ratio) == (0, None, None, 0)
    assert (unknown.periods, unknown.mean_actual_w, unknown.availability_ratio) == (0, None, None)


async def test_tables_that_are_not_there_yet_are_waited_for(dsn: str) -> None:
    with pytest.raises(UnavailableError, match="not there yet"):
        await asked(dsn)
