"""A process that dies between any two stores, is started again, and everything is there once and told."""

import asyncio
import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from gridseal.wire.telemetry import Reading, Telemetry
from local_stack.scratch_servers import ScratchServers, eventually
from local_stack.servers.topics import ensure_topics

from .builders import a_message, a_reading, a_series, an_asset
from .process import TOPIC, StreamProcess, World

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

START_S = 1_767_225_600
OLD_RELEASE = Path(__file__).with_name("checkpoints") / "unversioned"
"""Written by the release that decoded in Spark SQL: 138 messages of telemetry.meter, partition 0."""
numbers = itertools.count()


def some_messages(count: int) -> list[Telemetry]:
    """Never the same period twice in this module."""
    return [a_message(_reading(n), device_id="ab"[n % 2], seq=n) for n in itertools.islice(numbers, count)]


def one_message(readings: int) -> list[Telemetry]:
    """It cannot be cut into two batches."""
    return [a_message(*map(_reading, itertools.islice(numbers, readings)), seq=readings)]


def _reading(n: int) -> Reading:
    return a_reading(float(n), start_s=START_S + 60 * n, period_ms=60_000)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    servers = ScratchServers(tmp_path_factory.mktemp("servers"))
    try:
        servers.start()
        asyncio.run(ensure_topics(servers.bootstrap))
        world = World(servers)
        devices = [an_asset(d, native_period_s=60, telemetry_class="meter") for d in "ab"]
        world.catalog(*devices, a_series("a", ("a", 1)), a_series("net", ("a", 1), ("b", -1)))
        yield world
        world.close()
    finally:
        servers.stop()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoint")


def stored(world: World) -> int:
    try:
        return int(world.one("SELECT count(*) FROM telemetry.readings"))
    except Exception:  # the schema is made by the first start
        return 0


def hot_is_current(world: World) -> bool:
    """Redis has the newest window of the series that every message flows into."""
    newest = world.ask(
        "SELECT extract(epoch FROM window_start)::bigint * 1000, version FROM telemetry.windows"
        " WHERE series_id = 'site/net' AND width_s = 900 ORDER BY window_start DESC LIMIT 1"
    )
    value = str(world.redis.get("gs:hot:site/net:900") or "-1 -1").split()
    return [(int(value[0]), int(value[1]))] == newest


def everything_agrees(world: World) -> None:
    """Ledger, readings, windows, Redis and Kafka say the same."""
    assert world.one("SELECT sum(inserted) FROM telemetry.ledger") == stored(world)
    of_windows = "SELECT sum(count) FROM telemetry.windows WHERE series_id = 'site/net' AND width_s = 900"
    assert world.one(of_windows) == stored(world)
    states = world.ask(
        "SELECT series_id, width_s, window_start, version, mean_milli, covered_s FROM telemetry.windows"
        " ORDER BY window_start"
    )
    newest = {(series, width): row for series, width, *row in states}
    for (series, width), (start, version, mean, covered) in newest.items():
        value = [int(n) for n in str(world.redis.get(f"gs:hot:{series}:{width}")).split()]
        assert value[:4] == [int(start.timestamp()) * 1_000, version, mean, covered]
    told = world.told()
    assert len(told) == len(states)
    for series, width, start, version, mean, _ in states:
        window = told[series, width, start.astimezone(UTC).isoformat().replace("+00:00", "Z")]
        assert (window["version"], window["mean_milli"]) == (version, mean)


@pytest.mark.parametrize(
    ("place", "committed", "in_redis"),
    [
        ("sink.before_commit", False, False),
        ("sink.after_commit_before_redis", True, False),
        ("sink.after_commit_before_checkpoint", True, None),
    ],
)
def test_a_crash_between_two_stores_leaves_no_gap(
    world: World, checkpoint: Path, place: str, committed: bool, in_redis: bool | None
) -> None:
    before = stored(world)
    dying = StreamProcess(world.servers, checkpoint, GRIDSEAL_FAILPOINTS=f"{place}=kill@2").until_ready()
    world.send(one_message(30))
    eventually(lambda: stored(world) == before + 30 and hot_is_current(world), 60, "the first batch")
    world.send(one_message(30))

    assert dying.wait() == -9
    assert stored(world) == before + (60 if committed else 30)
    if in_redis is not None:  # Redis takes its windows behind the batch: by its end it may have them or not
        assert hot_is_current(world) is (in_redis or not committed)

    again = StreamProcess(world.servers, checkpoint).until_ready()
    eventually(lambda: stored(world) == before + 60, 60, "what the crash left")
    world.send(some_messages(10))
    eventually(lambda: stored(world) == before + 70, 60, "a batch after it")
    assert again.stop() == 0
    everything_agrees(world)
    assert world.one("SELECT count(*) FROM telemetry.ledger WHERE told_at IS NULL") == 0


def test_a_second_driver_takes_over_and_the_first_one_stores_nothing_more(
    world: World, checkpoint: Path, tmp_path: Path
) -> None:
    before = stored(world)
    first = StreamProcess(world.servers, checkpoint).until_ready()
    second = StreamProcess(world.servers, tmp_path).until_ready()
    world.send(some_messages(40))

    assert first.wait() == 1
    assert "another streaming-processor has taken over" in first.log.read_text()
    eventually(lambda: stored(world) == before + 40, 60, "the readings")
    assert second.stop() == 0
    everything_agrees(world)


def test_a_new_release_goes_on_where_the_old_one_stood(world: World, tmp_path: Path) -> None:
    shutil.copytree(OLD_RELEASE, tmp_path, dirs_exist_ok=True)
    world.send(some_messages(138))
    batches = "SELECT offsets -> 'telemetry.meter' -> '0' FROM telemetry.ledger WHERE query_id = '{}' ORDER BY batch_id"
    process = StreamProcess(world.servers, tmp_path).until_ready()
    query_id = process.status()["query_id"]
    eventually(lambda: world.ask(batches.format(query_id)), 60, "a batch")

    assert world.ask(batches.format(query_id))[0][0][0] == 138
    assert process.stop() == 0
    assert (tmp_path / "v2" / "commits").is_dir()


def test_messages_that_kafka_dropped_unread_end_the_process_with_a_sentence(world: World, tmp_path: Path) -> None:
    process = StreamProcess(world.servers, tmp_path).until_ready()
    eventually(lambda: list((tmp_path / "v2" / "commits").glob("[0-9]*")), 60, "a batch")
    assert process.stop() == 0
    world.send(some_messages(20))
    admin = AdminClient({"bootstrap.servers": world.servers.bootstrap})
    for future in admin.delete_records([TopicPartition(TOPIC, 0, -1)]).values():
        future.result(30)

    process = StreamProcess(world.servers, tmp_path)

    assert process.wait() == 2
    assert "Kafka no longer has messages that the stream has not read" in process.log.read_text()
