"""From samples to readings: periods, means, signs, identities, and what the catalog asks for."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridseal.errors import WireError
from gridseal.wire.codec import decode, encode
from gridseal.wire.telemetry import Telemetry
from ingestion_gateway.dialects.dialect import Adapted
from ingestion_gateway.dialects.registry import Guarded, of_quantities

from .builders import NOW_MS, a_dialect, an_entry, of_device, said, values


@given(st.integers(0, 2**43), st.sampled_from([1, 5, 10, 60, 900, 3_600]))
def test_no_reading_ends_after_its_sample_and_none_is_a_period_late(at_ms: int, period_s: int) -> None:
    adapted = said(
        "sunspec", {"models": [{"ID": 103, "W": 1}]}, received_at_ms=at_ms + 3_600_000, sample_period_s=period_s
    )

    (reading,) = of_device(adapted).readings
    end_ms = reading.period_start_ms + reading.period_ms
    assert 0 <= at_ms + 3_600_000 - end_ms < period_s * 1_000
    assert (end_ms % (period_s * 1_000), reading.period_ms) == (0, period_s * 1_000)


def test_settings_change_name_unit_and_sign_or_switch_a_metric_off() -> None:
    metrics: dict[str, Any] = {
        "apower": {"quantity": "active_power", "sign": 1},
        "voltage": {"quantity": "voltage", "unit": "mV"},
        "current": None,
        "aenergy.total": {"quantity": "energy_export_register"},
        "watts": {"quantity": "active_power"},
    }
    state = {"apower": 5, "voltage": 230000, "current": 1, "aenergy": {"total": 7}}

    adapted = said("shelly-gen2", {"result": {"switch:0": state}}, metrics=metrics)

    assert values(adapted) == {
        "active_power": (5.0, "W"),
        "voltage": (230000.0, "mV"),
        "energy_export_register": (7.0, "W.h"),
    }
    assert adapted.unmapped == 1


def test_a_metric_without_a_unit_is_refused() -> None:
    with pytest.raises(WireError, match="set it in metrics") as refused:
        said("senml", [{"n": "p", "v": 1}], metrics={"p": {"quantity": "active_power"}})

    assert refused.value.reason == "wrong_unit"


def test_the_same_bytes_give_the_same_message_and_other_times_another() -> None:
    payload = {"method": "NotifyStatus", "params": {"ts": 1780271990.5, "switch:0": {"apower": 3}}}
    later = {"method": "NotifyStatus", "params": {"ts": 1780271991.5, "switch:0": {"apower": 3}}}

    first, again, second = (of_device(said("shelly-gen2", one)) for one in (payload, payload, later))

    assert encode(first) == encode(again)
    assert (first.boot_id, second.seq) == (second.boot_id, first.seq + 1_000)


def test_a_long_pack_is_cut_into_messages_of_a_size_that_the_contract_allows() -> None:
    pack = [{"n": "t", "u": "Cel", "t": 1_700_000_000 + 60 * n, "v": n} for n in range(2_500)]

    messages = said("senml", pack).messages

    assert [len(message.readings) for message in messages] == [1_000, 1_000, 500]
    assert len({(message.boot_id, message.seq) for message in messages}) == 3
    assert all(decode(Telemetry, encode(message)) == message for message in messages)


def test_zero_has_one_spelling() -> None:
    state = b'{"result": {"switch:0": {"apower": 0.0, "aenergy": {"total": -0.0}}}}'

    assert {str(reading.value) for reading in of_device(said("shelly-gen2", state)).readings} == {"0.0"}


def test_a_device_keeps_the_quantities_that_it_has_a_series_for() -> None:
    state = {"apower": 5, "voltage": 230, "current": 1}
    message = of_device(said("shelly-gen2", {"result": {"switch:0": state}}))

    kept, dropped = of_quantities(message, frozenset({"active_power"}))

    assert kept is not None
    assert [reading.quantity for reading in kept.readings] == ["active_power"]
    assert dropped == 2
    assert of_quantities(message, frozenset({"irradiance"})) == (None, 3)
    assert of_quantities(message, frozenset({"active_power", "voltage", "current"})) == (message, 0)


class _Faulty:
    name = "faulty"
    place = ("demo", "home-01")

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        raise ZeroDivisionError


def test_a_fault_of_an_adapter_ends_one_message_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(WireError) as refused:
        Guarded(_Faulty()).adapt("a", b"", NOW_MS)

    assert refused.value.reason == "adapter_failed"


def test_a_topic_of_another_entry_is_refused() -> None:
    with pytest.raises(WireError) as refused:
        a_dialect("sunspec").adapt("elsewhere", b"{}", NOW_MS)

    assert refused.value.reason == "foreign_topic"
    assert an_entry("sunspec").foreign_name("sunspec/a") == "a"
