"""The edge agent's own parts, put together as its ``__main__`` does it, and watched."""

import json
from collections.abc import Sequence

from edge_agent.__main__ import sending_parts
from edge_agent.dispatcher import Dispatcher
from edge_agent.fleet import Device
from edge_agent.metrics import AgentMetrics
from edge_agent.mqtt_link import MqttLink
from edge_agent.progress import Progress
from edge_agent.queue import DurableQueue
from edge_agent.settings import AgentSettings
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.settings import CoreSettings, load_settings
from tests.chaos.journal import Journal


def watched_parts(devices: Sequence[Device], receipts: Journal) -> tuple[DurableQueue, MqttLink, Dispatcher]:
    """Queue, link and dispatcher; a receipt that the product believes is journaled before it is acted on."""
    core, settings = load_settings(CoreSettings), load_settings(AgentSettings)
    queue, link, dispatcher = sending_parts(core, settings, devices, AgentMetrics(new_registry()), Progress())
    believe = dispatcher.collect

    def collect(device_id: str, payload: bytes) -> bool:
        believed = believe(device_id, payload)
        if believed:
            receipt = json.loads(payload)
            receipts.write(
                "receipt",
                device=receipt["device_id"],
                boot=receipt["boot_id"],
                through=receipt.get("through", -1),
                ranges=receipt["ranges"],
                refused=[[each["seq"], each["reason"]] for each in receipt["refused"]],
            )
        return believed

    dispatcher.collect = collect  # type: ignore[method-assign]
    return queue, link, dispatcher
