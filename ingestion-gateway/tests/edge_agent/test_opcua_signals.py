"""Samples become one value per period: time-weighted, with an honest quality."""

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.opcua.collector import Collector
from edge_agent.opcua.metrics import OpcuaMetrics
from edge_agent.opcua.nodes import NodeSpec, read_node_list
from edge_agent.opcua.ports import NodeFacts, Sample
from edge_agent.opcua.signals import Outcome, Signal
from edge_agent.opcua.status_codes import overflowed, quality_of
from edge_agent.opcua.units import agrees, told_unit, unit_id
from gridseal.errors import ConfigError
from gridseal.runtime.metrics import new_registry

PERIOD = 60_000
START = 1_780_272_000_000
GOOD, UNCERTAIN, BAD_SENSOR = 0, 0x40920000, 0x808C0000
OVERFLOW = 0x0480


def a_signal(at_ms: int = START, **changes: str) -> Signal:
    signal = Signal(PERIOD, changes.get("rule", "mean"))  # type: ignore[arg-type]
    signal.open(at_ms)
    return signal


def test_a_value_weighs_as_long_as_it_stood() -> None:
    signal = a_signal()
    signal.sample(START, 10.0, "good")
    signal.sample(START + 45_000, 50.0, "good")

    assert signal.close(START) == Outcome(20.0, "good")


def test_a_value_stands_into_the_next_period_without_a_new_sample() -> None:
    signal = a_signal()
    signal.sample(START, 7.0, "good")

    assert signal.close(START) == Outcome(7.0, "good")
    assert signal.close(START + PERIOD) == Outcome(7.0, "good")


def test_a_period_known_in_part_is_suspect() -> None:
    late = a_signal(START + 1)
    late.sample(START + 1, 7.0, "good")
    lost = a_signal()
    lost.sample(START, 7.0, "good")
    lost.lose(START + 59_999)

    assert late.close(START) == Outcome(7.0, "suspect")
    assert lost.close(START) == Outcome(7.0, "suspect")
    assert lost.close(START + PERIOD) is None


def test_a_value_from_before_the_subscription_counts_from_the_subscription_on() -> None:
    signal = a_signal(START + 30_000)

    assert not signal.sample(START - 3_600_000, 7.0, "good")
    assert signal.close(START) == Outcome(7.0, "suspect")
    assert signal.close(START + PERIOD) == Outcome(7.0, "good")


def test_bad_values_are_left_out_unless_there_is_nothing_else() -> None:
    mixed = a_signal()
    mixed.sample(START, 10.0, "good")
    mixed.sample(START + 30_000, 900.0, "bad")
    bad = a_signal()
    bad.sample(START, 900.0, "bad")
    silent = a_signal()
    silent.sample(START, None, "bad")

    assert mixed.close(START) == Outcome(10.0, "suspect")
    assert bad.close(START) == Outcome(900.0, "bad")
    assert silent.close(START) is None


def test_lost_samples_make_the_periods_they_may_have_been_in_suspect() -> None:
    signal = a_signal()
    signal.sample(START, 10.0, "good")
    signal.sample(START + PERIOD + 5_000, 10.0, "good", gap=True)

    assert signal.close(START) == Outcome(10.0, "suspect")
    assert signal.close(START + PERIOD) == Outcome(10.0, "suspect")
    assert signal.close(START + 2 * PERIOD) == Outcome(10.0, "good")


def test_directions_are_averaged_around_north() -> None:
    signal = a_signal(rule="direction")
    signal.sample(START, 350.0, "good")
    signal.sample(START + 30_000, 20.0, "good")

    outcome = signal.close(START)

    assert outcome is not None
    assert outcome.value == pytest.approx(5.0)


def test_a_register_counts_as_it_stands_at_the_end() -> None:
    signal = a_signal(rule="last")
    signal.sample(START + 10_000, 100.0, "good")
    signal.sample(START + 59_000, 107.0, "good")

    assert signal.close(START) == Outcome(107.0, "good")


steps = st.lists(st.tuples(st.integers(1, 50_000), st.integers(-1_000, 1_000)), min_size=1, max_size=40)


@given(steps)
def test_the_periods_together_hold_what_the_steps_hold(moves: list[tuple[int, int]]) -> None:
    signal, at_ms, value, area = a_signal(), START, 0, 0
    signal.sample(START, 0.0, "good")
    for pause, following in moves:
        area += value * pause
        at_ms, value = at_ms + pause, following
        signal.sample(at_ms, float(value), "good")
    periods = -(-(at_ms - START) // PERIOD)
    area += value * (START + periods * PERIOD - at_ms)

    outcomes = [signal.close(START + number * PERIOD) for number in range(periods)]

    assert all(outcome is not None and outcome.quality == "good" for outcome in outcomes)
    assert math.isclose(sum(o.value * PERIOD for o in outcomes if o), area, rel_tol=1e-9, abs_tol=1e-3)


@pytest.mark.parametrize(
    ("status", "quality"),
    [(0, "good"), (0x00A60000, "good"), (UNCERTAIN, "suspect"), (BAD_SENSOR, "bad"), (0xC0000000, "bad")],
)
def test_the_severity_of_a_status_is_the_quality(status: int, quality: str) -> None:
    assert quality_of(status) == quality


def test_the_overflow_bit_means_something_only_on_data_values() -> None:
    assert overflowed(OVERFLOW)
    assert not overflowed(0x0080)
    assert not overflowed(0x0400)


def test_units_are_compared_by_size_not_by_name() -> None:
    assert unit_id("KWT") == 4937556
    assert told_unit(unit_id("KWT"), None) == "kW"
    assert told_unit(-1, "°C") == "Cel"
    assert agrees("active_power", "kW", "kW")
    assert agrees("active_power", "10*3.W", "kW")
    assert agrees("active_power", "W", "kW") is False
    assert agrees("active_power", "W", "Cel") is False
    assert agrees("active_power", "W", "horse power") is None


# --- the collector: what a server may say, and what becomes of it ---


def a_node(**changes: object) -> NodeSpec:
    fields = {"node": "nsu=urn:x;s=P", "device_id": "turbine-1", "quantity": "active_power", "unit": "kW"}
    return NodeSpec.model_validate(fields | changes)


def a_collector(*nodes: NodeSpec) -> tuple[Collector, OpcuaMetrics]:
    metrics = OpcuaMetrics(new_registry())
    collector = Collector(nodes or (a_node(),), PERIOD, metrics)
    collector.opened(range(len(nodes) or 1), START, 20_000)
    return collector, metrics


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(START / 1_000 + seconds, UTC)


def flaws(metrics: OpcuaMetrics, reason: str) -> float:
    return float(metrics.flawed.labels(reason=reason)._value.get())


def test_the_sign_turns_the_direction_and_the_unit_stays_the_servers() -> None:
    collector, _ = a_collector(a_node(sign=-1))
    collector.samples([Sample(0, 2.5, GOOD, at(0), None)], START)
    collector.heard(START + PERIOD)

    (reading,) = collector.close(START)["turbine-1"]

    assert (reading.value, reading.unit, reading.quality) == (-2.5, "kW", "good")
    assert (reading.period_start_ms, reading.period_ms) == (START, PERIOD)


def test_without_the_sources_stamp_the_servers_counts_and_then_our_clock() -> None:
    collector, metrics = a_collector()
    collector.samples([Sample(0, 10, GOOD, None, at(0))], START + 9_000)
    collector.samples([Sample(0, 40, GOOD, datetime(1601, 1, 1, tzinfo=UTC), at(30))], START + 39_000)
    collector.samples([Sample(0, 40, GOOD, None, None)], START + 45_000)
    collector.heard(START + PERIOD)

    assert collector.close(START)["turbine-1"][0].value == 25.0
    assert flaws(metrics, "no_timestamp") == 1


def test_a_clock_far_ahead_is_not_believed() -> None:
    collector, metrics = a_collector()
    collector.samples([Sample(0, 10.0, GOOD, at(3_600), None)], START)
    collector.heard(START + PERIOD)

    assert collector.close(START)["turbine-1"][0].quality == "good"
    assert flaws(metrics, "ahead_of_time") == 1


def test_what_is_no_number_is_counted_and_makes_no_reading() -> None:
    collector, metrics = a_collector()
    for value in ("on", True, float("nan"), [1.0]):
        collector.samples([Sample(0, value, GOOD, at(0), None)], START)
    collector.heard(START + PERIOD)

    assert collector.close(START) == {}
    assert flaws(metrics, "not_numeric") == 4


def test_status_codes_are_counted_raw_and_an_overflow_is_a_gap() -> None:
    collector, metrics = a_collector()
    collector.samples([Sample(0, 1.0, UNCERTAIN, at(0), None), Sample(0, 1.0, OVERFLOW, at(10), None)], START)
    collector.heard(START + PERIOD)

    assert collector.close(START)["turbine-1"][0].quality == "suspect"
    assert metrics.by_status.labels(code="0x40920000")._value.get() == 1
    assert metrics.gaps.labels(reason="server_overflow")._value.get() == 1


def test_a_server_that_fell_silent_is_believed_only_as_far_as_it_was_heard() -> None:
    collector, _ = a_collector()
    collector.samples([Sample(0, 1.0, GOOD, at(0), None)], START)
    collector.heard(START + 30_000)

    assert collector.close(START)["turbine-1"][0].quality == "suspect"
    assert collector.close(START + PERIOD) == {}


def test_a_node_in_another_unit_is_refused_and_a_value_out_of_range_is_counted() -> None:
    collector, metrics = a_collector()

    assert not collector.facts(0, NodeFacts(unit_id("MAW"), "MW", None, None))
    assert collector.facts(0, NodeFacts(unit_id("KWT"), "kW", 0.0, 100.0))
    collector.samples([Sample(0, 101.0, GOOD, at(0), None)], START)
    assert flaws(metrics, "outside_range") == 1


# --- the node list ---


def a_list(**changes: object) -> dict[str, object]:
    return {
        "endpoint": "opc.tcp://plant:4840",
        "devices": {"turbine-1": {"site": "farm", "telemetry_class": "wind"}},
        "nodes": [a_node().model_dump()],
    } | changes


def read(tmp_path: Path, content: object, endpoint: str | None = None) -> object:
    path = tmp_path / "nodes.yaml"
    path.write_text(yaml.safe_dump(content))
    return read_node_list(path, endpoint)


def test_a_node_list_names_devices_topics_and_nodes(tmp_path: Path) -> None:
    path = tmp_path / "nodes.yaml"
    path.write_text(yaml.safe_dump(a_list()))

    nodes = read_node_list(path, "opc.tcp://other:4841")

    assert nodes.endpoint == "opc.tcp://other:4841"
    assert nodes.fleet("demo")[0].telemetry_topic == "v1/demo/farm/turbine-1/telemetry"
    assert (nodes.nodes[0].uri, nodes.nodes[0].identifier) == ("urn:x", "s=P")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"node": "ns=2;s=P"}, "nodes.0.node"),
        ({"unit": "MV"}, "unit of active_power must be one of W"),
        ({"quantity": "active_energy_import", "unit": "kW.h"}, "use energy_\\*_register"),
        ({"publishing_ms": 10_000, "sampling_ms": 100}, "queue_size must be at least"),
        ({"device_id": "turbine-9"}, "turbine-9 has nodes but no place"),
        ({"nonsense": 1}, "nodes.0.nonsense"),
    ],
)
def test_a_node_that_cannot_work_is_refused_in_one_sentence(
    tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        read(tmp_path, a_list(nodes=[a_node().model_dump() | changes]))


def test_two_nodes_cannot_be_one_reading(tmp_path: Path) -> None:
    twice = [a_node().model_dump(), a_node(node="nsu=urn:x;s=Q").model_dump()]

    with pytest.raises(ConfigError, match="reading turbine-1 active_power is listed more than once"):
        read(tmp_path, a_list(nodes=twice))
