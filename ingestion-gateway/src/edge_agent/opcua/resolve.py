"""From the node list to nodes of this server: namespaces, limits, units and ranges, each in few calls."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from edge_agent.opcua.nodes import NodeSpec
from edge_agent.opcua.ports import NodeFacts

T = TypeVar("T")
MOST_PER_CALL: Final = 1_000
"""However much a server allows: a larger request is answered late and may not fit its buffers."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many operations one call may carry."""

    monitored_items: int = MOST_PER_CALL
    reads: int = MOST_PER_CALL
    browse_paths: int = MOST_PER_CALL


@dataclass(frozen=True, slots=True)
class Found:
    """A listed node under the id that this server knows it by today."""

    index: int
    spec: NodeSpec
    node_id: ua.NodeId


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def read_limits(client: Client) -> Limits:
    """The server's ``OperationLimits``; 0 or nothing means that it names none."""
    base = "Server_ServerCapabilities_OperationLimits_"
    names = ("MaxMonitoredItemsPerCall", "MaxNodesPerRead", "MaxNodesPerTranslateBrowsePathsToNodeIds")
    ids = [ua.NodeId(getattr(ObjectIds, base + name)) for name in names]
    values = await client.uaclient.session.read_attributes(ids, AttributeIds.Value)
    told = [_plain(value) for value in values]
    return Limits(
        *(min(int(one), MOST_PER_CALL) if isinstance(one, int) and one > 0 else MOST_PER_CALL for one in told)
    )


async def find_nodes(
    client: Client, wanted: Sequence[tuple[int, NodeSpec]], limits: Limits
) -> tuple[list[Found], list[tuple[int, NodeSpec]]]:
    """Put today's namespace index in front of every identifier, and see whether the node is there."""
    array = await client.get_namespace_array()
    indexes = {uri: number for number, uri in enumerate(array)}
    named: list[Found] = []
    missing: list[tuple[int, NodeSpec]] = []
    for index, spec in wanted:
        namespace = 0 if spec.uri is None else indexes.get(spec.uri)
        node_id = None
        if namespace is not None:
            with contextlib.suppress(UaError, ValueError):
                node_id = ua.NodeId.from_string(f"ns={namespace};{spec.identifier}")
        if node_id is None:
            missing.append((index, spec))
        else:
            named.append(Found(index, spec, node_id))
    found: list[Found] = []
    for part in chunks(named, limits.reads):
        ids = [one.node_id for one in part]
        classes = await client.uaclient.session.read_attributes(ids, AttributeIds.NodeClass)
        for one, answer in zip(part, classes, strict=True):
            if _plain(answer) == ua.NodeClass.Variable:
                found.append(one)
            else:
                missing.append((one.index, one.spec))
    return found, missing


async def facts_of(client: Client, found: Sequence[Found], limits: Limits) -> list[NodeFacts]:
    """``EngineeringUnits`` and ``EURange`` of each node, where it has them."""
    units = await _properties(client, found, "EngineeringUnits", limits)
    ranges = await _properties(client, found, "EURange", limits)
    return [_facts(unit, span) for unit, span in zip(units, ranges, strict=True)]


async def _properties(client: Client, found: Sequence[Found], name: str, limits: Limits) -> list[Any]:
    session = client.uaclient.session
    values: list[Any] = [None] * len(found)
    targets: list[tuple[int, ua.NodeId]] = []
    for offset, part in zip(range(0, len(found), limits.browse_paths), chunks(found, limits.browse_paths), strict=True):
        answers = await session.translate_browsepaths_to_nodeids([_path(one.node_id, name) for one in part])
        for place, answer in enumerate(answers, offset):
            if answer.StatusCode.is_good() and answer.Targets:
                targets.append((place, answer.Targets[0].TargetId))
    for chosen in chunks(targets, limits.reads):
        answers_read = await session.read_attributes([node for _, node in chosen], AttributeIds.Value)
        for (place, _), value in zip(chosen, answers_read, strict=True):
            values[place] = _plain(value)
    return values


def _path(node_id: ua.NodeId, name: str) -> ua.BrowsePath:
    step = ua.RelativePathElement(
        ReferenceTypeId=ua.NodeId(ua.Int32(ObjectIds.HasProperty)),
        IsInverse=False,  # type: ignore[arg-type]
        IncludeSubtypes=True,  # type: ignore[arg-type]
        TargetName=ua.QualifiedName(name, 0),
    )
    return ua.BrowsePath(node_id, ua.RelativePath([step]))


def _facts(unit: Any, span: Any) -> NodeFacts:
    unit_id = symbol = low = high = None
    if isinstance(unit, ua.EUInformation):
        unit_id, symbol = int(unit.UnitId), unit.DisplayName.Text
    if isinstance(span, ua.Range):
        low, high = float(span.Low), float(span.High)
    return NodeFacts(unit_id, symbol, low, high)


def _plain(answer: ua.DataValue) -> Any:
    good = answer.StatusCode is None or answer.StatusCode.is_good()
    return answer.Value.Value if good and answer.Value is not None else None
