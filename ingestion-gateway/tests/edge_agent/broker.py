"""A real Mosquitto with mutual TLS, and a counterpart that gives receipts."""

import json
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion

from gridseal.identity.ed25519 import SigningKey
from gridseal.identity.receipt_keys import KEY_FILE, ensure_receipt_key
from gridseal.wire.signing import signing_bytes

Key = tuple[str, str, int]

CONFIG = """
listener {port} 127.0.0.1
protocol mqtt
cafile {tls}/ca.crt
certfile {tls}/server.crt
keyfile {tls}/server.key
require_certificate true
use_identity_as_username true
allow_anonymous false
user root
"""


def until(condition: Callable[[], bool], within_s: float = 30.0, what: str = "the condition") -> None:
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {within_s} s"
        threading.Event().wait(0.02)


def make_certificates(folder: Path, device_ids: Iterable[str]) -> None:
    """A throw-away authority and what it signs."""
    (folder / "devices").mkdir(parents=True)
    authority, name = ec.generate_private_key(ec.SECP256R1()), _name("test authority")
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    builder = _builder(name, name, authority).add_extension(x509.BasicConstraints(True, None), critical=True)
    own_id = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    builder = builder.add_extension(usage, critical=True).add_extension(own_id, critical=False)
    (folder / "ca.crt").write_bytes(builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    for common_name, path in (
        ("server", folder / "server"),
        ("gateway", folder / "gateway"),
        *((device_id, folder / "devices" / device_id) for device_id in device_ids),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
        leaf = _builder(_name(common_name), name, key).add_extension(names, critical=False)
        leaf = leaf.add_extension(issuer_id, critical=False)
        signed = leaf.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        path.with_name(path.name + ".crt").write_bytes(signed)
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.with_name(path.name + ".key").write_bytes(key.private_bytes(*pem))


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))


class Broker:
    """Mosquitto on a port of its own. It keeps nothing on disk: killed, it forgets."""

    def __init__(self, folder: Path, device_ids: Iterable[str]) -> None:
        self.folder, self.tls = folder, folder / "tls"
        make_certificates(self.tls, device_ids)
        ensure_receipt_key(folder / "keys", self.tls)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        (folder / "mosquitto.conf").write_text(CONFIG.format(port=self.port, tls=self.tls))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "mosquitto.log").open("ab") as log:
            command = ["mosquitto", "-c", str(self.folder / "mosquitto.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers, what="mosquitto")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Counterpart:
    """Stands where the gateway stands: takes messages, gives receipts, remembers readings."""

    def __init__(self, broker: Broker, *, silent: bool = False, key: SigningKey | None = None) -> None:
        self.readings: dict[Key, float] = {}
        self.copies: Counter[tuple[str, str, int]] = Counter()
        self.traces: set[str] = set()
        self.silent = silent
        self.key = key or SigningKey.read(broker.folder / "keys" / KEY_FILE, "the test's key")
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="counterpart", protocol=mqtt.MQTTv5)
        self._client.tls_set(
            str(broker.tls / "ca.crt"), str(broker.tls / "gateway.crt"), str(broker.tls / "gateway.key")
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(1_000)
        self._client.on_connect = lambda client, *_: client.subscribe("v1/+/+/+/telemetry", qos=1)
        self._client.on_message = self._take
        self._client.connect_async("127.0.0.1", broker.port)
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        body = json.loads(message.payload)
        self.copies[(body["device_id"], body["boot_id"], body["seq"])] += 1
        self.traces.update(value for name, value in message.properties.UserProperty if name == "traceparent")  # type: ignore[union-attr]
        if self.silent:
            return
        for reading in body["readings"]:
            self.readings[(body["device_id"], reading["quantity"], reading["period_start_ms"])] = reading["value"]
        receipt = {
            "schema": "receipt/2",
            "device_id": body["device_id"],
            "boot_id": body["boot_id"],
            "through": -1,
            "ranges": [[body["seq"], body["seq"]]],
            "refused": [],
            "issued_at_ms": int(time.time() * 1_000),
            "key_id": self.key.key_id,
        }
        receipt["signature"] = self.key.sign(signing_bytes(receipt))
        client.publish(message.topic.replace("telemetry", "receipt"), json.dumps(receipt), qos=1)
