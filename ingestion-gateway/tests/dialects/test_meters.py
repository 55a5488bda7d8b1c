"""The JSON meters: Shelly, Tasmota, Zigbee2MQTT, Sinapsi, CIM."""

import json
from typing import Any

import pytest

from gridseal.errors import WireError

from .builders import NOW_MS, SPOKEN, of_device, recorded, said, values


def shelly(name: str) -> bytes:
    return recorded(f"mqtt-meters/shelly_{name}.json")


def test_a_three_phase_shelly_gives_totals_and_phases() -> None:
    adapted = said("shelly-gen2", shelly("gen2_pro3em_GetStatus"), devices={"x": "x", "x#em:0/b": "x-b"})

    assert values(adapted) == {
        "active_power": (-558.965, "W"),
        "apparent_power": (882.413, "V.A"),
        "current": (3.856, "A"),
        "energy_import_register": (2589773.39, "W.h"),
        "energy_export_register": (1026.61, "W.h"),
    }
    assert values(adapted, "x-b") == {
        "active_power": (-170.8, "W"),
        "apparent_power": (237.2, "V.A"),
        "current": (1.037, "A"),
        "frequency": (50.0, "Hz"),
        "power_factor": (0.78, "1"),
        "voltage": (229.0, "V"),
        "energy_import_register": (185686.89, "W.h"),
        "energy_export_register": (40.7, "W.h"),
    }
    assert of_device(adapted).sent_at_ms == 1707326927000


@pytest.mark.parametrize(
    ("name", "power", "register", "voltage"),
    [
        ("gen2_plus1pm_GetStatus", 0.0, 110.046, 232.8),
        ("gen2_plusplugs_GetStatus", -2.7, 7258.589, 227.9),
        ("gen2_pro4pm_GetStatus", 0.0, 0.0, 121.7),
        ("notifystatus_switch", 0.0, 0.0, 228.5),
    ],
)
def test_channel_0_of_a_switch_answers_to_the_plain_name(
    name: str, power: float, register: float, voltage: float
) -> None:
    found = values(said("shelly-gen2", shelly(name)))

    assert found["active_power"] == (power, "W")
    assert found["energy_import_register"] == (register, "W.h")
    assert found["voltage"] == (voltage, "V")


def test_the_other_channels_have_names_of_their_own() -> None:
    adapted = said("shelly-gen2", shelly("gen2_pro4pm_GetStatus"), devices={"x": "x", "x#switch:3": "pump"})

    assert values(adapted, "pump")["voltage"] == (121.8, "V")
    assert {message.device_id for message in adapted.messages} == {"x", "pump"}


def test_a_notification_of_export_is_positive_and_ends_before_it_was_made() -> None:
    adapted = said("shelly-gen2", shelly("notifystatus_em"), sample_period_s=10)

    message = of_device(adapted)
    assert values(adapted)["active_power"] == (18.017, "W")
    assert message.sent_at_ms == message.seq == 1757059829080
    assert {(r.period_start_ms, r.period_ms) for r in message.readings} == {(1757059810000, 10_000)}


def test_the_frequency_of_a_phase_without_voltage_is_noise() -> None:
    devices = {f"x#em:0/{phase}": f"x-{phase}" for phase in "abc"}

    adapted = said("shelly-gen2", shelly("notifystatus_em"), devices=devices)

    assert "frequency" not in values(adapted, "x-a")
    assert values(adapted, "x-c")["frequency"] == (50.0, "Hz")


def test_single_phase_power_and_energy_of_one_channel_are_one_device() -> None:
    devices = {"x#em1:1": "one", "x#em1:2": "two"}

    power = said("shelly-gen2", shelly("notifystatus_em1"), devices=devices)
    energy = said("shelly-gen2", shelly("notifystatus_em1data"), devices=devices)

    assert values(power, "two")["current"] == (0.027, "A")
    assert "frequency" not in values(power, "two")  # 198 Hz at 0 V
    assert values(energy, "one") == {"energy_import_register": (0.06, "W.h"), "energy_export_register": (0.0, "W.h")}


def test_power_and_energy_of_one_moment_are_two_messages() -> None:
    power = json.loads(shelly("notifystatus_em"))
    energy = json.loads(shelly("notifystatus_emdata"))
    energy["params"]["ts"] = power["params"]["ts"]

    first, second = (of_device(said("shelly-gen2", one)) for one in (power, energy))

    assert (first.seq, first.device_id) == (second.seq, second.device_id)
    assert first.boot_id != second.boot_id
    assert values(said("shelly-gen2", energy))["energy_export_register"] == (131881.86, "W.h")


def test_the_state_of_one_component_has_its_name_in_the_topic() -> None:
    adapted = said(
        "shelly-gen2",
        {"id": 1, "apower": 12.5},
        filter="+/status/#",
        topic="x/status/switch:1",
        devices={"x#switch:1": "x"},
    )

    assert values(adapted) == {"active_power": (-12.5, "W")}


@pytest.mark.parametrize(
    "payload",
    [
        {"src": "x", "method": "NotifyEvent", "params": {"ts": 1.0, "events": [{"event": "single_push"}]}},
        {"src": "x", "method": "NotifyStatus", "params": {"ts": 1.0, "input:0": {"id": 0, "state": True}}},
        {"id": 1, "src": "x", "result": {"was_on": False}},
    ],
)
def test_a_button_says_nothing_that_is_telemetry(payload: dict[str, Any]) -> None:
    assert said("shelly-gen2", payload).messages == ()


TASMOTA = {
    "Time": "2026-06-01T01:59:58",
    "ENERGY": {
        "TotalStartTime": "2025-01-01T00:00:00",
        "Total": 12.345,
        "Yesterday": 5.1,
        "Power": 1500,
        "ApparentPower": 1520,
        "ReactivePower": 246,
        "Factor": 0.99,
        "Voltage": 231,
        "Current": 6.58,
    },
}


def test_tasmota_clocks_are_local() -> None:
    adapted = said("tasmota", TASMOTA)

    assert of_device(adapted).sent_at_ms == NOW_MS - 2_000  # 01:59:58 in Amsterdam in summer
    assert values(adapted) == {
        "active_power": (-1500.0, "W"),
        "apparent_power": (1520.0, "V.A"),
        "reactive_power": (-246.0, "var"),
        "power_factor": (0.99, "1"),
        "voltage": (231.0, "V"),
        "current": (6.58, "A"),
        "energy_import_register": (12.345, "kW.h"),
    }


@pytest.mark.parametrize("hour", [0, 1])
def test_the_doubled_hour_is_the_one_near_receipt(hour: int) -> None:
    received_at_ms = 1_792_888_205_000 + hour * 3_600_000  # 2026-10-25T00:30:05Z

    adapted = said("tasmota", TASMOTA | {"Time": "2026-10-25T02:30:00"}, received_at_ms=received_at_ms)

    assert of_device(adapted).sent_at_ms == received_at_ms - 5_000


def test_a_status_answer_wraps_the_same_object() -> None:
    assert values(said("tasmota", {"StatusSNS": TASMOTA})) == values(said("tasmota", TASMOTA))


def test_channels_are_devices_of_their_own_and_their_power_adds_up() -> None:
    payload = {"Time": "2026-06-01T02:00:00", "ENERGY": {"Power": [100, 50.5], "Voltage": [230, 231], "Total": [1, 2]}}

    adapted = said("tasmota", payload, devices={"x": "x", "x#2": "x-2"})

    assert values(adapted) == {"active_power": (-150.5, "W")}
    assert values(adapted, "x-2") == {
        "active_power": (-50.5, "W"),
        "voltage": (231.0, "V"),
        "energy_import_register": (2.0, "kW.h"),
    }


def test_the_power_of_a_teleinfo_meter_is_apparent() -> None:
    tic = {"ADCO": "000000000000", "OPTARIF": "HC..", "HCHC": 100, "HCHP": 200, "IINST": 1, "PAPP": 170}
    energy = {"Total": 300.5, "Power": 170, "Current": 1.0, "Load": 6}

    both = values(said("tasmota", {"Time": "2026-06-01T02:00:00", "ENERGY": energy, "TIC": tic}))
    alone = said("tasmota", {"TIC": {"PAPP": 190}})

    assert both["apparent_power"] == (170.0, "V.A")
    assert both["energy_import_register"] == (300.5, "kW.h")
    assert "active_power" not in both
    assert values(alone) == {"apparent_power": (190.0, "V.A")}
    assert of_device(alone).sent_at_ms == NOW_MS
    assert said("tasmota", {"EnergyConfig": "Done"}).messages == ()


def test_a_zigbee_plug_says_only_what_it_has_read() -> None:
    plug = {"current": 0.1, "energy": None, "power": 12, "voltage": 241, "linkquality": 81, "state": "ON"}

    adapted = said("zigbee2mqtt", plug | {"last_seen": "2026-05-31T23:59:00+00:00", "update": {"state": None}})

    assert values(adapted) == {"current": (0.1, "A"), "active_power": (-12.0, "W"), "voltage": (241.0, "V")}
    assert of_device(adapted).sent_at_ms == NOW_MS - 60_000
    assert adapted.unmapped == 0


def test_the_linky_meter_changed_its_words_and_its_unit() -> None:
    before = {"currentSummDelivered": 4571435, "currentTier1SummDelivered": 4571567, "rmsCurrent": 2}
    after = {
        "apparent_power": 600,
        "current_tier1_summ_delivered": 20479.253,
        "current_tier2_summ_delivered": 16637.581,
    }

    assert values(said("zigbee2mqtt", before)) == {
        "energy_import_register": (4571435.0, "W.h"),
        "current": (2.0, "A"),
    }
    assert values(said("zigbee2mqtt", after)) == {
        "apparent_power": (600.0, "V.A"),
        "energy_import_register": (37116.834, "kW.h"),
    }


@pytest.mark.parametrize("topic", ["zigbee2mqtt/bridge/state", "zigbee2mqtt/x/availability", "zigbee2mqtt/x/set"])
def test_the_bridge_is_no_device(topic: str) -> None:
    assert said("zigbee2mqtt", b"online", topic=topic).messages == ()


def test_sinapsi_puts_its_numbers_in_quotes() -> None:
    adapted = said("sinapsi-alfa", recorded("mqtt-meters/it_sinapsi_alfa_1.json"))

    assert values(adapted) == {"active_power": (-59.0, "W")}
    assert of_device(adapted).sent_at_ms == 1757506202000


def test_sinapsi_power_is_export_less_import() -> None:
    moment = {"ts": "1780271940", "1-0:1.7.0.255_3,0_2": "59", "1-0:2.7.0.255_3,0_2": "1059"}
    moment |= {"1-0:1.8.0.255_3,0_2": "123456", "1-0:2.8.0.255_3,0_2": "654321", "1-0:1.27.0.255_3,0_2": "61"}

    adapted = said("sinapsi-alfa", [{"du": "DU1", "pod": "IT1", "data": [moment]}])

    assert values(adapted) == {
        "active_power": (1000.0, "W"),
        "energy_import_register": (123456.0, "W.h"),
        "energy_export_register": (654321.0, "W.h"),
    }
    assert adapted.unmapped == 1  # the mean of a quarter of an hour: no reading of ours


def test_two_points_of_delivery_need_two_names() -> None:
    meters = [{"pod": pod, "data": [{"ts": "1780271940", "1-0:1.7.0.255_3,0_2": "1"}]} for pod in ("IT1", "IT2")]
    with pytest.raises(WireError, match="two things"):
        said("sinapsi-alfa", meters)

    adapted = said("sinapsi-alfa", meters, devices={"x#IT1": "one", "x#IT2": "two"})

    assert {message.device_id for message in adapted.messages} == {"one", "two"}


def test_cim_says_power_in_kw_and_registers_in_kwh() -> None:
    adapted = said("cim-rtd", recorded("mqtt-meters/cim_rtd_1.json"))

    assert values(adapted) == {"active_power": (-0.132, "kW"), "energy_import_register": (65238.377, "kW.h")}
    assert of_device(adapted).sent_at_ms == 1770823944000


def test_a_cim_device_that_means_watts_can_be_told_so() -> None:
    metrics = {"2-3": {"quantity": "active_power", "unit": "W"}}

    assert values(said("cim-rtd", recorded("mqtt-meters/cim_rtd_1.json"), metrics=metrics))["active_power"] == (
        -0.132,
        "W",
    )


def test_cim_in_its_other_spelling_and_inside_its_document() -> None:
    series = {
        "version": "1.0",
        "registeredResourceMRID": {"value": "5eef407d", "codingScheme": "NAT"},
        "dateAndOrTimeDateTime": "2026-05-31T23:59:30.073747585Z",
        "quantities": [
            {"quantity": 2, "type": "2", "quality": "AS_PROVIDED"},
            {"quantity": 3.5, "type": "3", "quality": "ESTIMATED"},
            {"quantity": 230, "type": "4", "quality": "AS_PROVIDED"},
            {"quantity": 9, "type": "1", "quality": "NOT_AVAILABLE"},
        ],
    }

    adapted = said("cim-rtd", {"marketDocument": {"timeSeries": [series]}}, devices={"x": "x", "x#L1": "x-l1"})

    (reading,) = of_device(adapted).readings
    assert (reading.quantity, reading.value, reading.quality) == ("active_power", 1.5, "suspect")
    assert values(adapted, "x-l1") == {"voltage": (230.0, "V")}


@pytest.mark.parametrize(
    ("dialect", "payload", "reason"),
    [
        ("shelly-gen2", b"[]", "malformed"),
        ("shelly-gen2", b"{", "not_json"),
        ("shelly-gen2", b'{"params": {"em:0": {"total_act_power": NaN}}, "method": "NotifyStatus"}', "not_json"),
        ("shelly-gen2", b'{"method": "NotifyStatus", "params": {"em:0": {"total_act_power": 1e13}}}', "malformed"),
        ("tasmota", b'{"Time": "noon"}', "bad_time"),
        ("zigbee2mqtt", b'{"power": 1, "last_seen": "2026-06-01T00:00:00"}', "bad_time"),
        ("sinapsi-alfa", b'[{"data": [{"ts": "now"}]}]', "bad_time"),
        ("sinapsi-alfa", b"[1]", "malformed"),
        ("cim-rtd", b"{}", "bad_time"),
        ("cim-rtd", b'{"dateAndOrTimeDateTime": "2026-06-01T00:00:00Z", "quantities": [1]}', "malformed"),
        ("sunspec", b'{"models": 1}', "malformed"),
        ("shelly-gen2", b" " * 262_145, "too_large"),
        ("shelly-gen2", b"[" * 100_000, "not_json"),
    ],
)
def test_nonsense_is_refused_with_its_reason(dialect: Any, payload: bytes, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        said(dialect, payload)

    assert refused.value.reason == reason


@pytest.mark.parametrize("dialect", SPOKEN)
def test_a_device_that_the_settings_do_not_know_is_refused(dialect: Any) -> None:
    stranger = {"plant/y": "y"} if dialect == "sparkplug-b" else {"y": "y"}

    with pytest.raises(WireError) as refused:
        said(dialect, b"{}", devices=stranger)

    assert refused.value.reason == "unknown_device"
