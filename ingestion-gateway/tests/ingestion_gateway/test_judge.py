"""The quick judge and the codec are of one mind, whatever arrives."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridseal.wire.codec import encode
from gridseal.wire.telemetry import Reading, Telemetry
from gridseal.wire.units import UNITS
from ingestion_gateway.accept import Accepted, Quarantined, Refused, accept
from ingestion_gateway.judge import Judge, TimeLimits

from .builders import BOOT_ID, NOW_MS, SENT_MS, TOPIC, a_directory, a_message, a_reading, an_asset
from .test_relay import FixedClock

LIMITS = TimeLimits(future_s=0, past_s=86_400 * 365 * 20, ahead_s=60, behind_s=86_400 * 365)
DIRECTORY = a_directory(an_asset(quantities=("active_power", "voltage")))


def a_judge() -> Judge:
    judge = Judge(DIRECTORY, LIMITS, FixedClock())
    judge.bounds = LIMITS.around(datetime.fromtimestamp(NOW_MS / 1_000, UTC), SENT_MS / 1_000)
    return judge


def of_one_mind(payload: bytes, topic: str = TOPIC) -> None:
    judge = a_judge()
    quick = judge.at_once(topic, payload)
    by_codec = accept(topic, payload, DIRECTORY, judge.bounds)

    assert judge.verdict(topic, payload) == by_codec
    if quick is not None:
        assert quick == by_codec
    # What is left to the codec is what it refuses, sets aside, or has to verify; nothing else is slow.
    if isinstance(by_codec, Accepted) and quick is None:
        assert b"signature" in payload or b"\\u" in payload


ANYTHING: Any = [None, True, [], {}, -1, 0, 1, 1.0, 1.5, 2**53 - 1, 2**53, 2**60, "", "1", "\n"]
EDGES: dict[str, list[Any]] = {
    "schema": ["telemetry/2"],
    "device_id": ["home-02-pv", "Home"],
    "boot_id": [BOOT_ID + "\n", BOOT_ID.upper(), BOOT_ID[:15], BOOT_ID + "0"],
    "seq": [7.0, "7"],
    "sent_at_ms": [SENT_MS + 60_000, SENT_MS + 60_001, SENT_MS - 86_400_000 * 365, SENT_MS - 86_400_000 * 365 - 1],
    "readings": [[a_reading()] * 1_000, [a_reading()] * 1_001],
    "signature": ["A" * 86, "A" * 85],
    "schema_": ["telemetry/1"],
    "surprise": [],
}
READING_EDGES: dict[str, list[Any]] = {
    "quantity": ["voltage", "current", "happiness"],
    "unit": ["W", "10*3.W", "kW.h", "V", "KW"],
    "period_start_ms": [NOW_MS - 3_600_000, NOW_MS - 3_600_001, NOW_MS - 3_599_000, 1_000, 253_402_300_799_000],
    "period_ms": [999, 1_000, 1_500, 3_601_000, 86_400_000, 86_401_000, 1e3],
    "value": [-0.0, 1e12, -1e12, 1.0000001e12, 10**12, 10**13, "1.5", 1e-320],
    "quality": ["good", "suspect", "bad", "GOOD"],
    "surprise": [],
}


def with_edges(fields: dict[str, Any], edges: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """The fields as they are but for one, which is at an edge, missing, or another thing altogether."""
    changed = [fields | {name: value} for name, values in edges.items() for value in [*values, *ANYTHING]]
    missing = [{other: value for other, value in fields.items() if other != name} for name in fields]
    return st.sampled_from([fields, *changed, *missing])


near_messages = st.one_of(
    with_edges(json.loads(a_message()), EDGES),
    with_edges(a_reading(), READING_EDGES).map(lambda reading: json.loads(a_message(a_reading(), reading))),
)
sound_readings = st.builds(
    Reading,
    quantity=st.sampled_from(["active_power", "voltage"]),
    unit=st.sampled_from(sorted({*UNITS["active_power"], *UNITS["voltage"]})),
    period_start_ms=st.integers(0, NOW_MS // 1_000).map(lambda s: s * 1_000),
    period_ms=st.integers(1, 86_400).map(lambda s: s * 1_000),
    value=st.floats(-1e12, 1e12),
    quality=st.sampled_from(["good", "suspect", "bad"]),
)
sound_messages = st.builds(
    Telemetry,
    device_id=st.just("home-01-pv"),
    boot_id=st.from_regex(r"\A[0-9a-f]{16}\Z"),
    seq=st.integers(0, 2**53 - 1),
    sent_at_ms=st.integers(SENT_MS - 10**9, SENT_MS + 60_000),
    readings=st.lists(sound_readings, min_size=1, max_size=4).map(tuple),
)


@settings(max_examples=1_500, deadline=None)
@given(near_messages)
def test_both_decide_alike_at_the_edges_of_every_field(message: dict[str, Any]) -> None:
    of_one_mind(json.dumps(message).encode())


@given(sound_messages, st.sampled_from([None, 1, 4]))
def test_both_decide_alike_on_what_devices_say(message: Telemetry, indent: int | None) -> None:
    of_one_mind(json.dumps(json.loads(encode(message)), indent=indent).encode())


@given(sound_messages, st.integers(0, 400), st.integers(0, 6), st.binary(max_size=6))
def test_both_decide_alike_on_damaged_bytes(message: Telemetry, place: int, length: int, damage: bytes) -> None:
    payload = encode(message)
    place %= len(payload)
    of_one_mind(payload[:place] + damage + payload[place + length :])


@given(st.binary(max_size=200))
@example(b"[" * 100_000)
@example(a_message() + b"\x00")
@example(a_message().replace(b'"seq": 7', b'"seq": 7, "seq": 8'))
@example(a_message().replace(b'"seq": 7', b'"seq": 07'))
@example(a_message().replace(b'"seq": 7', b'"seq": -0'))
@example(a_message().replace(b"1.5", b"1" * 400))
@example(a_message().replace(b"1.5", b"0." + b"3" * 5_000))
@example(a_message().replace(b"1.5", b"1e400"))
@example(a_message().replace(b"1.5", b"1e-400"))
@example(a_message().replace(b"1.5", b"NaN"))
@example(a_message().replace(b'"kW"', b'"\\u006bW"'))
@example(a_message().replace(b'"kW"', b'"\\ud800"'))
@example(a_message().replace(b'"kW"', b'"\xff"'))
@example(b"\xef\xbb\xbf" + a_message())
def test_both_decide_alike_on_anything(payload: bytes) -> None:
    of_one_mind(payload)


def test_the_slow_way_is_for_what_is_not_plainly_sound() -> None:
    judge = a_judge()

    assert isinstance(judge.at_once(TOPIC, a_message()), Accepted)
    assert judge.at_once(TOPIC, a_message(seq=-1)) is None
    assert judge.at_once("v1/demo/home-01/home-09-pv/telemetry", a_message()) is None


class Withdrawn:
    def judge(self, verdict: Accepted, payload: bytes) -> Accepted | Refused:
        return Refused("revoked", "revoked", verdict.device_id, verdict.message_id)


def test_identity_has_the_last_word_on_what_is_accepted_or_set_aside_and_none_on_the_rest() -> None:
    judge = Judge(DIRECTORY, LIMITS, FixedClock(), Withdrawn())
    judge.begin()
    ahead = a_message(a_reading(period_start_ms=NOW_MS))
    assert isinstance(a_judge().verdict(TOPIC, ahead), Quarantined)

    reasons = [judge.verdict(TOPIC, payload) for payload in (a_message(), ahead, b"{")]
    assert [getattr(verdict, "reason", "") for verdict in reasons] == ["revoked", "revoked", "not_json"]


def test_a_dialect_may_speak_of_long_ago_but_not_of_the_future() -> None:
    judge = a_judge()
    long_ago, ahead = (a_message(sent_at_ms=moment) for moment in (1, SENT_MS + 60_001))

    assert isinstance(judge.verdict(TOPIC, long_ago), Quarantined)
    assert isinstance(judge.of_device("home-01-pv", long_ago), Accepted)
    assert isinstance(judge.of_device("home-01-pv", ahead), Quarantined)
