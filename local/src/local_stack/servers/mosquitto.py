"""Mosquitto with mutual TLS: the certificate names the device, the device names its only topic."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gridseal.errors import ConfigError
from gridseal.identity.access import access_rules
from gridseal.identity.authority import SiteAuthority
from gridseal.identity.broker import OPERATOR_ROLE
from gridseal.identity.private_file import write_private
from gridseal.identity.receipt_keys import ensure_receipt_key
from local_stack.errors import StackError
from local_stack.health import TcpProbe
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers.templates import write_config
from local_stack.spec import ProcessSpec

PLUGIN = "mosquitto_dynamic_security.so"


@dataclass(frozen=True, slots=True)
class Device:
    """One MQTT client identity."""

    device_id: str
    tenant_id: str
    site_id: str


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """What the broker's configuration depends on, besides where it lies."""

    port: int
    plugin: Path
    bound_client_ids: bool
    user: str = ""
    """A line of the configuration: who it runs as."""


def fleet(python: Path, folder: Path) -> list[Device]:
    """The devices that the edge agent will replay, as it says itself when ``python`` runs it in ``folder``.

    Raises:
        StackError: The edge agent cannot say.
    """
    argv = [str(python), "-m", "edge_agent", "devices"]
    asked = subprocess.run(argv, capture_output=True, text=True, cwd=folder, check=False)
    try:
        rows = json.loads(asked.stdout)
        return [Device(row["device_id"], row["tenant_id"], row["site_id"]) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        last = asked.stderr.strip().splitlines()[-1:] or [f"exit code {asked.returncode}"]
        raise StackError(f"'python -m edge_agent devices' did not list the devices: {last[0]}") from error


def server_spec(layout: Layout, ports: Ports, *, bound_client_ids: bool = False) -> ProcessSpec:
    """The broker; certificates and access rules are brought up to date once, before the first start.

    Args:
        layout: Where it lives.
        ports: Where it listens.
        bound_client_ids: A client's id is the name in its certificate, whatever it asks for: else a device
            could take over the session of the gateway and cut it off. One connection per certificate then.
    """
    up_to_date: list[bool] = []

    def prepare() -> None:
        if not up_to_date:
            _prepare(layout, ports, bound_client_ids=bound_client_ids)
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


def _prepare(layout: Layout, ports: Ports, *, bound_client_ids: bool) -> None:
    devices = fleet(layout.python, layout.root)
    try:
        authority = SiteAuthority(layout.tls)
        authority.ensure(device.device_id for device in devices)
        ensure_receipt_key(layout.keys, layout.tls)
    except ConfigError as error:
        raise StackError(str(error)) from error
    user = "user root" if os.geteuid() == 0 else ""
    write_broker_files(layout, authority, devices, BrokerFiles(ports.mqtt, _plugin(), bound_client_ids, user))


def write_broker_files(
    layout: Layout, authority: SiteAuthority, devices: Sequence[Device], wanted: BrokerFiles
) -> None:
    """Write configuration and access rules of the broker."""
    places = {device.device_id: (device.tenant_id, device.site_id) for device in devices}
    data = layout.data / "mosquitto"
    data.mkdir(parents=True, exist_ok=True)
    layout.config.mkdir(parents=True, exist_ok=True)
    write_private(layout.config / "mosquitto.acl", access_rules(authority.register().access | places).encode())
    write_private(layout.config / "mosquitto-control.json", json.dumps(OPERATOR_ROLE, indent=2).encode())
    write_config(
        layout.config / "mosquitto.conf",
        "mosquitto.conf",
        port=wanted.port,
        user=wanted.user,
        tls=layout.tls,
        config=layout.config,
        data=data,
        plugin=wanted.plugin,
        bound=str(wanted.bound_client_ids).lower(),
    )


def _plugin() -> Path:
    """Part of Debian's package; the folder names the architecture."""
    found = sorted(Path("/usr/lib").glob(f"*/{PLUGIN}")) or sorted(Path("/usr/lib").glob(PLUGIN))
    if not found:
        raise StackError(f"{PLUGIN} is missing: Debian's package mosquitto brings it, 'make setup' installs that")
    return found[0]
