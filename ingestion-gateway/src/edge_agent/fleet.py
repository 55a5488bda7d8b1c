"""The devices of the demo fleet: who they are and which data set each one replays.

Works without network or data. Ids, sites and classes match the catalog of asset-service.
"""

from dataclasses import asdict, dataclass
from typing import Final

from gridseal.wire.topics import TelemetryClass, mqtt_receipt_topic, mqtt_telemetry_topic


@dataclass(frozen=True, slots=True)
class Device:
    """One MQTT client identity."""

    device_id: str
    tenant_id: str
    site_id: str
    telemetry_class: TelemetryClass

    @property
    def telemetry_topic(self) -> str:
        """The one topic this device may write."""
        return mqtt_telemetry_topic(self.tenant_id, self.site_id, self.device_id)

    @property
    def receipt_topic(self) -> str:
        """The one topic this device may read."""
        return mqtt_receipt_topic(self.tenant_id, self.site_id, self.device_id)

    def as_record(self) -> dict[str, str]:
        """The line ``python -m edge_agent devices`` prints."""
        return asdict(self)


TURBINES: Final = ("r80711", "r80721", "r80736", "r80790")
HOMES: Final = tuple(range(1, 18))


def home_device(number: int, part: str) -> str:
    """``home-03-meter``."""
    return f"home-{number:02d}-{part}"


def fleet(tenant_id: str) -> tuple[Device, ...]:
    """All 44 devices, in a fixed order."""

    def device(site_id: str, device_id: str, telemetry_class: TelemetryClass) -> Device:
        return Device(device_id, tenant_id, site_id, telemetry_class)

    farm = "la-haute-borne"
    homes: list[Device] = []
    for number in HOMES:
        site = f"home-{number:02d}"
        homes.append(device(site, home_device(number, "meter"), "meter"))
        homes.append(device(site, home_device(number, "pv"), "solar"))
    return (
        *(device(farm, f"lhb-{name}", "wind") for name in TURBINES),
        device(farm, "lhb-plant", "meter"),
        device(farm, "lhb-weather", "weather"),
        *homes,
        device("nrel-pv", "nrel-pv-ac", "solar"),
        device("nrel-pv", "nrel-pv-weather", "weather"),
        device("uk-household", "uk-household-meter", "meter"),
        device("uk-household", "uk-household-weather", "weather"),
    )
