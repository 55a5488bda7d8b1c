"""Which devices exist, and what each may say. Learnt from ``assets.changed``."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from gridseal.wire.catalog import Asset
from gridseal.wire.topics import TelemetryClass, mqtt_telemetry_topic
from gridseal.wire.units import UNITS


@dataclass(frozen=True, slots=True)
class Device:
    """What the gateway needs to know of a device."""

    tenant_id: str
    site_id: str
    device_id: str
    telemetry_class: TelemetryClass
    units: Mapping[str, Container[str]]
    """Its quantities, and the units each may come in."""

    @property
    def topic(self) -> str:
        """The one topic it may write."""
        return mqtt_telemetry_topic(self.tenant_id, self.site_id, self.device_id)


class DeviceDirectory:
    """The devices known now. Changed only by the follower of the catalog."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        self._by_key: dict[str, str] = {}
        self._by_topic: dict[str, Device] = {}

    def __len__(self) -> int:
        return len(self._devices)

    def find(self, device_id: str) -> Device | None:
        """The device of this id, if the catalog has it."""
        return self._devices.get(device_id)

    def at(self, topic: str) -> Device | None:
        """The device that may write this MQTT topic, if there is one."""
        return self._by_topic.get(topic)

    def put(self, asset: Asset) -> None:
        """Learn a new or changed asset."""
        self.forget(asset.key)
        device = Device(
            tenant_id=asset.tenant_id,
            site_id=asset.site_id,
            device_id=asset.device_id,
            telemetry_class=asset.telemetry_class,
            units={quantity: UNITS[quantity] for quantity in asset.quantities},
        )
        self._drop(asset.device_id)
        self._by_key[asset.key] = asset.device_id
        self._devices[asset.device_id] = self._by_topic[device.topic] = device

    def forget(self, key: str) -> None:
        """Drop the asset under this record key, if there is one."""
        device_id = self._by_key.pop(key, None)
        if device_id is not None:
            self._drop(device_id)

    def _drop(self, device_id: str) -> None:
        device = self._devices.pop(device_id, None)
        if device is not None:
            del self._by_topic[device.topic]
