"""The node list: which nodes of which server become which readings of which device.

A node is named by its namespace URI, never by the namespace's index: an index may be another one
after every restart of the server (OPC 10000-6, 5.1.14: ``nsu=<uri>;s=<text>``).
"""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge_agent.fleet import Device
from gridseal.errors import ConfigError
from gridseal.wire.fields import Slug
from gridseal.wire.topics import TelemetryClass
from gridseal.wire.units import UNITS, Quantity

_NODE: Final = re.compile(r"^(?:nsu=(?P<uri>[^;]+);)?(?P<kind>[isgb])=(?P<identifier>.+)$")
AMOUNTS: Final = {"active_energy_import", "active_energy_export", "precipitation"}
"""Amounts of a period. A node holds a state, so these cannot be averaged from samples."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Part):
    """Where a device belongs: the parts of its topic besides the tenant."""

    site: Slug
    telemetry_class: TelemetryClass


class NodeSpec(_Part):
    """One node and what it means."""

    node: Annotated[str, Field(pattern=_NODE.pattern)]
    """``nsu=urn:example:plant;s=T1.ActivePower``; without ``nsu`` it is of the standard's own namespace."""
    device_id: Slug
    quantity: Quantity
    unit: str
    sign: Literal[1, -1] = 1
    """-1 turns the server's direction into ours: positive feeds the grid."""
    sampling_ms: Annotated[float, Field(ge=0, le=3_600_000)] = 1_000.0
    publishing_ms: Annotated[float, Field(ge=10, le=3_600_000)] = 1_000.0
    queue_size: Annotated[int, Field(ge=1, le=10_000)] = 10
    """More than publishing over sampling, or the server overflows between two publishes."""
    discard_oldest: bool = True
    deadband: Annotated[float, Field(ge=0)] = 0.0
    """Absolute, in the unit of the node; smaller changes are not reported. 0 reports each."""

    @model_validator(mode="after")
    def _means_something(self) -> "NodeSpec":
        if self.quantity in AMOUNTS:
            raise ValueError(f"{self.quantity} is an amount of a period, a node has a state: use energy_*_register")
        if self.unit not in UNITS[self.quantity]:
            raise ValueError(f"unit of {self.quantity} must be one of {', '.join(list(UNITS[self.quantity])[:8])}")
        if self.sampling_ms and self.queue_size < self.publishing_ms / self.sampling_ms:
            raise ValueError("queue_size must be at least publishing_ms / sampling_ms, or samples are lost")
        return self

    @property
    def uri(self) -> str | None:
        """The namespace; None for the standard's own."""
        match = _NODE.match(self.node)
        return match["uri"] if match else None

    @property
    def identifier(self) -> str:
        """``s=T1.ActivePower``, to be put behind the index that the server uses now."""
        match = _NODE.match(self.node)
        return f"{match['kind']}={match['identifier']}" if match else ""


class NodeList(_Part):
    """One server."""

    endpoint: Annotated[str, Field(pattern=r"^opc\.tcp://[^/\s]+.*$")]
    devices: dict[Slug, Place]
    nodes: Annotated[tuple[NodeSpec, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_together(self) -> "NodeList":
        strangers = sorted({node.device_id for node in self.nodes} - set(self.devices))
        if strangers:
            raise ValueError(f"device {strangers[0]} has nodes but no place under devices")
        for kind, keys in (
            ("reading", Counter(f"{node.device_id} {node.quantity}" for node in self.nodes)),
            ("node", Counter(node.node for node in self.nodes)),
        ):
            twice = [key for key, count in keys.items() if count > 1]
            if twice:
                raise ValueError(f"{kind} {twice[0]} is listed more than once")
        return self

    def fleet(self, tenant_id: str) -> tuple[Device, ...]:
        """The MQTT identities that the nodes speak through."""
        return tuple(
            Device(device_id, tenant_id, place.site, place.telemetry_class) for device_id, place in self.devices.items()
        )


def read_node_list(path: Path | None, endpoint: str | None) -> NodeList:
    """Read the YAML file; ``endpoint`` stands above the one in it.

    Raises:
        ConfigError: No file, no YAML, or a node that means nothing; the text names the first.
    """
    if path is None:
        raise ConfigError("EDGE_AGENT_OPCUA_NODES is not set: it names the YAML file with endpoint, devices and nodes")
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"node list {path} cannot be read (EDGE_AGENT_OPCUA_NODES): {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"node list {path} must hold endpoint, devices and nodes")
    try:
        return NodeList.model_validate(content | ({"endpoint": endpoint} if endpoint else {}))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the list"
        raise ConfigError(
            f"node list {path} is wrong at {where}: {first['msg'].removeprefix('Value error, ')}"
        ) from error
