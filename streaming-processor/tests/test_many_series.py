"""A catalog may bring ten thousand series at once."""

import psycopg
import pytest

from gridseal.wire.catalog import CatalogRecord
from streaming_processor.store.numbers import assign_numbers
from streaming_processor.store.steps import stored_rows

from .builders import a_reference, a_series, an_asset

pytestmark = pytest.mark.servers
SERIES = 12_000


def test_ten_thousand_new_series_are_numbered_and_their_stored_readings_found(dsn: str) -> None:
    records: list[CatalogRecord] = []
    for n in range(SERIES):
        records += [an_asset(f"d{n}"), a_series(f"s{n}", (f"d{n}", 1))]
    reference = a_reference(*records)
    with psycopg.connect(dsn) as connection:
        connection.execute("SET search_path TO telemetry, public")
        numbers = assign_numbers(connection, reference)
        last = int(numbers.device_no[-1])
        connection.execute("SELECT ensure_month('2026-06-01')")
        connection.execute(
            "INSERT INTO reading_rows (device_no, quantity_no, period_start, period_s, value_milli, quality_no,"
            " sent_at_ms, stored_at) VALUES (%s, 1, '2026-06-08T00:00Z', 600, 5, 0, 1, now())",
            (last,),
        )

        rows = stored_rows(connection, numbers)
        again = assign_numbers(connection, reference)

    assert len(numbers.changed) == SERIES
    assert rows.milli.tolist() == [5]
    assert again.changed == ()
