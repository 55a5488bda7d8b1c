"""Whatever bytes arrive, an adapter answers with telemetry that keeps the contract, or with a refusal."""

import json
from typing import Any, get_args

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridseal.wire.codec import decode, encode
from gridseal.wire.telemetry import Telemetry
from gridseal.wire.units import UNITS
from ingestion_gateway.dialects.dialect import Dialect, DialectError, DialectReason

from .builders import NOW_MS, RECORDINGS, SPOKEN, a_dialect
from .edge_node import DEVICE, GROUP, NODE, EdgeNode

REASONS = set(get_args(DialectReason)) - {"adapter_failed"}
FOLDERS = {
    "senml": "senml/*",
    "shelly-gen2": "mqtt-meters/shelly*",
    "sinapsi-alfa": "mqtt-meters/it_sinapsi*",
    "cim-rtd": "mqtt-meters/cim*",
    "dsmr-p1": "dsmr-p1/*",
    "ieee2030.5": "ieee2030_5/*",
    "sunspec": "sunspec/*",
}
SEEDS: dict[str, list[bytes]] = {
    name: [path.read_bytes() for path in sorted(RECORDINGS.glob(pattern))] for name, pattern in FOLDERS.items()
}
SEEDS["senml"] += [cbor2.dumps(json.loads(raw)) for raw in list(SEEDS["senml"])]
SEEDS["tasmota"] = [b'{"Time": "2026-06-01T02:00:00", "ENERGY": {"Power": [1, 2], "Total": 3.5}, "TIC": {"PAPP": 1}}']
SEEDS["zigbee2mqtt"] = [
    b'{"power": 12, "energy": 1.5, "last_seen": "2026-05-31T23:59:00Z", "current_tier1_summ_delivered": 1}'
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def believe(dialect: Dialect, topic: str, payload: bytes) -> None:
    """Every outcome that is allowed; anything else fails the test."""
    messages: tuple[Telemetry, ...] = ()
    reason, detail = "malformed", ""
    try:
        messages = dialect.adapt(topic, payload, NOW_MS).messages
    except DialectError as error:
        reason, detail = error.reason, str(error)
    assert reason in REASONS
    assert len(detail) < 200
    for message in messages:
        assert decode(Telemetry, encode(message)) == message
        assert all(r.unit in UNITS[r.quantity] and r.period_start_ms % 1_000 == 0 for r in message.readings)


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    raw = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(0, len(raw) - 1)))
        end = place + draw(st.integers(0, 8))
        raw[place:end] = draw(
            st.binary(max_size=8) | st.sampled_from([b"1e999", b"-", b"null", b"[", b"{}", b"99999999"])
        )
    return bytes(raw)


def planted(content: Any, path: list[int], value: Any) -> Any:
    """The same JSON with something else at one place."""
    if not path or not isinstance(content, dict | list) or not content:
        return value
    keys = list(content) if isinstance(content, dict) else list(range(len(content)))
    key = keys[path[0] % len(keys)]
    inner: Any = planted(content[key], path[1:], value)
    if isinstance(content, dict):
        return content | {key: inner}
    return [*content[:key], inner, *content[key + 1 :]]


@pytest.mark.parametrize("name", sorted(SEEDS))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_recording_is_telemetry_or_refused(name: Any, data: st.DataObject) -> None:
    believe(a_dialect(name), SPOKEN[name][1], data.draw(mutated(SEEDS[name])))


@pytest.mark.parametrize("name", sorted(set(SEEDS) - {"dsmr-p1", "ieee2030.5"}))
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_recording_with_something_else_in_it_is_telemetry_or_refused(name: Any, data: st.DataObject) -> None:
    seed = json.loads(data.draw(st.sampled_from([raw for raw in SEEDS[name] if raw[:1] in b"[{"])))
    path = data.draw(st.lists(st.integers(0, 40), max_size=6))

    payload = json.dumps(planted(seed, path, data.draw(JSON))).encode()

    believe(a_dialect(name), SPOKEN[name][1], payload)


@pytest.mark.parametrize("name", sorted(SPOKEN))
@given(payload=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=40, deadline=None)
def test_any_bytes_are_telemetry_or_refused(name: Any, payload: bytes) -> None:
    believe(a_dialect(name), SPOKEN[name][1], payload)


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_damaged_session_of_sparkplug_is_telemetry_or_refused(data: st.DataObject) -> None:
    node = EdgeNode(NOW_MS)
    session = [
        node.nbirth(),
        node.dbirth(),
        node.ddata(2.0),
        node.ddeath(),
        node.dbirth(),
        node.ddata(1.0),
        node.ndeath(),
    ]
    dialect = a_dialect("sparkplug-b", devices={f"{GROUP}/{NODE}/{DEVICE}": "x", f"{GROUP}/{NODE}": "y"})

    for topic, raw in data.draw(st.permutations(session)) if data.draw(st.booleans()) else session:
        believe(dialect, topic, data.draw(mutated([raw])))
