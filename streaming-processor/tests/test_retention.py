"""What is old goes, what is young stays, and the totals outlive both."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from streaming_processor.progress import Progress
from streaming_processor.store.retention import Keep, Retention

from .builders import NOW_S, a_message, a_reading, a_reference
from .memory import FixedClock
from .stream import Stream

pytestmark = pytest.mark.servers

FOR_EVER = Keep(readings_days=0, windows_days=0, refused_days=0, latency_days=0, ledger_batches=1_000)
OLD_S = NOW_S - 100 * 86_400


def retention(dsn: str, keep: Keep) -> Retention:
    return Retention(dsn, keep, FixedClock(), 60.0, CollectorRegistry())


@pytest.fixture
def stream(dsn: str) -> Stream:
    stream = Stream(dsn, a_reference())
    stream.take(0, *(a_message(a_reading(5.0, start_s=OLD_S + i * 86_400), seq=i) for i in range(10)))
    stream.take(1, a_message(a_reading(5.0, start_s=NOW_S - 3_600)), a_message(a_reading(unit="V", start_s=NOW_S)))
    return stream


def counts(stream: Stream) -> dict[str, int]:
    tables = ("readings", "windows", "refused", "ledger")
    return {t: stream.ask(f"SELECT count(*) FROM telemetry.{t}")[0][0] for t in tables}


def test_by_default_only_small_things_go(stream: Stream) -> None:
    before = counts(stream)

    assert sum(retention(stream.dsn, FOR_EVER).remove_old().values()) == 0
    assert counts(stream) == before


def test_months_of_readings_go_whole_and_come_back_for_a_reading_of_theirs(stream: Stream) -> None:
    removed = retention(stream.dsn, Keep(30, 30, 0, 0, 1_000)).remove_old()

    assert removed == {"readings": 2, "windows": 40, "signed_messages": 0, "ledger": 0}
    assert counts(stream)["readings"] == 1
    assert counts(stream)["windows"] == 4
    assert stream.ask("SELECT store, removed FROM telemetry.retention_runs ORDER BY 1") == [
        ("readings", 2),
        ("windows", 40),
    ]
    stream.runner._retry_s = 5.0
    stream.take(2, a_message(a_reading(7.0, start_s=OLD_S)))
    assert counts(stream)["readings"] == 2


def test_refused_readings_and_latency_go_by_the_wall_clock(stream: Stream) -> None:
    past = datetime.now(UTC) - timedelta(days=40)
    with psycopg.connect(stream.dsn) as connection:
        connection.execute("UPDATE telemetry.refused SET refused_at = %s", (past,))
        connection.execute(
            "INSERT INTO telemetry.latency SELECT %s, 1, 1, 1, 1, true FROM generate_series(1, 45000)", (past,)
        )
    removed = retention(stream.dsn, Keep(0, 0, 30, 30, 1_000)).remove_old()

    assert removed == {"refused": 1, "latency": 45_000, "ledger": 0}


def test_the_ledger_is_pruned_below_what_may_come_again_and_its_sums_stay(stream: Stream) -> None:
    for number in range(2, 30):
        stream.take(number, a_message(a_reading(float(number), start_s=NOW_S - 40_000 + number * 600)))
    removed = retention(stream.dsn, Keep(0, 0, 0, 0, 20)).remove_old()

    assert removed == {"ledger": 10}
    assert stream.ask("SELECT min(batch_id), max(batch_id) FROM telemetry.ledger") == [(10, 29)]
    fresh = Progress(CollectorRegistry())
    with psycopg.connect(stream.dsn) as connection:
        fresh.load(connection)
    kept = ("messages", "stored", "duplicates", "late", "batches")
    assert {k: fresh.status()[k] for k in kept} == {k: stream.progress.status()[k] for k in kept}
    stream.take(29, a_message(a_reading(29.0, start_s=NOW_S - 40_000 + 29 * 600)))
    assert counts(stream)["readings"] == 39


def test_what_nobody_was_told_of_stays_in_the_ledger(stream: Stream) -> None:
    with psycopg.connect(stream.dsn) as connection:
        connection.execute("UPDATE telemetry.ledger SET told_at = NULL")

    assert retention(stream.dsn, Keep(0, 0, 0, 0, 0)).remove_old() == {"ledger": 0}
