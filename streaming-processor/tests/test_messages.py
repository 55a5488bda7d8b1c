"""What the fast reader takes is what the codec would accept; the codec has the last word on the rest."""

import json
from typing import Any

import msgspec
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from gridseal.errors import WireError
from gridseal.wire.codec import decode, encode
from gridseal.wire.telemetry import Reading, Telemetry
from streaming_processor.deliveries import delivery_from
from streaming_processor.ports import BatchId, Delivery
from streaming_processor.quality.judge import judge
from streaming_processor.transforms.messages import ReadingFields, TelemetryFields, read_messages

from .builders import NOW_S, a_message, a_reading, a_reference


def deliver(*values: bytes | None) -> Delivery:
    columns = {
        "topic": ["telemetry.wind"] * len(values),
        "partition": pa.array([0] * len(values), pa.int32()),
        "offset": range(len(values)),
        "key": [b"a"] * len(values),
        "value": pa.array(values, pa.binary()),
    }
    return delivery_from(pa.table(columns), BatchId("query", 0))


def altered(**changes: Any) -> bytes:
    message = json.loads(encode(a_message()))
    message.update(changes)
    return json.dumps(message).encode()


def altered_reading(**changes: Any) -> bytes:
    message = json.loads(encode(a_message(a_reading(), a_reading(start_s=1_800_000_000))))
    message["readings"][1].update(changes)
    return json.dumps(message).encode()


def test_whole_messages_pass_and_others_become_dead_letters() -> None:
    good = encode(a_message(a_reading(0.1 + 0.2), a_reading(1e12), a_reading(-5e-324), sent_at_ms=9))
    text = b'{"readings": [{"value": "1.5"'
    bad: dict[str, bytes | None] = {
        "not json": b"\xff\xfe",
        "cut off": text,
        "nothing": b"",
        "tombstone": None,
        "no device": altered(device_id=None),
        "no readings": altered(readings=[]),
        "another schema": altered(schema="telemetry/2"),
        "seq is text": altered(seq="one"),
        "an unknown field": altered(more=1),
        "value is NaN": altered_reading(value=float("nan")),
        "value is null": altered_reading(value=None),
        "time is a fraction": altered_reading(period_start_ms=1.5),
        "reading is null": altered(readings=[None]),
    }
    delivery = deliver(good, *bad.values())

    assert delivery.arrived.value.tolist() == [0.1 + 0.2, 1e12, -5e-324]
    assert delivery.arrived.quality.to_pylist() == ["good"] * 3
    assert delivery.arrived.message_sent_at_ms.tolist() == [9]
    assert [u.offset for u in delivery.undecodable] == list(range(1, len(bad) + 1))
    assert [u.payload for u in delivery.undecodable] == [value or b"" for value in bad.values()]
    assert {u.reason for u in delivery.undecodable} == {"not_json", "malformed", "not_finite"}
    assert delivery.offsets == {"telemetry.wind": {"0": (0, len(bad))}}


def test_text_that_is_no_text_is_a_dead_letter() -> None:
    delivery = deliver(encode(a_message()).replace(b'"a"', b'"\xff\\u0000"'))

    assert [u.reason for u in delivery.undecodable] == ["not_json"]


def test_hostile_text_is_refused_and_can_be_stored() -> None:
    hostile = encode(a_message()).replace(b'"a"', b'"\\u0000' + b"x" * 9_000 + b'"').replace(b'"W"', b'"\\u0000"')
    delivery = deliver(hostile)
    refusal = judge(delivery.arrived, a_reference(), NOW_S, {}).refusals[0]

    assert refusal.reason == "unknown_device"
    assert len(refusal.device_id) <= 200
    assert "\0" not in refusal.device_id + refusal.payload


def test_numbers_beyond_64_bits_are_refused_one_by_one() -> None:
    delivery = deliver(altered_reading(period_start_ms=2**70), altered_reading(period_ms=-(2**63)))

    assert not delivery.undecodable
    assert [r.reason for r in judge(delivery.arrived, a_reference(), NOW_S, {}).refusals] == ["period", "period"]


def test_a_signed_message_is_kept_byte_for_byte() -> None:
    signed = encode(a_message(seq=7)).replace(b'"seq":7', b'"seq": 7')[:-1] + b', "signature": "' + b"A" * 86 + b'"}'
    delivery = deliver(encode(a_message(seq=6)), signed)

    assert [(m.device_id, m.seq, m.payload) for m in delivery.signed] == [("a", 7, signed)]
    assert len(delivery.arrived) == 2


def test_the_fast_reader_knows_the_fields_of_the_wire() -> None:
    for fast, wire in ((TelemetryFields, Telemetry), (ReadingFields, Reading)):
        fields = {f.encode_name: f.default is msgspec.NODEFAULT for f in msgspec.structs.fields(fast)}
        assert fields == {f.alias or name: f.is_required() for name, f in wire.model_fields.items()}


readings: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    quantity=st.sampled_from(["active_power", "wind_speed"]),
    unit=st.text(max_size=4),
    period_start_ms=st.integers(0, 253_402_300_799_000),
    period_ms=st.integers(1_000, 86_400_000),
    value=st.floats(-1e12, 1e12) | st.integers(-(10**12), 10**12),
)
anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
messages: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    schema=st.just("telemetry/1"),
    device_id=st.just("a"),
    boot_id=st.just("0" * 16),
    seq=st.integers(0, 2**53 - 1),
    sent_at_ms=st.integers(0, 2**53 - 1),
    readings=st.lists(readings, min_size=1, max_size=3),
)


@given(messages)
def test_what_the_codec_accepts_is_read_alike(content: dict[str, Any]) -> None:
    payload = json.dumps(content).encode()
    read, left = read_messages([payload])

    assert not left
    whole = decode(Telemetry, payload)
    assert [r.value for r in read[0].readings] == [r.value for r in whole.readings]
    assert [r.period_start_ms for r in read[0].readings] == [r.period_start_ms for r in whole.readings]
    assert (read[0].seq, read[0].sent_at_ms) == (whole.seq, whole.sent_at_ms)


@given(messages, st.sampled_from(["seq", "sent_at_ms", "readings", "schema", "boot_id", "extra"]), anything)
def test_a_broken_envelope_never_passes(content: dict[str, Any], name: str, value: Any) -> None:
    payload = json.dumps(content | {name: value}).encode()
    read, _ = read_messages([payload])
    try:
        decode(Telemetry, payload)
    except WireError:
        assert not read


def test_a_batch_of_nothing_but_dead_letters_is_a_delivery() -> None:
    delivery = deliver(b"?", b"!")

    assert len(delivery.arrived) == 0
    assert len(delivery.undecodable) == 2
