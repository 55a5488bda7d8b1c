"""Who may speak, on a real Mosquitto, Kafka and PostgreSQL; what a receipt is worth, and what a repeat brings."""

import json
import os
import secrets
import ssl
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gridseal.identity.authority import SiteAuthority
from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.codec import encode
from gridseal.wire.signing import signing_bytes
from local_stack.scratch import scratch_database, scratch_postgres

from .builders import a_message, a_reading
from .field import Field, FieldDevice, eventually

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]

PAST = a_reading(period_start_ms=int(time.time()) // 3_600 * 3_600_000 - 86_400_000)
PLACES = {f"home-{number:02d}-pv": f"home-{number:02d}" for number in range(1, 8)}
KEEPS, REPLAYED, SIGNER, REVOKED, BANNED, ROTATED, IDLE = PLACES
NOT_AUTHORIZED, NO_SUBSCRIBER = 0x87, 0x10


class Speaker:
    """One MQTT connection that remembers what happened to it."""

    def __init__(self, field: Field, certificate: Path, client_id: str) -> None:
        self.connects, self.disconnects = 0, 0
        self.pubacks: dict[int, int] = {}
        self.client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        key = certificate.with_suffix(".key")
        self.client.tls_set(str(field.layout.tls / "ca.crt"), str(certificate), str(key))
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_publish = self._on_publish
        self.client.reconnect_delay_set(1, 1)
        self.client.connect_async("127.0.0.1", field.ports.mqtt)
        self.client.loop_start()

    def publish(self, topic: str, payload: bytes = b"{}") -> int:
        """The reason code of the broker's PUBACK."""
        mid = self.client.publish(topic, payload, qos=1).mid
        return int(eventually(lambda: (self.pubacks.get(mid, -1)) + 1, within_s=20, what="a PUBACK")) - 1

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, *_: Any) -> None:
        self.connects += 1

    def _on_disconnect(self, *_: Any) -> None:
        self.disconnects += 1

    def _on_publish(self, _client: Client, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        self.pubacks[mid] = reason.value


def certificate_of(field: Field, device: str) -> Path:
    return field.layout.tls / "devices" / f"{device}.crt"


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    base = int(os.environ.get("TEST_IDENTITY_PORT_BASE", "22000"))
    with scratch_postgres() as server, scratch_database(server) as dsn:
        field = Field(tmp_path_factory.mktemp("field"), base, dsn, bound=True)
        try:
            field.start("kafka")
            field.publish_catalog(*PLACES.items())
            field.start("mosquitto")
            speaker = Speaker(field, certificate_of(field, IDLE), "before-the-gateway")
            field.before_gateway = speaker.publish(f"v1/demo/{PLACES[IDLE]}/{IDLE}/telemetry")
            speaker.close()
            field.start("gateway")
            yield field
        finally:
            field.stop()


def messages(device: str, boot: str, seqs: Sequence[int]) -> list[bytes]:
    return [a_message(PAST, device_id=device, boot_id=boot, seq=seq) for seq in seqs]


def sent_and_receipted(field: Field, device: FieldDevice, payloads: Sequence[bytes]) -> None:
    device.send(payloads)
    eventually(lambda: not device.unreceipted, what="a receipt for every message")


def in_kafka(field: Field, boot: str) -> list[int]:
    found = [json.loads(value) for value in field.records("telemetry.solar", 2)]
    return sorted(message["seq"] for message in found if message["boot_id"] == boot)


def status(field: Field) -> Any:
    return field.get("/api/v1/gateway/status")


def test_the_broker_says_when_nobody_listens_and_when_a_topic_is_anothers(field: Field) -> None:
    speaker = Speaker(field, certificate_of(field, IDLE), "any-name")

    assert field.before_gateway == NO_SUBSCRIBER
    assert speaker.publish(f"v1/demo/{PLACES[KEEPS]}/{KEEPS}/telemetry") == NOT_AUTHORIZED
    assert speaker.publish(f"v1/demo/{PLACES[IDLE]}/{IDLE}/receipt") == NOT_AUTHORIZED
    assert speaker.publish("$CONTROL/dynamic-security/v1") == NOT_AUTHORIZED
    assert speaker.publish(f"v1/demo/{PLACES[IDLE]}/{IDLE}/telemetry") == 0
    speaker.close()


def test_a_device_cannot_take_the_place_of_the_gateway_or_of_another_device(field: Field) -> None:
    gateway = field.get("/readyz")
    victim = Speaker(field, certificate_of(field, KEEPS), "victim")
    assert victim.publish(f"v1/demo/{PLACES[KEEPS]}/{KEEPS}/telemetry") == 0
    for name in (KEEPS, "victim", "gateway", "ingestion-gateway"):
        thief = Speaker(field, certificate_of(field, IDLE), name)
        assert thief.publish(f"v1/demo/{PLACES[IDLE]}/{IDLE}/telemetry") == 0
        thief.close()

    assert (victim.connects, victim.disconnects) == (1, 0)
    assert field.get("/readyz") == gateway
    assert "mqtt_disconnected" not in (field.layout.logs / "gateway.log").read_text()
    victim.close()


def test_without_a_certificate_of_the_authority_nobody_gets_in(field: Field, tmp_path: Path) -> None:
    SiteAuthority(tmp_path).ensure([KEEPS])
    stranger = Speaker(field, tmp_path / "devices" / f"{KEEPS}.crt", "stranger")
    nobody = Client(CallbackAPIVersion.VERSION2, "nobody", protocol=MQTTProtocolVersion.MQTTv5)
    nobody.tls_set(str(field.layout.tls / "ca.crt"))
    answers: list[int] = []
    nobody.on_connect = lambda *parts: answers.append(int(parts[3].value))

    try:
        nobody.connect("127.0.0.1", field.ports.mqtt)
        nobody.loop_start()
    except (ssl.SSLError, ConnectionError):
        pass
    eventually(lambda: stranger.disconnects >= 2, within_s=30, what="two refused connections")

    assert (stranger.connects, answers) == (0, [])
    nobody.loop_stop()
    stranger.close()


def test_receipts_go_on_after_a_restart_where_they_were(field: Field) -> None:
    boot = secrets.token_hex(8)
    device = FieldDevice(field, KEEPS, PLACES[KEEPS])
    sent_and_receipted(field, device, messages(KEEPS, boot, range(20)))

    def saved() -> bool:
        with psycopg.connect(field.dsn) as db:
            row = db.execute("SELECT durable::text FROM gateway.receipts WHERE boot_id = %s", [boot]).fetchone()
        return row == ("{[0,20)}",)

    eventually(saved, what="the state in PostgreSQL")
    field.kill("gateway")
    field.start("gateway")
    device.receipts.clear()
    sent_and_receipted(field, device, messages(KEEPS, boot, [20]))
    device.close()

    assert device.receipts[-1].through == 20
    assert device.receipts[-1].signature is not None


def test_what_is_sent_again_or_played_back_brings_no_new_record_and_is_counted(field: Field) -> None:
    old, new = secrets.token_hex(8), secrets.token_hex(8)
    device = FieldDevice(field, REPLAYED, PLACES[REPLAYED])
    recorded = messages(REPLAYED, old, range(50))
    sent_and_receipted(field, device, recorded)
    sent_and_receipted(field, device, messages(REPLAYED, new, range(10)))
    before, replayed = len(field.records("telemetry.solar", 2)), status(field)["replayed"]

    sent_and_receipted(field, device, recorded)
    sent_and_receipted(field, device, messages(REPLAYED, new, range(10)))
    device.close()

    assert len(field.records("telemetry.solar", 2)) == before
    assert status(field)["replayed"] == replayed + 60
    assert in_kafka(field, old) == list(range(50))


def test_a_revoked_device_is_put_out_and_stays_out(field: Field) -> None:
    speaker = Speaker(field, certificate_of(field, REVOKED), "some-name")
    other = Speaker(field, certificate_of(field, IDLE), "another-name")
    assert speaker.publish(f"v1/demo/{PLACES[REVOKED]}/{REVOKED}/telemetry") == 0
    assert other.publish(f"v1/demo/{PLACES[IDLE]}/{IDLE}/telemetry") == 0

    done = field.command("device", "revoke", REVOKED, "--reason", "stolen")

    assert (done.returncode, done.stdout.count("done")) == (0, 4), done.stdout + done.stderr
    eventually(lambda: speaker.disconnects >= 3, within_s=60, what="the open connection closed and two more refused")
    assert (speaker.connects, other.connects, other.disconnects) == (1, 1, 0)
    assert "revoked" in field.command("device", "list").stdout
    speaker.close()

    again = field.command("device", "enroll", REVOKED, "--site", PLACES[REVOKED], "--days", "1")
    assert again.returncode == 0, again.stdout + again.stderr
    device = FieldDevice(field, REVOKED, PLACES[REVOKED])
    sent_and_receipted(field, device, messages(REVOKED, secrets.token_hex(8), [0]))
    assert not device.refused
    device.close()
    other.close()


def test_the_gateway_too_refuses_a_revoked_device(field: Field) -> None:
    """Its connection is left open here: some brokers cannot close it."""
    device = FieldDevice(field, BANNED, PLACES[BANNED])
    sent_and_receipted(field, device, messages(BANNED, secrets.token_hex(8), [0]))
    with psycopg.connect(field.dsn) as db:
        db.execute("INSERT INTO gateway.devices (device_id, revoked_at) VALUES (%s, now())", [BANNED])

    boot = secrets.token_hex(8)
    number = iter(range(10_000))

    def refused() -> bool:
        device.send(messages(BANNED, boot, [next(number)]))
        time.sleep(0.2)
        return "revoked" in device.refused.values()

    eventually(refused, within_s=60, what="a message refused")
    assert not {(boot, seq) for seq in in_kafka(field, boot)} & device.refused.keys()
    device.close()


def signed(key: SigningKey, payload: bytes) -> bytes:
    return payload[:-1] + b',"signature":"' + key.sign(signing_bytes(json.loads(payload))).encode() + b'"}'


def test_a_device_with_a_payload_key_must_sign_and_an_earlier_key_is_taken_for_a_while(field: Field) -> None:
    done = field.command("device", "enroll", SIGNER, "--site", PLACES[SIGNER], "--sign")
    assert done.returncode == 0, done.stdout + done.stderr
    path = certificate_of(field, SIGNER).with_suffix(".sign.key")
    first = SigningKey.read(path, "key")
    boot = secrets.token_hex(8)
    plain = messages(SIGNER, boot, range(5))
    device = FieldDevice(field, SIGNER, PLACES[SIGNER])

    sent_and_receipted(field, device, [plain[0], signed(first, plain[1]), signed(SigningKey.new(), plain[2])])
    assert field.command("device", "rotate", SIGNER, "--days", "1", "--sign").returncode == 0
    second = SigningKey.read(path, "key")
    assert second.key_id != first.key_id
    sent_and_receipted(field, device, [signed(first, plain[3]), signed(second, plain[4])])
    device.close()

    assert device.refused == {(boot, 0): "unsigned", (boot, 2): "bad_signature"}
    assert in_kafka(field, boot) == [1, 3, 4]
    listed = next(item for item in field.get("/api/v1/gateway/devices")["items"] if item["device_id"] == SIGNER)
    assert [key["valid_to"] is None for key in listed["keys"]] == [True, False]
    start_ms = PAST["period_start_ms"]
    kept = signed(second, plain[4])
    assert [audited(field, kept, value, start_ms) for value in (1_500_000, 1_500_001)] == [(0, True), (1, False)]
    assert audited(field, kept.replace(boot.encode(), b"0" * 16), 1_500_000, start_ms) == (1, False)


def audited(field: Field, payload: bytes, value_milli: int, start_ms: int) -> tuple[int, bool]:
    """The auditor's verdict when the store holds this message and this value; the stream's own tables are not there."""
    with psycopg.connect(field.dsn) as db:
        db.execute("CREATE SCHEMA IF NOT EXISTS telemetry")
        db.execute(
            "CREATE TABLE IF NOT EXISTS telemetry.readings (device_id text, quantity text, period_start timestamptz,"
            " value_milli bigint, stored_at timestamptz DEFAULT now())"
        )
        db.execute("CREATE TABLE IF NOT EXISTS telemetry.signed_messages (device_id text, payload bytea)")
        db.execute("TRUNCATE telemetry.readings, telemetry.signed_messages")
        db.execute("INSERT INTO telemetry.signed_messages VALUES (%s, %s)", (SIGNER, payload))
        db.execute(
            "INSERT INTO telemetry.readings VALUES (%s, 'active_power', to_timestamp(%s), %s)",
            (SIGNER, start_ms / 1_000, value_milli),
        )
    done = field.command("audit-device", SIGNER)
    return done.returncode, "CLEAN: the device signed" in done.stdout


def test_an_old_receipt_stays_provable_after_the_key_was_rotated(field: Field, tmp_path: Path) -> None:
    boot = secrets.token_hex(8)
    device = FieldDevice(field, ROTATED, PLACES[ROTATED])
    (message,) = messages(ROTATED, boot, [0])
    sent_and_receipted(field, device, [message])
    old = next(receipt for receipt in device.receipts if receipt.boot_id == boot)

    assert field.command("rotate-receipt-key").returncode == 0
    keys = lambda: field.get("/api/v1/gateway/receipt-keys")["items"]  # noqa: E731
    eventually(lambda: len(keys()) == 2, within_s=30, what="the new key")
    sent_and_receipted(field, device, messages(ROTATED, boot, [1]))
    device.close()

    assert device.receipts[-1].key_id != old.key_id
    assert [key["state"] for key in keys()] == ["current", "earlier"]
    for receipt in (old, device.receipts[-1]):
        path = tmp_path / "proof.json"
        path.write_text(json.dumps({"receipt": json.loads(encode(receipt)), "message": json.loads(message)}))
        for source in (("--gateway", field.addresses["GRIDSEAL_GATEWAY_URL"]), ("--key", str(public_file(field)))):
            shown = field.command("verify-receipt", str(path), *source)
            assert (shown.returncode, "was stored" in shown.stdout) == (0, True), shown.stdout + shown.stderr


def public_file(field: Field) -> Path:
    return field.layout.tls / "gateway-receipt.pub"
