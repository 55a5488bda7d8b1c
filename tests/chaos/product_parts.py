"""The edge agent's own parts, put together as its ``__main__`` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from edge_agent.dispatcher import Dispatcher
from edge_agent.fleet import Device
from edge_agent.metrics import AgentMetrics
from edge_agent.mqtt_link import MqttLink
from edge_agent.progress import Progress
from edge_agent.queue import DurableQueue, kernel_boot_id
from edge_agent.settings import AgentSettings
from gridseal.identity.receipt_keys import ReceiptVerifier
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.settings import CoreSettings, load_settings

D = TypeVar("D", bound=Dispatcher)


def build_queue(path: Path, devices: Sequence[Device]) -> DurableQueue:
    """The SQLite queue of the load devices."""
    queue = DurableQueue(path, machine_boot=kernel_boot_id())
    queue.register([device.device_id for device in devices])
    return queue


def build_link(core: CoreSettings, devices: Sequence[Device]) -> MqttLink:
    """One connection per device."""
    settings = load_settings(AgentSettings)
    return MqttLink(
        devices=devices,
        host=core.mqtt_host,
        port=core.mqtt_port,
        tls_dir=settings.tls_folder(core),
        window=settings.inflight_per_device,
    )


def build_dispatcher(kind: type[D], devices: Sequence[Device], queue: DurableQueue, link: MqttLink) -> D:
    """Between queue and link."""
    settings = load_settings(AgentSettings)
    return kind(
        devices=devices,
        queue=queue,
        link=link,
        metrics=AgentMetrics(new_registry()),
        progress=Progress(),
        window=settings.inflight_per_device,
        window_total=settings.inflight_total,
        timeout_s=settings.receipt_timeout_s,
        receipt_fault=ReceiptVerifier(
            settings.receipt_keys_file(load_settings(CoreSettings)), "EDGE_AGENT_RECEIPT_KEYS"
        ).fault,
    )
