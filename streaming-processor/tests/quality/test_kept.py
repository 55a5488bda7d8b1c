"""Hits are kept once, a restart forgets nothing, and the check adds only what the stream cannot see."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
from prometheus_client import CollectorRegistry

from gridseal.wire.alerts import alert_id
from gridseal.wire.telemetry import Reading
from streaming_processor.ports import Committed
from streaming_processor.quality.judge import heard, judge
from streaming_processor.quality.rules import packaged_rules
from streaming_processor.quality.sequence import Tail
from streaming_processor.quality.settled import check
from streaming_processor.quality.watch import QualityWatch
from streaming_processor.reference import Reference
from streaming_processor.store.postgres import PostgresStore

from ..builders import NOW_S, START_S, a_delivery, a_message, a_reading, a_reference, an_asset
from ..memory import FixedClock, MemoryAlerts, MemoryCatalog, MemoryPublisher

pytestmark = pytest.mark.servers

NOW = datetime.fromtimestamp(NOW_S, UTC)
HITS = "SELECT rule, device_id, quantity, extract(epoch FROM period_start)::int, value_milli FROM telemetry.hits"


class Driver:
    """Judges and commits, with the state carried or, after ``restart``, built anew."""

    def __init__(self, dsn: str, reference: Reference) -> None:
        self.dsn, self.reference = dsn, reference
        self.number = 0
        self.start()

    def restart(self) -> None:
        self.store.close()
        self.start()

    def start(self) -> None:
        self.store = PostgresStore(self.dsn, recent_s=172_800)
        self.store.take_over()
        self.tails: dict[int, Tail] | None = None

    def take(self, *readings: Reading, device_id: str = "a", again: bool = False, seq: int = 0) -> Committed:
        self.number += not again
        delivery = a_delivery([a_message(*readings, device_id=device_id, seq=seq)], self.number)
        if self.tails is None:
            self.tails = self.store.tails(self.reference, sorted(heard(delivery.arrived, self.reference)))
        judged = judge(delivery.arrived, self.reference, NOW_S, self.tails)
        committed = self.store.commit(delivery, judged, self.reference, NOW)
        self.tails.update(judged.tails)
        return committed

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode()).fetchall()

    def check(self, days: float = 3) -> dict[str, int]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            span = START_S, START_S + int(days * 86_400)
            return check(connection, self.reference, *span, packaged_rules(), NOW)[0]


@pytest.fixture
def driver(dsn: str) -> Iterator[Driver]:
    driver = Driver(dsn, a_reference(an_asset("a"), an_asset("b")))
    yield driver
    driver.store.close()


def powers(*values: float, first: int = 0) -> list[Reading]:
    return [a_reading(v, start_s=START_S + (first + i) * 600) for i, v in enumerate(values)]


def test_a_hit_is_a_row_under_a_deterministic_id(driver: Driver) -> None:
    committed = driver.take(*powers(5.0, 9_000_000.0))

    start = START_S + 600
    assert (committed.hits, [a.rule for a in committed.alerts]) == ({"ramp": 1, "rating": 1}, ["rating"])
    assert driver.ask(f"{HITS} ORDER BY 1") == [
        ("ramp", "a", "active_power", start, 9_000_000_000),
        ("rating", "a", "active_power", start, 9_000_000_000),
    ]
    assert driver.ask("SELECT hit_id FROM telemetry.hits WHERE rule = 'rating'") == [
        (alert_id("rating", "a/active_power", start * 1_000),)
    ]


def test_a_run_of_equal_values_is_found_over_a_restart(driver: Driver) -> None:
    driver.take(*powers(*[7.0] * 8))
    driver.restart()
    committed = driver.take(*powers(*[7.0] * 6, first=8))

    assert committed.hits == {"stuck": 3}


def test_alerts_of_a_batch_that_comes_again_after_a_restart_are_told_again(driver: Driver) -> None:
    first = driver.take(*powers(*[7.0] * 14))
    driver.restart()
    again = driver.take(*powers(*[7.0] * 14), again=True)

    assert again.repeated
    assert (again.hits, again.alerts) == ({}, first.alerts)


def test_a_second_value_of_a_period_is_kept_beside_the_first(driver: Driver) -> None:
    driver.take(*powers(5.0), *powers(6.0))
    committed = driver.take(*powers(7.0), *powers(5.0))
    again = driver.take(*powers(7.0))

    assert [row[4] for row in driver.ask(f"{HITS} WHERE rule = 'conflict'")] == [6_000]
    assert driver.ask("SELECT offered_milli, kept_milli FROM telemetry.conflicts ORDER BY 1") == [
        (6_000, 5_000), (7_000, 5_000),
    ]  # fmt: skip
    assert driver.ask("SELECT value_milli FROM telemetry.readings") == [(5_000,)]
    assert [a.rule for a in committed.alerts] == ["conflict"]
    assert again.hits == {}


def test_a_clock_that_goes_back_within_a_boot_is_found(driver: Driver) -> None:
    driver.take(*powers(5.0, 6.0, first=50), seq=7)
    on_time_but_delayed = driver.take(*powers(5.0, first=3), seq=6)
    back = driver.take(*powers(5.5, first=9), seq=8)

    assert on_time_but_delayed.hits == {}
    assert back.hits == {"time_back": 1}


def test_the_check_finds_what_the_stream_found_and_the_holes(driver: Driver) -> None:
    values = np.random.default_rng(5).integers(0, 3_000_000, 60).tolist()
    cells = powers(*map(float, values[:20]), *[7.0] * 15, *map(float, values[20:]))
    for cut in range(0, len(cells), 9):
        driver.take(*(c for i, c in enumerate(cells[cut : cut + 9], cut) if i not in (50, 51)))
    before = driver.ask(f"{HITS} ORDER BY 1, 4")

    assert {row[0] for row in before} == {"rating", "ramp", "stuck"}
    assert driver.check() == {"gap": 1}
    assert driver.check() == {}
    with psycopg.connect(driver.dsn) as connection:
        connection.execute("TRUNCATE telemetry.quality_hits")
    driver.check()
    assert driver.ask(f"{HITS} WHERE rule <> 'gap' ORDER BY 1, 4") == before


def test_the_check_sees_late_readings_in_their_place(driver: Driver) -> None:
    cells = powers(*[7.0] * 13)
    driver.take(*cells[:4], *cells[5:])
    late = driver.take(cells[4])

    assert late.hits == {}
    assert driver.check(0.5) == {"stuck": 1}


def test_registers_must_agree_with_the_power_beside_them(dsn: str) -> None:
    asset = an_asset("m", quantities=("active_power", "energy_export_register"), telemetry_class="meter")
    driver = Driver(dsn, a_reference(asset))
    total, readings = 0.0, []
    for i in range(18):
        total += 6_000.0 / 6 if i < 12 else 6_000.0 / 12
        readings += [
            a_reading(6_000.0 + i, start_s=START_S + i * 600),
            a_reading(total, start_s=START_S + i * 600, quantity="energy_export_register", unit="W.h"),
        ]
    driver.take(*readings, device_id="m")

    assert driver.check() == {"register_balance": 1}
    driver.store.close()
    row = driver.ask(f"{HITS} WHERE rule = 'register_balance'")[0]
    assert (row[3], round(row[4], -6)) == (START_S + 7_200, -3_000_000)


def test_old_hits_are_dropped_by_the_month(driver: Driver) -> None:
    driver.take(*powers(9_000_000.0), *powers(9_000_000.0, first=40 * 144))

    horizon = datetime.fromtimestamp(START_S + 32 * 86_400, UTC)
    with psycopg.connect(driver.dsn) as connection:
        assert connection.execute("SELECT telemetry.drop_quality_before(%s)", (horizon,)).fetchone() == (1,)
    assert len(driver.ask("SELECT 1 FROM telemetry.quality_hits")) == 0


class Watched:
    """A watch on a real database, with a clock that the test turns."""

    def __init__(self, driver: Driver) -> None:
        self.clock, self.alerts, self.publisher = FixedClock(), MemoryAlerts(), MemoryPublisher()
        self.watch = QualityWatch(
            dsn=driver.dsn,
            catalog=MemoryCatalog(driver.reference),
            alerts=self.alerts,
            publisher=self.publisher,
            clock=self.clock,
            rules=packaged_rules(),
            registry=CollectorRegistry(),
            every_s=1,
            lateness_s=7_200,
            keep_days=400,
        )


def age(driver: Driver, hours: int) -> None:
    with psycopg.connect(driver.dsn) as connection:
        connection.execute("UPDATE telemetry.reading_rows SET stored_at = stored_at - %s", (timedelta(hours=hours),))


def test_a_silent_device_is_raised_once_and_resolved_when_it_is_back(driver: Driver) -> None:
    watched = Watched(driver)
    live = (NOW_S - START_S) // 600 - 1
    driver.take(*powers(5.0, first=live - 10))
    driver.take(*powers(5.0, first=live), device_id="b")
    watched.watch.round()
    assert not watched.publisher.told_alerts, "it may still be sending its history"

    age(driver, 2)
    watched.watch.round()
    watched.watch.round()
    raised = watched.publisher.told_alerts
    assert [(a.rule, a.subject, a.severity) for a in raised] == [("freshness", "a", "warning")]

    driver.take(*powers(5.0, first=live))
    watched.watch.round()
    watched.watch.round()
    assert [a.severity for a in watched.publisher.told_alerts] == ["warning", "info"]
    assert [a.title for a in watched.alerts.alerts.values()] == ["a reports again"]


def test_the_watch_checks_what_has_settled_once(driver: Driver) -> None:
    watched = Watched(driver)
    settled = (NOW_S - START_S - 10_800) // 600
    driver.take(*powers(5.0, 6.0, first=settled - 20), *powers(5.0, 6.0, first=settled - 8))
    watched.watch.round()
    first = driver.ask("SELECT up_to FROM telemetry.quality_checked")
    watched.watch.round()

    assert driver.ask("SELECT rule, found_by FROM telemetry.quality_hits") == [("gap", "check")]
    assert driver.ask("SELECT up_to FROM telemetry.quality_checked") == first == [(NOW - timedelta(hours=2),)]
