"""Each layer holds every record once, whoever writes, dies or tidies, and says which content it has."""

import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from gridseal.errors import UnavailableError, WireError
from streaming_processor.lake.bronze import FEED_TOPICS, TOPICS, Bronze
from streaming_processor.lake.manifest import content_hash
from streaming_processor.lake.silver import Moved

from ..builders import NOW_S, a_message, a_reading
from .builders import NOW, ALake, a_day, a_record, catalog, telemetry

BEGIN_S, END_S = NOW_S - 10 * 86_400, NOW_S - 6 * 86_400


@pytest.fixture
def lake(tmp_path: Path) -> ALake:
    return ALake(tmp_path / "lake")


def offsets(bronze: Bronze) -> list[int]:
    found: list[int] = bronze.table.select('SELECT "offset" FROM t ORDER BY "offset"')["offset"].to_pylist()
    return found


def test_a_record_is_kept_as_it_came(lake: ALake) -> None:
    lake.bronze.append([a_record(7, b"\x00\xff not json"), a_record(8, None)])

    rows = lake.bronze.table.select('SELECT * FROM t ORDER BY "offset"').to_pylist()
    assert [(r["topic"], r["partition"], r["offset"], r["key"], r["value"]) for r in rows] == [
        ("telemetry.wind", 0, 7, b"a", b"\x00\xff not json"),
        ("telemetry.wind", 0, 8, b"a", None),
    ]
    assert rows[0]["headers"] == [{"name": "ce_type", "value": b"telemetry/1"}]
    assert lake.bronze.position("telemetry.wind", 0) == 9


def test_records_that_come_again_are_left_out(lake: ALake) -> None:
    assert lake.bronze.append(a_record(i) for i in range(5)) == 5
    assert lake.bronze.append(a_record(i) for i in range(3, 9)) == 4
    assert lake.bronze.append(a_record(i) for i in range(9)) == 0

    assert offsets(lake.bronze) == list(range(9))


def test_what_providers_published_is_kept_and_silver_reads_telemetry_only(lake: ALake) -> None:
    lake.bronze.append([*catalog(), *telemetry(a_day()[:2])])
    lake.bronze.append([a_record(n, b'{"schema": "any"}', topic=topic) for n, topic in enumerate(FEED_TOPICS)])

    assert set(FEED_TOPICS) < set(TOPICS)
    assert lake.bronze.position("weather.raw", 0) == 2
    assert lake.silver.advance(NOW).messages == 2
    assert [topic for topic, _ in lake.bronze.places()] == ["telemetry.wind"]


def test_of_two_writers_one_is_refused(lake: ALake) -> None:
    lake.bronze.append([a_record(0)])
    first, second = Bronze(lake.url), Bronze(lake.url)
    stale = second.table.table()
    first.append([a_record(1)])

    second.table.table = lambda: stale  # type: ignore[method-assign]
    with pytest.raises(UnavailableError, match="bronze"):
        second.append([a_record(1)])
    assert offsets(lake.bronze) == [0, 1]


def test_a_writer_killed_again_and_again_neither_loses_nor_doubles(tmp_path: Path) -> None:
    last, luck = 4_000, random.Random(7)
    argv = [sys.executable, str(Path(__file__).with_name("writer.py")), str(tmp_path), str(last), "40"]
    killed = 0
    for _ in range(6):
        before = Bronze(str(tmp_path)).position("telemetry.wind", 0)
        with subprocess.Popen(argv) as writer:
            deadline = time.monotonic() + 60
            while Bronze(str(tmp_path)).position("telemetry.wind", 0) < before + 80 and writer.poll() is None:
                assert time.monotonic() < deadline, "the writer does not get on"
            time.sleep(luck.random() * 0.05)
            writer.send_signal(signal.SIGKILL)
            killed += writer.wait() == -signal.SIGKILL
    subprocess.run(argv, check=True, timeout=100)

    assert killed >= 4
    assert offsets(Bronze(str(tmp_path))) == list(range(last))


def test_silver_holds_each_reading_once_and_nothing_refused(lake: ALake) -> None:
    day = a_day()
    spoiled = a_message(a_reading(unit="stone"), a_reading(9e9, start_s=BEGIN_S), seq=90)
    lake.bronze.append([*catalog(), *telemetry([*day, *day[:4], spoiled]), a_record(29, b"no json")])

    moved = lake.silver.advance(NOW)
    assert moved == Moved(messages=30, stored=144, duplicates=25, refused=1, undecodable=1)
    assert lake.silver.advance(NOW) == Moved()
    rows = lake.silver.table.select("SELECT device_id, quantity, value_milli, class, month FROM t ORDER BY value_milli")
    assert rows.num_rows == 144
    assert rows.to_pylist()[0] == {
        "device_id": "a", "quantity": "active_power", "value_milli": 1_000_000, "class": "wind", "month": "2026-01",
    }  # fmt: skip


def test_silver_after_a_crash_goes_on_from_its_own_log(lake: ALake) -> None:
    lake.bronze.append([*catalog(), *telemetry(a_day(0))])
    lake.silver.advance(NOW)
    again = ALake(lake.folder)
    again.bronze.append(telemetry([*a_day(1), *a_day(0)[:3]], first=24))

    assert again.silver.advance(NOW).stored == 144
    assert again.silver.table.select("SELECT count(*) AS n FROM t").to_pylist() == [{"n": 288}]


def test_the_same_history_in_another_order_is_the_same_training_set(tmp_path: Path) -> None:
    messages = [m for day in range(4) for d in "ab" for m in a_day(day, d)]
    shuffled = random.Random(3).sample([*messages, *messages[::5]], len(messages) + len(messages[::5]))
    hashes = []
    for name, order, step in (("one", messages, 50), ("two", shuffled, 7)):
        lake = ALake(tmp_path / name)
        lake.bronze.append(catalog())
        for first in range(0, len(order), step):
            lake.bronze.append(telemetry(order[first : first + step], first))
            lake.silver.advance(NOW)
        built = lake.gold.build(lake.silver, lake.reference(), BEGIN_S, END_S, NOW)
        hashes.append({one.name: (one.rows, one.sha256) for one in built})

    assert hashes[0] == hashes[1]
    assert hashes[0]["windows"][0] == 4 * 2 * (96 + 24)
    assert any(rows for name, (rows, _) in hashes[0].items() if name != "windows")


def test_a_training_set_is_written_when_it_changes_and_an_old_version_stays_readable(lake: ALake) -> None:
    lake.bronze.append([*catalog(), *telemetry(a_day(0))])
    lake.silver.advance(NOW)

    def build() -> dict[str, tuple[int, int, bool]]:
        built = lake.gold.build(lake.silver, lake.reference(), BEGIN_S, END_S, NOW)
        return {one.name: (one.version, one.rows, one.fresh) for one in built}

    first, again = build()["windows"], build()["windows"]
    lake.bronze.append(telemetry(a_day(1), first=24))
    lake.silver.advance(NOW)
    more = build()["windows"]

    assert (first[2], again, more[2]) == (True, (first[0], first[1], False), True)
    assert more[1] > first[1]
    assert lake.gold.tables["windows"].as_of(first[0]).num_rows == first[1]
    assert lake.gold.verify("windows", first[0]) != lake.gold.verify("windows", more[0])


def test_a_version_that_holds_other_rows_than_its_manifest_says_is_found(lake: ALake) -> None:
    lake.bronze.append([*catalog(), *telemetry(a_day(0))])
    lake.silver.advance(NOW)
    lake.gold.build(lake.silver, lake.reference(), BEGIN_S, END_S, NOW)
    table, manifest = lake.gold.tables["windows"], lake.gold.manifest("windows")
    forged = table.replace(table.as_of(manifest["version"]).slice(1), {"sha256": manifest["sha256"], **dict.fromkeys(
        ("rows", "from", "to", "silver_version"), "")})  # fmt: skip

    assert lake.gold.verify("windows", manifest["version"]) == manifest["sha256"]
    with pytest.raises(WireError, match=f"version {forged}"):
        lake.gold.verify("windows", forged)


def test_tidying_leaves_content_positions_and_versions_as_they_are(lake: ALake) -> None:
    lake.bronze.append(catalog())
    for i in range(6):
        lake.bronze.append([a_record(i)])
    before, version = content_hash(lake.bronze.table.select("SELECT * FROM t")), lake.bronze.table.table().version()
    done = lake.bronze.table.tidy(keep_hours=168)

    reopened = ALake(lake.folder).bronze
    assert (done["removed"], done["added"], done["deleted"]) == (6, 1, 0)
    assert content_hash(reopened.table.select("SELECT * FROM t")) == before
    assert reopened.position("telemetry.wind", 0) == 6
    assert reopened.table.as_of(version).num_rows == 11
    assert reopened.table.tidy(keep_hours=0)["deleted"] == 6
    assert reopened.append([a_record(5), a_record(6)]) == 1


def test_old_days_of_bronze_are_forgotten_but_not_where_it_was_read_up_to(lake: ALake) -> None:
    lake.bronze.append([*catalog(), a_record(0), a_record(3 * 86_400_000)])
    lake.bronze.forget(1, NOW + timedelta(days=2))

    assert offsets(lake.bronze)[-1] == 3 * 86_400_000
    assert len(lake.bronze.catalog()) == 5
    assert lake.bronze.append([a_record(0)]) == 0


def test_the_hash_sees_values_and_not_their_order() -> None:
    one = pa.table(
        {"b": [1, None, 2], "a": ["x", "y", None], "f": [0.0, float("nan"), 1.5], "m": [[("k", "v")], [], None]}
    )
    order = pa.array([2, 0, 1])

    assert content_hash(one.take(order).select(["m", "a", "f", "b"])) == content_hash(one)
    for column, other in (
        ("b", [1, 0, 2]),
        ("a", ["x", "y", ""]),
        ("f", [0.0, 0.0, 1.5]),
        ("m", [[("k", "w")], [], None]),
    ):
        changed = one.set_column(one.schema.get_field_index(column), column, pa.array(other))
        assert content_hash(changed) != content_hash(one)
    assert content_hash(one.set_column(2, "f", pa.array([-0.0, float("nan"), 1.5]))) == content_hash(one)
