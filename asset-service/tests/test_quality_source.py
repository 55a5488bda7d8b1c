"""Quality of devices on a real PostgreSQL with the stream's own tables."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from asset_service.quality_source import PostgresQuality
from gridseal.errors import UnavailableError
from gridseal.runtime.migrations import apply_migrations
from local_stack.scratch import scratch_database, scratch_postgres

from .builders import a_series, an_asset

pytestmark = pytest.mark.servers
MIGRATIONS = Path(__file__).parents[2] / "streaming-processor/src/streaming_processor/migrations"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def dsn() -> Iterator[str]:
    with scratch_postgres() as server, scratch_database(server) as own:
        yield own


def fill(dsn: str) -> None:
    apply_migrations(dsn, "telemetry", MIGRATIONS)
    with psycopg.connect(dsn) as db:
        db.execute("SELECT telemetry.ensure_month('2026-06-01'), telemetry.ensure_month('2026-05-01')")
        db.execute("INSERT INTO telemetry.devices (device_id) VALUES ('here-pv')")
        for n, quality in enumerate((0, 0, 1, 2)):
            row = (NOW - (n + 1) * QUARTER, quality)
            db.execute("INSERT INTO telemetry.reading_rows VALUES (1, 1, %s, 900, 4000000, %s, 0, now())", row)
        old = (NOW - timedelta(days=2), 2)
        db.execute("INSERT INTO telemetry.reading_rows VALUES (1, 1, %s, 900, 4000000, %s, 0, now())", old)
        db.execute("INSERT INTO telemetry.series (series_id, definition) VALUES ('here/pv', '')")
        for hours, covered in ((1, 900), (2, 450), (13, 900)):
            db.execute(
                "INSERT INTO telemetry.window_rows VALUES (1, 900, %s, 0, %s, 1, 1, 0, 0, 4000000, 1, now())",
                (NOW - timedelta(hours=hours), covered),
            )
        db.execute(
            "INSERT INTO telemetry.refused (device_id, quantity, period_start, reason, detail, payload, digest)"
            " VALUES ('here-pv', 'active_power', %s, 'range', '', '', '1')",
            (NOW - QUARTER,),
        )


async def test_readings_are_counted_by_quality_and_energy_since_local_midnight(dsn: str) -> None:
    fill(dsn)
    source = PostgresQuality(dsn, timeout_s=10)
    assets = [an_asset("never-seen"), an_asset("here-pv")]
    series = [a_series("here/pv", asset_id="here-pv")]

    nothing, found = await source.quality(assets, series, {"here": "Europe/London"}, NOW - timedelta(days=1), NOW)

    assert (found.readings, found.suspect, found.bad) == (4, 1, 1)
    assert found.refused == {"range": 1}
    assert found.newest_reading_end == NOW
    # 4 kW for a whole quarter and for half of one; the window of 00:00 on the clock of London is of yesterday in UTC.
    assert found.today_start == datetime(2026, 5, 31, 23, tzinfo=UTC)
    assert found.energy_today_wh == pytest.approx(1_000 + 500 + 1_000)
    assert (nothing.readings, nothing.newest_reading_end, nothing.energy_today_wh) == (0, None, None)
    assert nothing.refused == {}


async def test_tables_that_are_not_there_yet_are_waited_for(dsn: str) -> None:
    source = PostgresQuality(dsn, timeout_s=10)
    with pytest.raises(UnavailableError, match="not there yet"):
        await source.quality([an_asset()], [], {}, NOW - QUARTER, NOW)
