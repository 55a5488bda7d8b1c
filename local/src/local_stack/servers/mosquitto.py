"""Mosquitto with mutual TLS: the certificate names the device, the device names its only topic."""

import json
import os
import subprocess
from dataclasses import dataclass

from gridseal.identity.receipt_keys import ensure_receipt_key
from gridseal.wire.topics import MQTT_TELEMETRY_FILTER, mqtt_receipt_topic, mqtt_telemetry_topic
from local_stack.certificates import ensure_certificates
from local_stack.errors import StackError
from local_stack.health import TcpProbe
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers.templates import write_config
from local_stack.spec import ProcessSpec

GATEWAY_ACL = f"user gateway\ntopic read {MQTT_TELEMETRY_FILTER}\ntopic write v1/+/+/+/receipt\n"


@dataclass(frozen=True, slots=True)
class Device:
    """One MQTT client identity."""

    device_id: str
    tenant_id: str
    site_id: str


def fleet(layout: Layout) -> list[Device]:
    """The devices that the edge agent will replay, as it says itself.

    Raises:
        StackError: The edge agent cannot say.
    """
    argv = [str(layout.python), "-m", "edge_agent", "devices"]
    asked = subprocess.run(argv, capture_output=True, text=True, cwd=layout.root, check=False)
    try:
        rows = json.loads(asked.stdout)
        return [Device(row["device_id"], row["tenant_id"], row["site_id"]) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        last = asked.stderr.strip().splitlines()[-1:] or [f"exit code {asked.returncode}"]
        raise StackError(f"'python -m edge_agent devices' did not list the devices: {last[0]}") from error


def access_rules(devices: list[Device]) -> str:
    """The ACL file: each device writes its telemetry and reads its receipts, nothing else."""
    blocks = [GATEWAY_ACL]
    for device in devices:
        place = (device.tenant_id, device.site_id, device.device_id)
        blocks.append(
            f"user {device.device_id}\n"
            f"topic write {mqtt_telemetry_topic(*place)}\n"
            f"topic read {mqtt_receipt_topic(*place)}\n"
        )
    return "\n".join(blocks)


def server_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """The broker; certificates and access rules are brought up to date once, before the first start."""
    up_to_date: list[bool] = []

    def prepare() -> None:
        if not up_to_date:
            _prepare(layout, ports)
            up_to_date.append(True)

    return ProcessSpec(
        name="mosquitto",
        argv=("/usr/sbin/mosquitto", "-c", str(layout.config / "mosquitto.conf")),
        prepare=prepare,
        probe=TcpProbe(ports.mqtt),
        ports=(ports.mqtt,),
        url=f"mqtts://127.0.0.1:{ports.mqtt}",
        essential=True,
    )


def _prepare(layout: Layout, ports: Ports) -> None:
    devices = fleet(layout)
    ensure_certificates(layout.tls, [device.device_id for device in devices])
    ensure_receipt_key(layout.keys, layout.tls)
    data = layout.data / "mosquitto"
    data.mkdir(parents=True, exist_ok=True)
    acl = layout.config / "mosquitto.acl"
    acl.parent.mkdir(parents=True, exist_ok=True)
    acl.write_text(access_rules(devices))
    acl.chmod(0o600)
    write_config(
        layout.config / "mosquitto.conf",
        "mosquitto.conf",
        port=ports.mqtt,
        user="user root" if os.geteuid() == 0 else "",
        tls=layout.tls,
        config=layout.config,
        data=data,
    )
