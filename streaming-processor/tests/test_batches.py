"""A batch is stored once, whatever dies around it, and windows follow from the stored readings alone."""

from datetime import UTC, datetime
from fractions import Fraction

import psycopg
import pytest

from gridseal.errors import UnavailableError
from gridseal.wire.telemetry import Telemetry
from streaming_processor.store.postgres import FencedError
from streaming_processor.transforms.windows import mean_half_even

from .builders import NOW_S, a_message, a_reading, a_reference, a_series, an_asset
from .stream import Stream

pytestmark = pytest.mark.servers

RECENT_S = NOW_S - 86_400
OLD_S = NOW_S - 20 * 86_400
WINDOWS = "SELECT series_id, width_s, window_start, weighted_sum, covered_s, expected_s, count, min_milli, max_milli,"
STATE = f"{WINDOWS} mean_milli FROM telemetry.windows ORDER BY 1, 2, 3"
VERSIONED = f"{WINDOWS} mean_milli, version FROM telemetry.windows ORDER BY 1, 2, 3"


@pytest.fixture
def stream(dsn: str) -> Stream:
    return Stream(dsn, a_reference())


def a_day(power_w: float = 1_000.0, device_id: str = "a", start_s: int = RECENT_S) -> list[Telemetry]:
    """A message an hour, six readings each, every one different."""
    return [
        a_message(
            *(a_reading(power_w + h * 6 + i, start_s=start_s + h * 3_600 + i * 600) for i in range(6)),
            device_id=device_id,
            seq=h,
        )
        for h in range(24)
    ]


def test_readings_and_windows_are_stored_under_their_documented_names(stream: Stream) -> None:
    stream.take(0, a_message(a_reading(1_000.5, start_s=RECENT_S), sent_at_ms=77))

    rows = stream.ask(
        "SELECT device_id, quantity, period_start, period_s, value_milli, quality, sent_at_ms FROM telemetry.readings"
    )
    start = datetime.fromtimestamp(RECENT_S, UTC)
    assert rows == [("a", "active_power", start, 600, 1_000_500, "good", 77)]
    assert stream.ask(f"{WINDOWS} mean_milli, version FROM telemetry.windows WHERE width_s = 900 ORDER BY 1") == [
        ("site/a", 900, start, 600_300_000, 600, 900, 1, 1_000_500, 1_000_500, 1_000_500, 1),
        ("site/net", 900, start, 600_300_000, 600, 1_800, 1, 1_000_500, 1_000_500, 2_001_000, 1),
    ]


def test_the_same_batch_again_changes_nothing(stream: Stream) -> None:
    stream.take(0, *a_day())
    before = stream.ask(VERSIONED)
    stream.take(0, *a_day())

    assert stream.ask(VERSIONED) == before
    assert stream.ask("SELECT count(*), sum(inserted) FROM telemetry.ledger") == [(1, 144)]


def test_a_crash_between_commit_and_telling_is_repaired_when_the_batch_comes_again(stream: Stream) -> None:
    fault = a_message(
        a_reading(quantity="air_temperature", unit="Cel", value=-273.0, start_s=RECENT_S), a_reading(5.0, RECENT_S)
    )
    stream.memory.broken = True
    with pytest.raises(UnavailableError):
        stream.take(0, fault)
    before = stream.ask(VERSIONED)
    assert not stream.publisher.told_windows

    again = Stream(stream.dsn, a_reference())
    again.take(0, fault)

    assert again.ask(VERSIONED) == before
    assert {(w.series_id, w.width_s, w.version) for w in again.publisher.told_windows} == {
        (series, width, 1) for series in ("site/a", "site/net") for width in (900, 3_600)
    }
    assert [a.count for a in again.alerts.alerts.values()] == [1]
    assert len(again.memory.windows) == 4
    again.store.close()


def test_a_batch_that_fails_inside_the_transaction_leaves_no_trace(stream: Stream) -> None:
    with psycopg.connect(stream.dsn) as connection:
        connection.execute("ALTER TABLE telemetry.ledger ADD CONSTRAINT never CHECK (false)")
    with pytest.raises(psycopg.errors.CheckViolation):
        stream.take(0, *a_day())

    assert stream.ask("SELECT (SELECT count(*) FROM telemetry.readings), (SELECT count(*) FROM telemetry.windows)") == [
        (0, 0)
    ]


def test_a_late_reading_changes_its_window_and_raises_its_version(stream: Stream) -> None:
    on_time = [a_reading(900.0, start_s=RECENT_S), a_reading(600.0, start_s=RECENT_S + 1_200)]
    stream.take(0, a_message(*on_time))
    stream.take(1, a_message(a_reading(0.0, start_s=RECENT_S + 600)))

    hour = "WHERE width_s = 900 AND series_id = 'site/a' ORDER BY window_start"
    assert stream.ask(f"SELECT covered_s, mean_milli, version FROM telemetry.windows {hour}") == [
        (900, 600_000, 2),
        (900, 400_000, 2),
    ]
    assert max(w.version for w in stream.publisher.told_windows) == 2


def test_repeats_from_the_device_are_counted_and_change_nothing(stream: Stream) -> None:
    stream.take(0, *a_day())
    before = stream.ask(VERSIONED)
    stream.take(1, *a_day(), *a_day(9_999.0))

    assert stream.ask(VERSIONED) == before
    assert stream.ask("SELECT inserted, duplicates FROM telemetry.ledger WHERE batch_id = 1") == [(0, 288)]


def test_order_and_batches_do_not_matter_to_the_bit(dsn: str, postgres_server: str) -> None:
    messages = [*a_day(), *a_day(-333.0, device_id="b"), *a_day(7.5, start_s=OLD_S)]
    one = Stream(dsn, a_reference())
    one.take(0, *messages)
    states = [one.ask(STATE)]
    one.ask("SELECT 1")
    for step in (1, 7):
        with psycopg.connect(dsn) as connection:
            connection.execute("TRUNCATE telemetry.reading_rows, telemetry.window_rows, telemetry.ledger")
        for number, first in enumerate(range(0, len(messages), 10)):
            shuffled = list(reversed(messages)) if step == 7 else messages
            one.take(number, *shuffled[first : first + 10], *shuffled[:2])
        states.append(one.ask(STATE))
    one.store.close()

    assert states[0] == states[1] == states[2]
    assert len(states[0]) > 200


def test_history_goes_to_the_table_and_not_to_kafka(stream: Stream) -> None:
    stream.take(0, *a_day(start_s=OLD_S))

    assert not stream.publisher.told_windows
    assert len(stream.memory.windows) == 4
    assert stream.ask("SELECT count(*) > 100 FROM telemetry.windows") == [(True,)]


def test_refused_readings_are_kept_once_with_their_reason_and_alerts_count_them(stream: Stream) -> None:
    faults = [a_reading(quantity="wind_speed", unit="m/s", value=99.0, start_s=RECENT_S + i * 600) for i in range(3)]
    stream.take(0, a_message(*faults[:2], a_reading(unit="stone")))
    stream.take(1, a_message(*faults))

    kept = stream.ask("SELECT reason, count(*) FROM telemetry.refused GROUP BY 1 ORDER BY 1")
    assert kept == [("range", 3), ("unit", 1)]
    assert stream.ask("SELECT refused, duplicates FROM telemetry.ledger ORDER BY batch_id") == [(3, 0), (1, 2)]
    assert [(a.rule, a.count) for a in stream.alerts.alerts.values()] == [("range", 3)]
    assert stream.progress.status()["refused"] == {"range": 3, "unit": 1}


def test_a_driver_that_was_replaced_can_store_nothing(stream: Stream) -> None:
    newer = Stream(stream.dsn, a_reference())
    with pytest.raises(FencedError):
        stream.take(0, *a_day())

    newer.take(0, *a_day())
    assert newer.ask("SELECT count(*) FROM telemetry.ledger") == [(1,)]
    newer.store.close()


def test_a_series_that_changes_is_computed_anew_from_the_readings(stream: Stream) -> None:
    messages = [*a_day(), *a_day(-40.0, device_id="b")]
    stream.take(0, *messages)
    stream.catalog.reference = a_reference(
        an_asset("a"), an_asset("b"), a_series("a", ("a", -1)), a_series("both", ("a", 1), ("b", 1))
    )
    stream.take(1, a_message(a_reading(1.0, start_s=RECENT_S - 600)))

    state = stream.ask(STATE)
    assert stream.ask("SELECT min(version) FROM telemetry.windows WHERE series_id = 'site/a' AND count > 3") == [(2,)]
    names = {row[0] for row in state}
    assert names == {"site/a", "site/both", "site/net"}
    total = "SELECT sum(weighted_sum) FROM telemetry.windows WHERE width_s = 900 AND series_id ="
    readings = "SELECT sum(value_milli * period_s) FROM telemetry.readings"
    assert stream.ask(f"{total} 'site/both'") == stream.ask(readings)
    assert stream.ask(f"SELECT -({total} 'site/a')") == stream.ask(f"{readings} WHERE device_id = 'a'")


def test_a_device_that_the_catalog_just_learned_is_waited_for(dsn: str) -> None:
    stream = Stream(dsn, a_reference(an_asset("other")))
    stream.catalog.later = a_reference()
    stream.take(0, a_message())

    assert stream.ask("SELECT inserted, refused FROM telemetry.ledger") == [(1, 0)]
    stream.close()


def test_the_mean_in_sql_is_the_mean_in_python(stream: Stream) -> None:
    cases = [(s * w, n, c) for s in (1, -1) for w in (0, 1, 450, 1_350, 2_250, 10**18) for n, c in ((1, 900), (3, 7))]
    with psycopg.connect(stream.dsn) as connection:
        for case in cases:
            row = connection.execute("SELECT telemetry.mean_half_even(%s::bigint, %s::int, %s::int)", case).fetchone()
            assert row == (mean_half_even(*case),) == (round(Fraction(case[0] * case[1], case[2])),)


def test_partitions_follow_the_months_of_the_readings(stream: Stream) -> None:
    stream.take(0, *a_day(start_s=OLD_S), *a_day(start_s=OLD_S - 400 * 86_400))

    names = stream.ask("SELECT relname FROM pg_class WHERE relname ~ '^reading_rows_[0-9]+$' ORDER BY 1")
    assert [n[0] for n in names] == ["reading_rows_202412", "reading_rows_202601"]


def test_latency_counts_only_readings_that_are_live(stream: Stream) -> None:
    after_start = a_message(a_reading(start_s=NOW_S - 3_000))
    stream.take(0, after_start)
    stream.take(1, *a_day(start_s=OLD_S), a_message(a_reading(start_s=NOW_S - 600)))
    stream.take(2, *(a_message(a_reading(start_s=NOW_S - 60 - i)) for i in range(50)), full=True)
    stream.take(3, a_message(a_reading(start_s=NOW_S - 1_200)))

    assert stream.progress.status()["latency_since_catch_up"]["n"] == 1
    assert {(row.n, row.live) for row in stream.progress.take_latency()} == {(1, True), (1 + 144 + 50 + 1, False)}
