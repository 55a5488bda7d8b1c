"""SenML packs resolve as RFC 8428 says, in JSON and in CBOR, and become telemetry."""

import json
from typing import Any

import cbor2
import pytest

from gridseal.errors import WireError
from ingestion_gateway.dialects.senml_pack import parse_pack

from .builders import NOW_MS, of_device, recorded, said, values

CBOR_LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6}
CBOR_LABELS |= {name: label for label, name in enumerate(("n", "u", "v", "vs", "vb", "s", "t", "ut", "vd"))}
NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12)
OW = "urn:dev:ow:10e2073a0108006"


def resolved(number: int) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads(recorded(f"senml/rfc8428_ex{number}.resolved.json"))
    return content


@pytest.mark.parametrize("number", NUMBERS)
def test_the_examples_resolve_as_the_rfc_resolves_them(number: int) -> None:
    wanted = resolved(number)

    records = parse_pack(recorded(f"senml/rfc8428_ex{number}.json"), wanted[0]["t"])

    if number == 7:
        records = records[:3]  # the RFC's resolved form leaves out the data record
    found = [(record.name, record.unit, round(record.time_s, 3), record.value) for record in records]
    assert found == [(one["n"], one.get("u"), round(one["t"], 3), one.get("v")) for one in wanted]


@pytest.mark.parametrize("number", NUMBERS)
def test_cbor_says_the_same_as_json(number: int) -> None:
    raw = recorded(f"senml/rfc8428_ex{number}.json")
    pack = [{CBOR_LABELS.get(key, key): value for key, value in record.items()} for record in json.loads(raw)]

    assert parse_pack(cbor2.dumps(pack), 1e9) == parse_pack(raw, 1e9)


def test_a_pack_becomes_readings_of_its_units() -> None:
    found = values(said("senml", recorded("senml/rfc8428_ex3.json")))

    assert found["voltage"] == (120.1, "V")
    assert found["current"] == (pytest.approx(1.45), "A")  # the mean of the six samples of that minute


def test_samples_of_several_minutes_are_several_readings() -> None:
    message = of_device(said("senml", recorded("senml/rfc8428_ex4.json")))

    found = [(r.period_start_ms, r.value, r.unit) for r in message.readings]
    assert found == [(1320067380000, pytest.approx(21.325), "%"), (1320067440000, pytest.approx(21.5375), "%")]


def test_two_things_under_one_device_are_refused_unless_each_has_a_name() -> None:
    raw = recorded("senml/rfc8428_ex6.json")
    with pytest.raises(WireError) as refused:
        said("senml", raw)
    assert refused.value.reason == "ambiguous"

    adapted = said("senml", raw, devices={"x#2001:db8::2/": "inside", "x#2001:db8::1/": "outside"})

    assert values(adapted, "inside") == {"air_temperature": (25.2, "Cel"), "relative_humidity": (30.0, "%")}
    assert values(adapted, "outside") == {"air_temperature": (12.3, "Cel"), "relative_humidity": (67.0, "%")}


def test_a_stranger_in_the_pack_is_refused() -> None:
    with pytest.raises(WireError) as refused:
        said("senml", recorded("senml/rfc8428_ex1.json"), devices={"x#urn:dev:ow:another": "x"})

    assert refused.value.reason == "unknown_device"


def test_what_is_no_number_says_nothing() -> None:
    adapted = said("senml", [{"n": "label", "vs": "Machine Room"}, {"n": "open", "vb": False}, {"n": "d", "vd": "aGk"}])

    assert (adapted.messages, adapted.unmapped) == ((), 0)


def test_base_values_and_sums_add_up() -> None:
    pack = [
        {"bn": "m1/", "bu": "W", "bt": 1780271000, "bv": 100, "bs": 7200},
        {"n": "p", "v": 20},
        {"n": "p", "t": 1, "v": -60, "s": 3600},
    ]
    records = parse_pack(json.dumps(pack).encode(), 0)
    assert [(r.name, r.value, r.sum) for r in records] == [("m1/p", 120.0, 7200.0), ("m1/p", 40.0, 10800.0)]

    found = values(said("senml", pack, metrics={"p/sum": {"quantity": "energy_export_register"}}))

    assert found == {"active_power": (80.0, "W"), "energy_export_register": (10800.0, "W.s")}


def test_a_small_time_counts_from_now() -> None:
    message = of_device(said("senml", [{"n": "t", "u": "Cel", "v": 20, "t": -3600}]))

    assert message.sent_at_ms == NOW_MS - 3_600_000


BAD: dict[str, tuple[Any, str]] = {
    "a future version": ([{"bver": 11, "n": "a", "v": 1}], "unsupported"),
    "a field that must be understood": ([{"n": "a", "v": 1, "new_": 1}], "unsupported"),
    "no value": ([{"n": "a", "u": "W"}], "malformed"),
    "two values": ([{"n": "a", "v": 1, "vs": "1"}], "malformed"),
    "text for a number": ([{"n": "a", "v": "1"}], "malformed"),
    "no name": ([{"v": 1}], "malformed"),
    "a name with a space": ([{"n": "a b", "v": 1}], "malformed"),
    "no list": ({"n": "a", "v": 1}, "malformed"),
    "a time beyond all clocks": ([{"n": "a", "u": "W", "t": 1e15, "v": 1}], "bad_time"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_the_rfc_forbids_is_refused(what: str) -> None:
    pack, reason = BAD[what]

    with pytest.raises(WireError) as refused:
        said("senml", pack)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (cbor2.dumps([{0: "a", 1: "W", 2: float("nan")}]), "not_finite"),
        (cbor2.dumps([cbor2.CBORTag(35, "(")]), "not_cbor"),
        (b"\x81\xa1\x02\xc5\x82\x1a\x00\x0f\xff\xff\x01", "not_cbor"),  # a big float of a million bits
        (b"\x81\xa1\x02\xc4\x82\x1a\x7f\xff\xff\xff\x01", "not_cbor"),
        (cbor2.dumps([{0: "a", 1: "W", 2: cbor2.CBORTag(4, [40, 1])}]), "not_cbor"),
        (cbor2.dumps([{0: "a", 1: "W", 2: 1, 99: cbor2.CBORTag(4660, 1)}]), "not_cbor"),
        (cbor2.dumps([{0: "a", 1: "W", 2: 1, 99: [[[[1]]]]}]), "not_cbor"),
        (b"\x81" * 5_000, "not_cbor"),
        (cbor2.dumps([]) + b"\x00", "not_cbor"),
        (b"\x81\xa1\xa0\x01", "malformed"),  # a map as the name of a field
        (b"\x81\xa1\xf5\x01", "malformed"),
        (b"\x9b" + b"\xff" * 8, "not_cbor"),
    ],
)
def test_cbor_that_is_no_senml_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        said("senml", payload)

    assert refused.value.reason == reason


def test_a_decimal_fraction_is_a_number() -> None:
    pack = cbor2.dumps([{-2: OW, 1: "W", 2: cbor2.CBORTag(4, [-2, 2715])}])

    assert values(said("senml", pack)) == {"active_power": (27.15, "W")}
