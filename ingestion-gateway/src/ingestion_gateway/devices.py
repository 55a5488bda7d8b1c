"""Which devices exist, and what each may say. Learnt from ``assets.changed``."""

from dataclasses import dataclass

from gridseal.wire.catalog import Asset
from gridseal.wire.topics import TelemetryClass


@dataclass(frozen=True, slots=True)
class Device:
    """What the gateway needs to know of a device."""

    tenant_id: str
    site_id: str
    device_id: str
    telemetry_class: TelemetryClass
    quantities: frozenset[str]


class DeviceDirectory:
    """The devices known now. Changed only by the follower of the catalog."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        self._by_key: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._devices)

    def find(self, device_id: str) -> Device | None:
        """The device of this id, if the catalog has it."""
        return self._devices.get(device_id)

    def put(self, asset: Asset) -> None:
        """Learn a new or changed asset."""
        self.forget(asset.key)
        self._by_key[asset.key] = asset.device_id
        self._devices[asset.device_id] = Device(
            tenant_id=asset.tenant_id,
            site_id=asset.site_id,
            device_id=asset.device_id,
            telemetry_class=asset.telemetry_class,
            quantities=frozenset(asset.quantities),
        )

    def forget(self, key: str) -> None:
        """Drop the asset under this record key, if there is one."""
        device_id = self._by_key.pop(key, None)
        if device_id is not None:
            self._devices.pop(device_id, None)
