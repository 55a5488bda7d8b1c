"""Sparkplug B: births name the numbers, a gap or a stranger's number is never guessed at, and a node is asked again."""

from typing import Any

import pytest

from gridseal.wire.codec import encode
from ingestion_gateway.dialects.dialect import Adapted, Dialect, DialectError
from ingestion_gateway.dialects.sparkplug_proto import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT32,
    UINT64,
    Payload,
    value_of,
)
from ingestion_gateway.dialects.topics import lane_of
from ingestion_gateway.lanes import DeviceLanes
from ingestion_gateway.ports import Held, Received

from .builders import NOW_MS, a_dialect, of_device, values
from .edge_node import DEVICE, ENERGY, GROUP, NODE, POWER, EdgeNode

REBIRTH_TOPIC = f"spBv1.0/{GROUP}/NCMD/{NODE}"
METRICS = {ENERGY: {"quantity": "energy_import_register", "unit": "MWh"}}


def a_host(**changes: Any) -> Dialect:
    devices = {f"{GROUP}/{NODE}/{DEVICE}": "home-01-meter"}
    fields: dict[str, Any] = {"devices": devices, "metrics": METRICS, "sample_period_s": 1}
    return a_dialect("sparkplug-b", **(fields | changes))


def tell(host: Dialect, said: tuple[str, bytes], at_ms: int = NOW_MS) -> Adapted:
    return host.adapt(*said, at_ms)


def refused(host: Dialect, said: tuple[str, bytes], at_ms: int = NOW_MS) -> DialectError:
    with pytest.raises(DialectError) as caught:
        host.adapt(*said, at_ms)
    return caught.value


def powers(adapted: Adapted) -> list[float]:
    return [r.value for message in adapted.messages for r in message.readings if r.quantity == "active_power"]


@pytest.fixture
def node() -> EdgeNode:
    return EdgeNode(NOW_MS)


@pytest.fixture
def host(node: EdgeNode) -> Dialect:
    """A host that has heard both births."""
    host = a_host()
    tell(host, node.nbirth())
    tell(host, node.dbirth())
    return host


def test_a_birth_says_values_and_names_what_comes_after(node: EdgeNode) -> None:
    host = a_host()
    assert tell(host, node.nbirth()).messages == ()  # the node only carries the device

    born = tell(host, node.dbirth(power_kw=1.5))
    later = tell(host, node.ddata(2.5))

    assert values(born, "home-01-meter") == {"active_power": (1.5, "kW"), "energy_import_register": (0.1, "MW.h")}
    assert values(later, "home-01-meter") == {"active_power": (2.5, "kW")}
    message = of_device(later, "home-01-meter")
    assert (message.sent_at_ms, message.seq) == (node.now_ms, node.now_ms * 256 + node.seq)


def test_data_before_any_birth_is_refused_and_the_node_is_asked(node: EdgeNode) -> None:
    error = refused(a_host(), node.ddata(1.0))

    assert error.reason == "no_birth"
    ((topic, raw),) = error.replies
    command = Payload.FromString(raw)
    assert topic == REBIRTH_TOPIC
    assert (command.metrics[0].name, command.metrics[0].boolean_value) == (b"Node Control/Rebirth", True)
    assert (command.metrics[0].datatype, command.timestamp, command.HasField("seq")) == (BOOLEAN, NOW_MS, False)


def test_data_of_a_device_before_its_birth_is_refused_though_the_node_was_born(node: EdgeNode) -> None:
    host = a_host()
    tell(host, node.nbirth())

    assert refused(host, node.ddata(1.0)).reason == "no_birth"


def test_what_came_after_a_gap_waits_for_the_birth_and_is_then_told(node: EdgeNode, host: Dialect) -> None:
    node.ddata(2.0)  # lost
    first, second = node.ddata(3.0), node.ddata(4.0)

    errors = [refused(host, first), refused(host, second)]
    again = tell(host, node.nbirth())
    recovered = tell(host, node.dbirth(power_kw=5.0))

    assert [error.reason for error in errors] == ["sequence_gap", "sequence_gap"]
    assert errors[0].replies[0][0] == REBIRTH_TOPIC
    assert again.messages == ()
    assert powers(recovered) == [5.0, 3.0, 4.0]
    assert powers(tell(host, node.ddata(6.0))) == [6.0]


def test_a_number_that_another_birth_would_read_otherwise_stays_on_dead_letter(node: EdgeNode, host: Dialect) -> None:
    node.ddata(2.0)  # lost
    refused(host, node.ddata(3.0))
    node.aliases = {POWER: 2, ENERGY: 1, "Meter/Healthy": 3}

    tell(host, node.nbirth())

    assert powers(tell(host, node.dbirth(power_kw=5.0))) == [5.0]


def test_a_node_is_asked_only_so_often(node: EdgeNode) -> None:
    host = a_host(rebirths_per_minute=2)

    asked = [bool(refused(host, node.ddata(1.0), NOW_MS + second * 1_000).replies) for second in range(0, 70, 10)]

    assert asked == [True, True, False, False, False, False, True]


def test_a_message_delivered_twice_is_read_twice_the_same(node: EdgeNode, host: Dialect) -> None:
    said = node.ddata(2.0)

    first, second = tell(host, said), tell(host, said)

    assert [encode(message) for message in first.messages] == [encode(message) for message in second.messages]
    assert powers(tell(host, node.ddata(3.0))) == [3.0]


def test_a_birth_delivered_twice_changes_nothing(node: EdgeNode) -> None:
    host = a_host()
    births = [node.nbirth(), node.dbirth()]
    told = [tell(host, birth) for birth in (*births, *births)]

    assert told[1] == told[3]
    assert powers(tell(host, node.ddata(3.0))) == [3.0]


def test_the_sequence_goes_round_after_255(node: EdgeNode, host: Dialect) -> None:
    for _ in range(300):
        tell(host, node.ddata(1.0))

    assert node.seq == (1 + 300) % 256


def test_a_death_ends_the_session_only_with_the_number_of_its_birth(node: EdgeNode, host: Dialect) -> None:
    tell(host, node.ndeath(bd_seq=7))  # the will of an earlier connection
    assert powers(tell(host, node.ddata(2.0))) == [2.0]

    assert tell(host, node.ndeath()).messages == ()

    assert refused(host, node.ddata(3.0)).reason == "no_birth"


def test_a_device_that_died_has_to_be_born_again(node: EdgeNode, host: Dialect) -> None:
    tell(host, node.ddeath())
    assert refused(host, node.ddata(2.0)).reason == "no_birth"

    assert powers(tell(host, node.dbirth(power_kw=3.0))) == [3.0]


def test_history_keeps_its_own_time(node: EdgeNode, host: Dialect) -> None:
    adapted = tell(host, node.ddata(2.0, is_historical=True, timestamp=NOW_MS - 3_600_000))

    message = of_device(adapted, "home-01-meter")
    assert message.readings[0].period_start_ms == NOW_MS - 3_601_000
    assert message.sent_at_ms == node.now_ms


@pytest.mark.parametrize("metric", [{"is_null": True}, {"is_transient": True}, {"double_value": float("nan")}])
def test_what_is_no_value_says_nothing(node: EdgeNode, host: Dialect, metric: dict[str, Any]) -> None:
    assert tell(host, node.ddata(2.0, **metric)).messages == ()
    assert powers(tell(host, node.ddata(3.0))) == [3.0]


def test_the_quality_of_a_metric_is_kept(node: EdgeNode, host: Dialect) -> None:
    topic, raw = node.ddata(2.0)
    payload = Payload.FromString(raw)
    payload.metrics[0].properties.keys.append(b"Quality")
    payload.metrics[0].properties.values.add(type=3, int_value=500)

    (reading,) = of_device(tell(host, (topic, payload.SerializeToString())), "home-01-meter").readings

    assert reading.quality == "suspect"


def test_an_alias_that_no_birth_named_is_not_guessed_at(node: EdgeNode, host: Dialect) -> None:
    assert refused(host, node.ddata(2.0, alias=99)).reason == "no_birth"


def test_a_message_from_before_the_birth_does_not_end_the_session(node: EdgeNode) -> None:
    host = a_host()
    old = [node.nbirth(), node.dbirth(), node.ddata(1.0), node.ddata(1.5)][3]
    tell(host, node.nbirth())
    tell(host, node.dbirth())

    assert refused(host, old).reason == "sequence_gap"
    assert powers(tell(host, node.ddata(3.0))) == [3.0]


def test_a_node_that_floods_the_gateway_stays_in_order_over_all_its_topics() -> None:
    lanes = DeviceLanes(10, burst=1, most_waiting=10, clock=lambda: 0.0)
    topics = [f"spBv1.0/{GROUP}/{place}" for place in ("NDATA/edge", "NDATA/edge", "DDATA/edge/a", "DDATA/edge/b")]
    arrived = [Held(Received(1, 0, topic, b"%d" % n, "", 0), 0.0) for n, topic in enumerate(topics)]

    served = [*lanes.admit(arrived), *lanes.some(10)]

    assert [held.received.payload for held in served] == [b"0", b"1", b"2", b"3"]
    assert lane_of("v1/demo/home-01/x/telemetry") == "v1/demo/home-01/x/telemetry"


def test_a_node_can_be_a_device_itself() -> None:
    node, host = EdgeNode(NOW_MS), a_host(devices={f"{GROUP}/{NODE}": "home-01-meter"})
    topic, raw = node.nbirth()
    payload = Payload.FromString(raw)
    metric = payload.metrics.add(name=b"voltage", alias=9, datatype=FLOAT, float_value=230.1)
    metric.properties.keys.append(b"engUnit")
    metric.properties.values.add(type=12, string_value=b"V")

    assert values(tell(host, (topic, payload.SerializeToString())), "home-01-meter") == {"voltage": (230.1, "V")}
    assert values(tell(host, node.ndata(alias=9, float_value=231.2)), "home-01-meter") == {"voltage": (231.2, "V")}


@pytest.mark.parametrize(
    ("datatype", "fields", "value"),
    [
        (INT8, {"int_value": 0xFF}, -1.0),
        (INT8, {"int_value": 0xFFFF_FF80}, -128.0),
        (INT16, {"int_value": 0x8000}, -32_768.0),
        (INT32, {"int_value": 0xFFFF_FFFE}, -2.0),
        (INT32, {"long_value": 5}, 5.0),
        (INT64, {"long_value": 2**64 - 42}, -42.0),
        (UINT8, {"int_value": 255}, 255.0),
        (UINT32, {"int_value": 0xFFFF_FFFF}, 4_294_967_295.0),
        (UINT32, {"long_value": 0xFFFF_FFFF}, 4_294_967_295.0),
        (UINT64, {"long_value": 2**63}, float(2**63)),
        (FLOAT, {"float_value": 0.1}, 0.1),
        (DOUBLE, {"double_value": -0.25}, -0.25),
        (BOOLEAN, {"boolean_value": True}, None),
        (12, {"string_value": b"12"}, None),
        (INT32, {"is_null": True, "int_value": 1}, None),
        (INT32, {}, None),
    ],
)
def test_a_value_is_read_as_its_type_travels(datatype: int, fields: dict[str, Any], value: float | None) -> None:
    payload = Payload()

    assert value_of(payload.metrics.add(**fields), datatype) == value


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        (f"spBv1.0/{GROUP}/NDATA/other", "unknown_device"),
        (f"spBv1.0/{GROUP}/DDATA/{NODE}", "foreign_topic"),
        (f"spBv1.0/{GROUP}/NDATA/{NODE}/{DEVICE}", "foreign_topic"),
        (f"spBv1.0/{GROUP}/XDATA/{NODE}", "foreign_topic"),
        (f"spBv1.0/{GROUP}/NDATA/{NODE}", "not_protobuf"),
        ("spAv1.0/a/b/c", "foreign_topic"),
    ],
)
def test_what_is_not_of_sparkplug_is_refused(topic: str, reason: str) -> None:
    assert refused(a_host(), (topic, b"\xff\xff")).reason == reason


def test_what_hosts_say_is_no_telemetry() -> None:
    for topic in ("spBv1.0/STATE/scada", REBIRTH_TOPIC, f"spBv1.0/{GROUP}/DCMD/{NODE}/{DEVICE}"):
        assert tell(a_host(), (topic, b"\xff")) == Adapted()


def test_a_device_that_the_settings_do_not_name_is_refused(node: EdgeNode) -> None:
    host = a_host(devices={f"{GROUP}/{NODE}/another": "home-01-meter"})
    tell(host, node.nbirth())

    assert refused(host, node.dbirth()).reason == "unknown_device"
    assert refused(host, node.ddata(1.0)).reason == "unknown_device"
