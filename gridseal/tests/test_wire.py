"""A message means the same on both ends of the wire."""

from datetime import timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridseal.errors import WireError
from gridseal.wire.codec import decode, encode
from gridseal.wire.forecasts import ForecastRun, Point
from gridseal.wire.schemas import schema_texts
from gridseal.wire.telemetry import Reading, Telemetry
from gridseal.wire.units import BASE_UNITS, UNITS

from .builders import SLOT, a_run, a_series

readings = st.builds(
    Reading,
    quantity=st.just("active_power"),
    unit=st.sampled_from(["W", "kW", "MW"]),
    period_start_ms=st.integers(0, 4_000_000_000_000),
    period_ms=st.integers(1_000, 86_400_000),
    value=st.floats(-1e9, 1e9, allow_nan=False),
    quality=st.sampled_from(["good", "suspect", "bad"]),
)
messages = st.builds(
    Telemetry,
    device_id=st.just("home-01-meter"),
    boot_id=st.just("0123456789abcdef"),
    seq=st.integers(0, 2**53 - 1),
    sent_at_ms=st.integers(0, 4_000_000_000_000),
    readings=st.lists(readings, min_size=1, max_size=5).map(tuple),
)


@given(messages)
def test_a_message_survives_the_wire(message: Telemetry) -> None:
    assert decode(Telemetry, encode(message)) == message


@pytest.mark.parametrize(
    ("payload", "reason", "field"),
    [
        (b"{", "not_json", "payload"),
        (b"[]", "malformed", "payload"),
        (b'{"device_id": "a"}', "malformed", "boot_id"),
        (
            b'{"schema":"telemetry/1","device_id":"a","boot_id":"0123456789abcdef","seq":0,"sent_at_ms":0,"readings":[]}',
            "malformed",
            "readings",
        ),
        (
            b'{"schema":"telemetry/1","device_id":"a","boot_id":"0123456789abcdef","seq":0,"sent_at_ms":0,"readings":[{"quantity":"active_power","unit":"W","period_start_ms":0,"period_ms":1000,"value":NaN}]}',
            "not_finite",
            "readings.0.value",
        ),
    ],
)
def test_what_breaks_the_contract_is_refused_by_field_name(payload: bytes, reason: str, field: str) -> None:
    with pytest.raises(WireError, match=field) as caught:
        decode(Telemetry, payload)

    assert caught.value.reason == reason


def test_one_moment_has_one_encoding() -> None:
    local = SLOT.astimezone(timezone(timedelta(hours=2)))

    assert encode(Point(target_start=local, values_milli=(1,))) == encode(Point(target_start=SLOT, values_milli=(1,)))


def test_crossing_quantiles_cannot_be_a_run() -> None:
    crossing = Point(target_start=SLOT, values_milli=(7, 6, 5, 4, 3, 2, 1))

    with pytest.raises(ValueError, match="never decrease"):
        a_run(series=(a_series(points=(crossing,)),))


def test_a_run_survives_the_wire() -> None:
    run = a_run()

    assert decode(ForecastRun, encode(run)) == run


def test_every_quantity_has_units_and_all_but_energy_a_base_unit() -> None:
    assert {q for q in UNITS if not q.startswith("active_energy")} == set(BASE_UNITS)
    assert all(unit in UNITS[quantity] for quantity, unit in BASE_UNITS.items())


def test_the_committed_schemas_are_what_the_code_says() -> None:
    folder = Path(__file__).parents[1] / "schemas"

    assert {p.name: p.read_text() for p in folder.glob("*.json")} == schema_texts(), "run: make schemas"
