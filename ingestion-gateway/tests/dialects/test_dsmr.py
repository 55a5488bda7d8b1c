"""Every recorded telegram says what its meter showed, in our signs and in UTC."""

from datetime import UTC, datetime

import pytest

from gridseal.errors import WireError
from ingestion_gateway.dialects.p1_telegram import crc16

from .builders import NOW_MS, Value, of_device, recorded, said, values


def telegram(name: str) -> bytes:
    return recorded(f"dsmr-p1/{name}.p1.txt")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


# Import and export register, power (export less import), sample time. Sums of tariffs are worked out by hand.
EXPECTED: dict[str, tuple[Value, Value | None, Value, str | None]] = {
    "v2_2": ((2.002, "kW.h"), (2.002, "kW.h"), (-1.01, "kW"), None),
    "v3": ((24691.356, "kW.h"), (24691.356, "kW.h"), (-1.19, "kW"), None),
    "v4_2": ((3016.829, "kW.h"), (0.0, "kW.h"), (-2.027, "kW"), "2016-11-13T19:57:57"),
    "v5": ((6.825, "kW.h"), (2.444, "kW.h"), (-0.244, "kW"), "2017-01-02T18:20:02"),
    "v5_two_mbus": ((2375.582, "kW.h"), (0.0, "kW.h"), (-0.111, "kW"), "2020-04-26T20:33:25"),
    "v5_eon_hu": ((173.64, "kW.h"), (627.177, "kW.h"), (2.601, "kW"), "2023-07-24T13:07:30"),
    "fluvius_v171": ((15.792, "kW.h"), (0.011, "kW.h"), (0.0, "kW"), "2020-05-12T11:54:09"),
    "fluvius_v171_alt": ((571.562, "kW.h"), (0.005, "kW.h"), (-0.338, "kW"), "2023-11-02T11:15:48"),
    "iskra_ie": ((20.363, "kW.h"), (20.563, "kW.h"), (0.1, "kW"), "2023-02-02T11:27:47"),
    "sagemcom_t210_d_r": ((6545766.0, "W.h"), (58.0, "W.h"), (-286.0, "W"), "2022-10-06T13:50:14"),
    "esy5q3da1004_v304": ((32549.5061662, "kW.h"), None, (-1688.21, "W"), None),
    "esy5q3db1024_v304": ((52185.7825309, "kW.h"), (19949.3221493, "kW.h"), (-2124.86, "W"), None),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_telegram_gives_its_registers_and_its_power(name: str) -> None:
    into, out, power, time = EXPECTED[name]
    adapted = said("dsmr-p1", telegram(name), sample_period_s=1)

    found = values(adapted)
    assert found["energy_import_register"] == into
    assert found.get("energy_export_register") == out
    assert found["active_power"] == power
    message = of_device(adapted)
    end_ms = at(time) if time else NOW_MS
    assert {(r.period_start_ms, r.period_ms) for r in message.readings} == {(end_ms - 1_000, 1_000)}
    assert (message.seq, message.sent_at_ms) == (end_ms, end_ms)


def test_the_checksum_is_crc_16_arc() -> None:
    assert crc16(b"123456789") == 0xBB3D  # the check value of the catalog of CRC algorithms


def test_a_heat_meter_says_nothing_that_is_telemetry() -> None:
    adapted = said("dsmr-p1", telegram("unpadded_crc"))  # its checksum is printed with three digits

    assert adapted.messages == ()


def test_the_four_quadrants_of_the_hungarian_meter_make_one_reactive_power() -> None:
    found = values(said("dsmr-p1", telegram("v5_eon_hu")))

    assert found["reactive_power"] == (0.504, "kvar")  # QIII 0.504 flows into the grid
    assert found["frequency"] == (50.0, "Hz")
    assert "power_factor" not in found  # 13.7.0 says 4.556


def test_a_phase_goes_to_its_own_device_or_to_whoever_the_settings_name() -> None:
    devices = {"x": "x", "x#L1": "x-l1", "x#L2": "x-l2"}
    adapted = said("dsmr-p1", telegram("v5"), devices=devices, metrics={"72.7.0": {"quantity": "voltage"}})

    assert values(adapted, "x-l1") == {"active_power": (-0.07, "kW"), "current": (0.48, "A"), "voltage": (230.0, "V")}
    assert values(adapted, "x-l2")["active_power"] == (-0.032, "kW")
    assert values(adapted)["voltage"] == (229.0, "V")


@pytest.mark.parametrize("name", ["v4_2", "v5", "v5_two_mbus", "v5_eon_hu", "fluvius_v171", "iskra_ie", "unpadded_crc"])
def test_a_changed_digit_breaks_the_checksum(name: str) -> None:
    with pytest.raises(WireError) as refused:
        said("dsmr-p1", telegram(name).replace(b"1", b"2", 1))

    assert refused.value.reason == "bad_checksum"


def test_a_telegram_that_states_a_version_must_have_its_checksum() -> None:
    with pytest.raises(WireError, match="should have a checksum"):
        said("dsmr-p1", telegram("v5").replace(b"!6EEE", b"!"))


def signed(time: str) -> bytes:
    body = f"/XXX5\\METER\r\n\r\n0-0:1.0.0({time})\r\n1-0:1.7.0(00.244*kW)\r\n!".encode()
    return body + b"%04X\r\n" % crc16(body)


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("261025023000S", "2026-10-25T00:30:00"),
        ("261025023000W", "2026-10-25T01:30:00"),
        ("260329015959W", "2026-03-29T00:59:59"),
        ("260329030000S", "2026-03-29T01:00:00"),
        ("260615120000S", "2026-06-15T10:00:00"),
    ],
)
def test_the_flag_tells_the_doubled_hour_apart(time: str, utc: str) -> None:
    assert of_device(said("dsmr-p1", signed(time))).sent_at_ms == at(utc)


@pytest.mark.parametrize(("time", "zone"), [("261332000000W", "Europe/Madrid"), ("260101000000S", "Africa/Algiers")])
def test_a_time_that_cannot_be_is_refused(time: str, zone: str) -> None:
    with pytest.raises(WireError) as refused:
        said("dsmr-p1", signed(time), time_zone=zone)

    assert refused.value.reason == "bad_time"


def test_registers_in_two_units_add_up() -> None:
    body = b"/XXX\r\n\r\n1-0:1.8.1(000001.500*kWh)\r\n1-0:1.8.2(000000250*Wh)\r\n1-0:2.7.0(00.250*kW)\r\n!\r\n"

    found = values(said("dsmr-p1", body))

    assert found == {"energy_import_register": (1750.0, "W.h"), "active_power": (0.25, "kW")}
