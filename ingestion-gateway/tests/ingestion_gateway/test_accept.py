"""What the gateway believes, and why it refuses the rest."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridseal.errors import WireError
from gridseal.wire.codec import decode, encode
from gridseal.wire.telemetry import MAX_MESSAGE_BYTES, Reading, Telemetry
from gridseal.wire.units import UNITS
from ingestion_gateway.accept import (
    READ_FOR_ID_BYTES,
    Accepted,
    MessageId,
    Quarantined,
    Refused,
    TimeBounds,
    Verdict,
    accept,
)
from ingestion_gateway.judge import TimeLimits

from .builders import BOOT_ID, NOW_MS, SENT_MS, TOPIC, a_directory, a_message, a_reading, an_asset

BOUNDS = TimeLimits(future_s=0, past_s=86_400 * 365, ahead_s=60, behind_s=86_400)


def bounds(**limits: int) -> TimeBounds:
    moment = datetime.fromtimestamp(NOW_MS / 1_000, UTC)
    return replace(BOUNDS, **limits).around(moment, SENT_MS / 1_000)


def judge(payload: bytes, topic: str = TOPIC, **limits: int) -> Verdict:
    return accept(topic, payload, a_directory(), bounds(**limits))


def refusal(payload: bytes, topic: str = TOPIC) -> Refused:
    verdict = judge(payload, topic)
    assert isinstance(verdict, Refused)
    return verdict


def test_a_message_of_a_known_device_is_accepted_for_its_class() -> None:
    assert judge(a_message(a_reading(), a_reading(quality="bad"))) == Accepted(
        "home-01-pv", "solar", MessageId(BOOT_ID, 7), readings=2
    )


@pytest.mark.parametrize("unit", sorted(UNITS["active_power"]))
def test_every_unit_of_the_quantity_is_accepted(unit: str) -> None:
    assert isinstance(judge(a_message(a_reading(unit=unit))), Accepted)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"unit": "kW.h"}, "wrong_unit"),
        ({"unit": "KW"}, "wrong_unit"),
        ({"quantity": "wind_speed", "unit": "m/s"}, "foreign_quantity"),
        ({"quantity": "happiness"}, "malformed"),
        ({"value": math.nan}, "not_finite"),
        ({"value": math.inf}, "not_finite"),
        ({"value": 1e13}, "malformed"),
        ({"value": "1.5"}, "malformed"),
        ({"value": True}, "malformed"),
        ({"value": None}, "malformed"),
        ({"period_start_ms": NOW_MS - 3_600_001}, "bad_period"),
        ({"period_ms": 1_500}, "bad_period"),
        ({"period_ms": 0}, "malformed"),
        ({"period_start_ms": 1.0}, "malformed"),
        ({"surprise": 1}, "malformed"),
    ],
)
def test_one_wrong_reading_refuses_the_message_and_its_sender_is_told(changes: dict[str, Any], reason: str) -> None:
    verdict = refusal(a_message(a_reading(), a_reading(**changes)))

    assert verdict.reason == reason
    assert verdict.message_id == MessageId(BOOT_ID, 7)


def test_the_detail_names_the_reading_and_the_field_but_never_a_value() -> None:
    verdict = refusal(a_message(a_reading(), a_reading(unit="secret-unit")))

    assert verdict.detail.startswith("readings.1.unit")
    assert "secret" not in verdict.detail


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":1}x'])
def test_bytes_that_are_not_json_are_refused_and_nobody_can_be_told(payload: bytes) -> None:
    verdict = refusal(payload)

    assert verdict.reason == "not_json"
    assert verdict.message_id is None


@pytest.mark.parametrize("payload", [b"1", b"[]", b'"x"', b"null", b"{}"])
def test_json_of_another_kind_is_malformed(payload: bytes) -> None:
    assert refusal(payload).reason == "malformed"


@pytest.mark.parametrize("wrong", [{"seq": -1}, {"seq": True}, {"boot_id": "short"}, {"boot_id": 3}])
def test_a_refused_message_without_a_usable_id_has_none(wrong: dict[str, Any]) -> None:
    assert refusal(a_message(**wrong)).message_id is None


def test_nesting_without_end_ends_nothing() -> None:
    depth = 100_000
    verdict = refusal(b'{"boot_id":"%s","seq":1,"x":%s%s}' % (BOOT_ID.encode(), b"[" * depth, b"]" * depth))

    assert verdict.reason == "not_json"


def test_no_readings_or_too_many_are_malformed() -> None:
    assert refusal(a_message(readings=[])).reason == "malformed"
    assert refusal(a_message(readings=[a_reading()] * 1_001)).reason == "malformed"


def test_a_payload_beyond_the_limit_is_not_even_parsed() -> None:
    message = a_message()
    fitting = message + b" " * (MAX_MESSAGE_BYTES - len(message))

    assert isinstance(judge(fitting), Accepted)
    assert refusal(fitting + b" ").reason == "too_large"


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("v1/demo/home-01/home-02-pv/telemetry", "unknown_device"),
        ("v1/demo/home-02/home-01-pv/telemetry", "foreign_topic"),
        ("v1/other/home-01/home-01-pv/telemetry", "foreign_topic"),
        ("v1/demo/home-01/home-01-pv/receipt", "foreign_topic"),
        ("v1/demo/home-01/x/home-01-pv/telemetry", "foreign_topic"),
        ("v2/demo/home-01/home-01-pv/telemetry", "foreign_topic"),
    ],
)
def test_a_topic_that_is_not_the_devices_own_is_refused(topic: str, reason: str) -> None:
    assert refusal(a_message(), topic).reason == reason


def test_a_device_cannot_speak_for_another() -> None:
    directory = a_directory(an_asset("home-01-pv"), an_asset("home-02-pv"))
    verdict = accept(TOPIC, a_message(device_id="home-02-pv"), directory, bounds())

    assert isinstance(verdict, Refused)
    assert verdict.reason == "foreign_device"
    assert verdict.device_id == "home-01-pv"


def test_a_removed_device_is_unknown_again() -> None:
    directory = a_directory(an_asset())
    directory.forget("asset/home-01-pv")

    verdict = accept(TOPIC, a_message(), directory, bounds())

    assert isinstance(verdict, Refused)
    assert verdict.reason == "unknown_device"


def test_a_period_may_end_a_little_in_the_future() -> None:
    ahead = a_message(a_reading(period_start_ms=NOW_MS - 3_540_000))

    assert isinstance(judge(ahead, future_s=60), Accepted)
    assert isinstance(judge(ahead, future_s=59), Quarantined)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (a_message(a_reading(), a_reading(period_start_ms=NOW_MS)), "future_period"),
        (a_message(a_reading(), a_reading(period_start_ms=0)), "past_period"),
        (a_message(sent_at_ms=SENT_MS + 60_001), "clock_ahead"),
        (a_message(sent_at_ms=SENT_MS - 86_400_001), "clock_behind"),
    ],
)
def test_a_clock_that_cannot_be_right_is_no_refusal_but_no_telemetry_either(message: bytes, reason: str) -> None:
    verdict = judge(message)

    assert isinstance(verdict, Quarantined)
    assert (verdict.reason, verdict.message_id) == (reason, MessageId(BOOT_ID, 7))


def test_a_wrong_field_weighs_more_than_a_wrong_clock() -> None:
    assert refusal(a_message(a_reading(period_start_ms=0, unit="kW.h"))).reason == "wrong_unit"


def test_without_a_limit_any_past_is_believed() -> None:
    assert isinstance(judge(a_message(a_reading(period_start_ms=0), sent_at_ms=0), past_s=0, behind_s=0), Accepted)


def test_the_sender_of_a_message_that_is_too_large_is_told() -> None:
    large = a_message(a_reading(), surprise="x" * MAX_MESSAGE_BYTES)

    assert refusal(large).message_id == MessageId(BOOT_ID, 7)


def test_an_id_that_the_cut_may_have_cut_is_not_believed() -> None:
    start = b'{"boot_id":"%s","pad":"%s","seq":'
    pad = b"x" * (READ_FOR_ID_BYTES - len(start % (BOOT_ID.encode(), b"")) - 2)
    cut_in_the_number = start % (BOOT_ID.encode(), pad) + b"1234" + b" " * MAX_MESSAGE_BYTES + b"}"

    assert cut_in_the_number[:READ_FOR_ID_BYTES].endswith(b'"seq":12')
    assert refusal(cut_in_the_number).message_id is None
    assert refusal(b"[" * 300_000).message_id is None


readings = st.builds(
    Reading,
    quantity=st.sampled_from(sorted(UNITS)),
    unit=st.text(max_size=8),
    period_start_ms=st.integers(0, 253_402_300_799_000),
    period_ms=st.integers(1_000, 86_400_000),
    value=st.floats(-1e12, 1e12),
    quality=st.sampled_from(["good", "suspect", "bad"]),
)
messages = st.builds(
    Telemetry,
    device_id=st.from_regex(r"\A[a-z0-9][a-z0-9.-]{0,62}\Z"),
    boot_id=st.from_regex(r"\A[0-9a-f]{16}\Z"),
    seq=st.integers(0, 2**53 - 1),
    sent_at_ms=st.integers(0, 2**53 - 1),
    readings=st.lists(readings, min_size=1, max_size=4).map(tuple),
)


@given(messages)
def test_telemetry_survives_the_wire(message: Telemetry) -> None:
    assert decode(Telemetry, encode(message)) == message


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_get_a_verdict(payload: bytes) -> None:
    assert isinstance(judge(payload), Refused)


@given(messages, st.data())
def test_a_broken_field_never_passes(message: Telemetry, data: st.DataObject) -> None:
    content = json.loads(encode(message))
    field = data.draw(st.sampled_from(sorted(set(content) - {"schema"})))
    content[field] = data.draw(st.sampled_from([None, [], {}, -1, 1.5, "", "\n", "A/B"]))

    with pytest.raises(WireError, match=field):
        decode(Telemetry, json.dumps(content).encode())
