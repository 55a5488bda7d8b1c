"""Handles ``opcua_plant.py`` as a process, and builds node lists for it."""

import json
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gridseal.wire.units import BASE_UNITS

URI = "urn:gridseal:plant"
QUANTITIES = [name for name in BASE_UNITS if name != "precipitation"]


class Plant:
    """One server; killed and started again it is the same server on the same port."""

    def __init__(self, nodes: int, **plan: Any) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.plan = plan | {"nodes": nodes, "port": self.port}
        self.endpoint = f"opc.tcp://127.0.0.1:{self.port}/plant"
        self.process: subprocess.Popen[str] | None = None

    def start(self, **changes: Any) -> None:
        command = [sys.executable, str(Path(__file__).with_name("opcua_plant.py")), json.dumps(self.plan | changes)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        assert self._answer() == "ready"

    def write(self, node: int, value: float, **more: Any) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"node": node, "value": value} | more) + "\n")
        self.process.stdin.flush()
        assert self._answer() == "done"

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def _answer(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


def a_node_list(plant: Plant, nodes: int, **changes: Any) -> dict[str, Any]:
    """Node ``n`` is a quantity of device ``n // 17``; samples ten times a second unless told otherwise."""
    each = {"sampling_ms": 100, "publishing_ms": 100, "queue_size": 10} | changes
    width = len(QUANTITIES)
    names = [f"unit-{number}" for number in range(-(-nodes // width))]
    return {
        "endpoint": plant.endpoint,
        "devices": {name: {"site": "plant", "telemetry_class": "meter"} for name in names},
        "nodes": [
            {
                "node": f"nsu={URI};s=P{number}",
                "device_id": names[number // width],
                "quantity": QUANTITIES[number % width],
                "unit": BASE_UNITS[QUANTITIES[number % width]],
            }
            | each
            for number in range(nodes)
        ],
    }


def make_application_certificate(folder: Path, name: str, uri: str) -> None:
    """``<name>.der`` and ``<name>.pem``: self-signed, as OPC-UA applications have them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [
        x509.UniformResourceIdentifier(uri),
        x509.DNSName(socket.gethostname()),
        x509.DNSName("localhost"),
        x509.IPAddress(ip_address("127.0.0.1")),
    ]
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
    usage = x509.KeyUsage(True, True, True, True, False, False, False, False, False)
    builder = builder.add_extension(usage, critical=True)
    roles = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
    signed = builder.add_extension(roles, critical=False).sign(key, hashes.SHA256())
    (folder / f"{name}.der").write_bytes(signed.public_bytes(serialization.Encoding.DER))
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.pem").write_bytes(key.private_bytes(*pem))
