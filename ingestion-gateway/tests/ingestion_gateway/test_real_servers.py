"""The gateway between a real Mosquitto and a real Kafka."""

import json
import math
import os
import secrets
import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from gridseal.wire.topics import DEAD_LETTER, QUARANTINE

from .builders import a_message, a_reading
from .field import DEVICE, SITE, STRANGER, STRANGER_SITE, Field, FieldDevice, eventually

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]

PAST = a_reading(period_start_ms=int(time.time()) // 3_600 * 3_600_000 - 86_400_000)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    field = Field(tmp_path_factory.mktemp("field"), int(os.environ.get("TEST_GATEWAY_PORT_BASE", "21000")))
    try:
        field.start("kafka")
        field.publish_catalog()
        field.start("mosquitto")
        field.start("gateway")
        yield field
    finally:
        field.stop()


def test_bad_telemetry_is_refused_counted_and_kept_with_its_reason(field: Field) -> None:
    boot = secrets.token_hex(8)
    poison = {
        "not_finite": a_message(a_reading(value=math.nan), boot_id=boot, seq=1),
        "wrong_unit": a_message(a_reading(unit="kW.h"), boot_id=boot, seq=2),
        "foreign_quantity": a_message(a_reading(quantity="irradiance", unit="W/m2"), boot_id=boot, seq=3),
        "malformed": a_message(surprise=1, boot_id=boot, seq=4),
        "bad_period": a_message(a_reading(period_start_ms=1), boot_id=boot, seq=5),
        "foreign_device": a_message(PAST, device_id="home-09-pv", boot_id=boot, seq=6),
        "too_large": a_message(PAST, boot_id=boot, seq=7, surprise="x" * 270_000),
    }
    doubtful = a_message(a_reading(period_start_ms=4_102_444_800_000), boot_id=boot, seq=10)
    device, stranger = FieldDevice(field, DEVICE, SITE), FieldDevice(field, STRANGER, STRANGER_SITE)
    device.send([b"{", *poison.values(), doubtful, a_message(PAST, boot_id=boot, seq=8)])
    stranger.send([a_message(PAST, device_id=STRANGER, boot_id=boot, seq=9)])
    eventually(lambda: not device.unreceipted and not stranger.unreceipted, what="a receipt for every message")
    device.close()
    stranger.close()

    told = {(boot, seq): reason for seq, reason in enumerate(poison, start=1)}
    assert device.refused == told
    assert stranger.refused == {(boot, 9): "unknown_device"}
    eventually(lambda: field.get("/api/v1/gateway/status")["refused"].get("not_json"), what="the poison without an id")
    assert field.get("/api/v1/gateway/status")["refused"] == dict.fromkeys([*poison, "unknown_device", "not_json"], 1)
    kept = field.get("/api/v1/gateway/dead-letters")["items"]
    assert {item["reason"] for item in kept} == {*poison, "unknown_device", "not_json"}
    assert set(poison.values()) < set(field.records(DEAD_LETTER, 1))
    assert field.get("/api/v1/gateway/status")["quarantined"] == {"future_period": 1}
    assert [item["reason"] for item in field.get("/api/v1/gateway/quarantine")["items"]] == ["future_period"]
    assert field.records(QUARANTINE, 1) == [doubtful]
    hop = field.get(f"/api/v1/gateway/trail?device_id={DEVICE}&boot_id={boot}&seq=8")
    assert (hop["boot_id"], hop["seq"]) == (boot, 8)
    assert [one["quantity"] for one in hop["readings"]] == ["active_power"]


@pytest.mark.parametrize("victim", ["gateway", "mosquitto", "kafka"])
def test_a_kill_loses_nothing_that_the_device_still_holds(field: Field, victim: str) -> None:
    boot = secrets.token_hex(8)
    device = FieldDevice(field, DEVICE, SITE)
    device.send([a_message(PAST, boot_id=boot, seq=seq) for seq in range(400)])
    eventually(lambda: len(device.unreceipted) < 400, what="the first receipt")
    device.send([a_message(PAST, boot_id=boot, seq=seq) for seq in range(400, 1_200)])

    field.kill(victim)
    field.start(victim)

    device.insist(within_s=150)
    device.close()

    arrived = [json.loads(value) for value in field.records("telemetry.solar", 2)]
    assert {message["seq"] for message in arrived if message["boot_id"] == boot} == set(range(1_200))
    eventually(lambda: field.get("/api/v1/gateway/status")["in_flight"] == 0, what="nothing in hand")


def test_totals_outlive_the_process(field: Field) -> None:
    before = field.get("/api/v1/gateway/status")
    field.kill("gateway")
    field.start("gateway")
    after = field.get("/api/v1/gateway/status")

    assert after["messages_accepted"] == before["messages_accepted"]
    assert after["refused"] == before["refused"]


def test_an_operator_brings_in_what_came_before_its_device_was_known(field: Field) -> None:
    boot = secrets.token_hex(8)
    stranger, payload = (
        FieldDevice(field, STRANGER, STRANGER_SITE),
        a_message(PAST, device_id=STRANGER, boot_id=boot, seq=1),
    )
    stranger.send([payload])
    eventually(lambda: stranger.refused, what="the refusal")
    stranger.close()
    letter = field.get("/api/v1/gateway/dead-letters?limit=1")["items"][0]
    assert (letter["reason"], letter["payload"].encode()) == ("unknown_device", payload)

    field.publish_catalog((DEVICE, SITE), (STRANGER, STRANGER_SITE))
    eventually(lambda: field.get("/api/v1/gateway/status")["devices_known"] == 2, what="the new device")
    address = f"http://127.0.0.1:{field.ports.at(8030)}/api/v1/gateway/dead-letters/replay"
    answer = httpx.post(address, json={"offsets": [letter["offset"]]}, timeout=20).raise_for_status().json()

    assert answer["items"] == [{"offset": letter["offset"], "outcome": "accepted", "reason": ""}]
    assert payload in field.records("telemetry.solar", 2)


def test_a_frozen_kafka_means_waiting_and_nothing_else(field: Field) -> None:
    boot = secrets.token_hex(8)
    device = FieldDevice(field, DEVICE, SITE)
    field.send_signal("kafka", signal.SIGSTOP)
    device.send([a_message(PAST, boot_id=boot, seq=seq) for seq in range(500)])
    eventually(lambda: field.get("/api/v1/gateway/status")["in_flight"] == 500, what="all in hand")
    assert len(device.unreceipted) == 500

    field.send_signal("kafka", signal.SIGCONT)
    eventually(lambda: not device.unreceipted, what="every receipt")
    device.close()
    arrived = [json.loads(value) for value in field.records("telemetry.solar", 2)]
    assert sorted(message["seq"] for message in arrived if message["boot_id"] == boot) == list(range(500))
