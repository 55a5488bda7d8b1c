"""An auditor finds what a device did not sign."""

import json
from typing import Any

import pytest

from gridseal.identity.audit import SignedReadings, compare, stored_form
from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.signing import signing_bytes
from gridseal.wire.telemetry import Reading

KEY, EARLIER = SigningKey.new(), SigningKey.new()
HOUR_MS = 3_600_000


def a_message(seq: int, value: float = 1.5, key: SigningKey | None = KEY, **changes: Any) -> bytes:
    reading = {"quantity": "active_power", "unit": "kW", "period_start_ms": seq * HOUR_MS, "period_ms": HOUR_MS}
    content = {
        "schema": "telemetry/1",
        "device_id": "meter-1",
        "boot_id": "0123456789abcdef",
        "seq": seq,
        "sent_at_ms": 1,
        "readings": [{**reading, "value": value, **changes}],
    }
    if key is not None:
        content["signature"] = key.sign(signing_bytes(content))
    return json.dumps(content).encode()


def signed(*payloads: bytes) -> SignedReadings:
    readings = SignedReadings([KEY.public, EARLIER.public])
    for payload in payloads:
        readings.add(payload)
    return readings


def test_what_was_signed_as_it_is_stored_is_covered_whichever_key_of_the_device_signed_it() -> None:
    readings = signed(a_message(0), a_message(1, 2.0, EARLIER))

    findings = compare(readings, [(("active_power", 0), 1_500_000), (("active_power", HOUR_MS), 2_000_000)])

    assert findings.clean
    assert (findings.covered, readings.forged, readings.unsigned) == (2, 0, 0)


def test_a_changed_value_an_unsigned_message_and_a_strangers_signature_are_found() -> None:
    tampered = a_message(2).replace(b'"value": 1.5', b'"value": 9.5')
    readings = signed(a_message(0), a_message(1, key=None), tampered, a_message(3, key=SigningKey.new()), b"{")

    stored = [(("active_power", n * HOUR_MS), 1_500_000) for n in range(1, 4)]
    findings = compare(readings, [(("active_power", 0), 1_500_001), *stored])

    assert not findings.clean
    assert findings.different == (("active_power", 0),)
    assert findings.uncovered == tuple(key for key, _ in stored)
    assert (readings.messages, readings.unsigned, readings.forged) == (5, 1, 3)


def test_nothing_is_said_about_what_came_before_the_device_had_a_key() -> None:
    readings = signed(a_message(1))
    readings.before_key.add(("active_power", 0))

    findings = compare(readings, [(("active_power", n * HOUR_MS), 1_500_000) for n in range(3)])

    assert (findings.covered, findings.uncovered) == (1, (("active_power", 2 * HOUR_MS),))


@pytest.mark.parametrize(
    ("quantity", "unit", "value", "stored"),
    [
        ("active_energy_import", "kW.h", 0.5, ("active_power", -2_000_000)),
        ("active_energy_export", "W.h", 500.0, ("active_power", 2_000_000)),
        ("air_temperature", "Cel", 21.25, ("air_temperature", 21_250)),
        ("wind_speed", "km/h", 36.0, ("wind_speed", 10_000)),
    ],
)
def test_a_reading_takes_the_form_in_which_the_stream_stores_it(
    quantity: Any, unit: str, value: float, stored: tuple[str, int]
) -> None:
    reading = Reading(quantity=quantity, unit=unit, period_start_ms=0, period_ms=HOUR_MS // 4, value=value)

    (name, _), milli = stored_form(reading)

    assert (name, milli) == stored
