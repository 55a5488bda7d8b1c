"""Late readings correct their windows: what comes out depends on the readings, not on their order."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis

from gridseal.wire.telemetry import Telemetry
from local_stack.scratch import scratch_database
from streaming_processor.store.hot import RedisHot

from .builders import NOW_S, a_message, a_reading, a_reference, a_series, an_asset
from .conftest import migrated
from .stream import Stream

pytestmark = pytest.mark.servers

START_S = NOW_S - 10 * 3_600
MINUTE_MS = 60_000
DEVICES = ("a", "b", "c")
REFERENCE = a_reference(
    *(an_asset(d, native_period_s=60) for d in DEVICES),
    *(a_series(d, (d, 1)) for d in DEVICES),
    a_series("net", ("a", 1), ("b", 1), ("c", -1)),
)
WINDOWS = (
    "SELECT series_id, width_s, window_start, weighted_sum, covered_s, expected_s, count, min_milli, max_milli,"
    " mean_milli, energy_milli FROM telemetry.windows ORDER BY 1, 2, 3"
)
RAMPS = "SELECT series_id, width_s, window_start, delta_milli FROM telemetry.window_ramps ORDER BY 1, 2, 3"


def in_order(chance: random.Random) -> list[Telemetry]:
    """Six hours, a message a minute and device; values with decimals of both signs."""
    return [
        a_message(
            a_reading(round(chance.uniform(-9e5, 9e5), 4), start_s=START_S + 60 * minute, period_ms=MINUTE_MS),
            device_id=device,
            seq=minute,
        )
        for minute in range(360)
        for device in DEVICES
    ]


def delayed(messages: Sequence[Telemetry], chance: random.Random) -> list[Telemetry]:
    """A fifth of them comes up to two hours later."""
    due = [m.readings[0].period_start_ms + (chance.uniform(0, 7.2e6) if chance.random() < 0.2 else 0) for m in messages]
    return [messages[i] for i in sorted(range(len(messages)), key=due.__getitem__)]


def late_ones(messages: Sequence[Telemetry]) -> int:
    """Readings that arrive in a 5-minute window after a newer one of the same device has begun."""
    newest: dict[str, int] = {}
    late = 0
    for m in messages:
        window = m.readings[0].period_start_ms // 300_000
        late += window < newest.get(m.device_id, 0)
        newest[m.device_id] = max(window, newest.get(m.device_id, 0))
    return late


def take_in_pieces(stream: Stream, messages: Sequence[Telemetry], chance: random.Random) -> int:
    at = number = 0
    while at < len(messages):
        size = chance.choice((1, 7, 60, 200))
        stream.take(number, *messages[at : at + size])
        at, number = at + size, number + 1
    return number


@pytest.fixture
def streams(postgres_server: str, hot_client: "redis.Redis", redis_server: int) -> Iterator[tuple[Stream, Stream]]:
    with (
        scratch_database(postgres_server) as one,
        scratch_database(postgres_server) as other,
        redis.Redis(port=redis_server, db=1, decode_responses=True) as other_hot,
    ):
        other_hot.flushdb()
        first = Stream(migrated(one), REFERENCE, RedisHot(hot_client, 600))
        second = Stream(migrated(other), REFERENCE, RedisHot(other_hot, 600))
        yield first, second
        while Stream.opened:
            Stream.opened.pop().close()


def hot_state(client: "redis.Redis") -> dict[str, list[str]]:
    """Every key without the version, which counts changes."""
    values = {str(key): str(client.get(key)).split() for key in client.scan_iter("gs:hot:*")}
    return {key: [v[0], *v[2:]] for key, v in values.items()}


def last_told(stream: Stream) -> dict[Any, Any]:
    told: dict[Any, Any] = {}
    for w in stream.publisher.told_windows:
        place = (w.series_id, w.width_s, w.window_start)
        if w.version >= told.get(place, w).version:
            told[place] = w
    return {k: (w.mean_milli, w.weighted_sum, w.covered_s, w.count, w.min_milli, w.max_milli) for k, w in told.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fifth_delayed_by_up_to_two_hours_gives_the_same_bits(
    streams: tuple[Stream, Stream], hot_client: "redis.Redis", redis_server: int, seed: int
) -> None:
    chance, (orderly, unruly) = random.Random(seed), streams
    messages = in_order(chance)
    shuffled = delayed(messages, chance)
    assert late_ones(shuffled) > 100

    take_in_pieces(orderly, messages, chance)
    batches = take_in_pieces(unruly, shuffled, chance)

    windows = orderly.ask(WINDOWS)
    assert len(windows) == 4 * (72 + 24 + 6)
    assert unruly.ask(WINDOWS) == windows
    assert unruly.ask(RAMPS) == orderly.ask(RAMPS)
    with redis.Redis(port=redis_server, db=1, decode_responses=True) as other:
        assert hot_state(other) == hot_state(hot_client)
        assert len(hot_state(other)) == 12
    assert last_told(unruly) == last_told(orderly)
    assert orderly.ask("SELECT sum(late), sum(inserted) FROM telemetry.ledger") == [(0, len(messages))]
    assert unruly.ask("SELECT sum(late), sum(inserted) FROM telemetry.ledger") == [(late_ones(shuffled), len(messages))]
    assert unruly.progress.status()["late"] == late_ones(shuffled)

    unruly.take(batches, *chance.sample(shuffled, 500))
    assert unruly.ask(f"SELECT inserted, duplicates, late FROM telemetry.ledger WHERE batch_id = {batches}") == [
        (0, 500, 0)
    ]
    assert unruly.ask(WINDOWS) == windows


def test_a_late_reading_raises_the_version_and_is_told_again(streams: tuple[Stream, Stream]) -> None:
    stream, _ = streams
    early = a_message(a_reading(100.0, start_s=START_S, period_ms=MINUTE_MS))
    stream.take(0, early, a_message(a_reading(300.0, start_s=START_S + 7_200, period_ms=MINUTE_MS), seq=1))
    stream.publisher.told_windows.clear()

    stream.take(1, a_message(a_reading(200.0, start_s=START_S + 60, period_ms=MINUTE_MS), seq=2))

    told = {(w.series_id, w.width_s): w for w in stream.publisher.told_windows}
    assert set(told) == {(s, w) for s in ("site/a", "site/net") for w in (300, 900, 3_600)}
    assert {w.version for w in told.values()} == {2}
    assert told["site/a", 900].mean_milli == 150_000
    assert stream.ask("SELECT late FROM telemetry.ledger ORDER BY batch_id") == [(0,), (1,)]


def test_a_restart_still_knows_what_is_late(streams: tuple[Stream, Stream]) -> None:
    stream, _ = streams
    stream.take(0, a_message(a_reading(start_s=START_S + 7_200, period_ms=MINUTE_MS)))
    again = Stream(stream.dsn, REFERENCE)

    again.take(1, a_message(a_reading(start_s=START_S, period_ms=MINUTE_MS)))

    assert again.ask("SELECT late FROM telemetry.ledger ORDER BY batch_id") == [(0,), (1,)]


def test_windows_have_energy_and_ramps(streams: tuple[Stream, Stream]) -> None:
    stream, _ = streams
    powers = [600.0] * 15 + [1_200.0] * 15
    readings = [a_reading(p, start_s=START_S + 60 * i, period_ms=MINUTE_MS) for i, p in enumerate(powers)]
    stream.take(0, a_message(*readings))

    rows = stream.ask(
        "SELECT energy_milli, count, min_milli, max_milli FROM telemetry.windows"
        " WHERE series_id = 'site/a' AND width_s = 900 ORDER BY window_start"
    )
    assert rows == [(150_000, 15, 600_000, 600_000), (300_000, 15, 1_200_000, 1_200_000)]
    ramps = stream.ask(
        "SELECT delta_milli, ramp_milli_per_h FROM telemetry.window_ramps WHERE series_id = 'site/a' AND width_s = 900"
    )
    assert ramps == [(600_000, 2_400_000)]
