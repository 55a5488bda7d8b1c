"""A real OPC-UA server (asyncua) as a process of its own, for tests and the bench.

``python opcua_plant.py '{"port": 4840, "nodes": 3000, "hz": 1}'``. Node ``n`` is ``s=P<n>`` in namespace
``urn:gridseal:plant``. With ``hz`` each node is written so often, with the moment of writing as its value
(seconds) and as its source's time. Lines on stdin, ``{"node", "value", "status", "source_ms"}``, write one
node; each is answered with a line.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.server.monitored_item_service import MonitoredItemValues
from asyncua.server.server import Server

URI = "urn:gridseal:plant"
FOLDER = 100
"""asyncua looks through all of a folder's nodes for each one added."""


def keep_without_copy(values: MonitoredItemValues, value: ua.DataValue) -> None:
    """asyncua copies every value deeply, in case it is changed later; here each write makes a new one.

    Without this the server, not the agent, is what a measurement measures.
    """
    values.old_dvalue, values.current_dvalue = values.current_dvalue, value


MonitoredItemValues.set_current_datavalue = keep_without_copy  # type: ignore[method-assign,assignment]


async def run(plan: dict[str, Any]) -> None:
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{plan['port']}/plant")
    if "tls" in plan:
        folder = Path(plan["tls"])
        await server.set_application_uri("urn:gridseal:test:plant")
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        await server.load_certificate(folder / "plant.der")
        await server.load_private_key(folder / "plant.pem")
    else:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    for number in range(plan.get("other_namespaces", 0)):
        await server.register_namespace(f"urn:gridseal:other:{number}")
    space = await server.register_namespace(URI)
    nodes = []
    for number in range(plan["nodes"]):
        if number % FOLDER == 0:
            folder_node = await server.nodes.objects.add_folder(space, f"part-{number // FOLDER}")
        name = ua.NodeId.from_string(f"ns={space};s=P{number}")
        node = await folder_node.add_variable(name, f"P{number}", 0.0, ua.VariantType.Double)
        await _describe(node, plan.get("units", {}).get(str(number)), plan.get("ranges", {}).get(str(number)))
        nodes.append(node.nodeid)
    async with server:
        print("ready", flush=True)
        commands = asyncio.create_task(_obey(server, nodes))
        if plan.get("hz"):
            await _beat(server, nodes, plan["hz"], plan.get("slices", 10))
        await commands


async def _describe(node: Any, unit: str | None, span: list[float] | None) -> None:
    if unit:
        number = int.from_bytes(unit.encode(), "big")
        told = ua.EUInformation("http://www.opcfoundation.org/UA/units/un/cefact", number)
        await node.add_property(0, "EngineeringUnits", told)
    if span:
        await node.add_property(0, "EURange", ua.Range(span[0], span[1]))


async def _beat(server: Server, nodes: list[ua.NodeId], hz: float, slices: int) -> None:
    """Write every node at its rate, a slice of them at a time: a plant's values do not all change at once."""
    step, beat = 1.0 / hz / slices, 0
    began = time.monotonic()
    while True:
        now = time.time()
        for name in nodes[beat % slices :: slices]:
            await server.write_attribute_value(name, _value(now, 0, now * 1_000))
        beat += 1
        await asyncio.sleep(max(0.0, began + beat * step - time.monotonic()))


async def _obey(server: Server, nodes: list[ua.NodeId]) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        told = json.loads(line)
        source_ms = told.get("source_ms", time.time() * 1_000)
        value = _value(told["value"], told.get("status", 0), source_ms)
        await server.write_attribute_value(nodes[told["node"]], value)
        print("done", flush=True)


def _value(value: float, status: int, source_ms: float) -> ua.DataValue:
    moment = datetime.fromtimestamp(source_ms / 1_000, UTC)
    variant = ua.Variant(float(value), ua.VariantType.Double)
    return ua.DataValue(variant, ua.StatusCode(ua.UInt32(status)), moment, datetime.now(UTC))  # type: ignore[arg-type]


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.argv[1])))
