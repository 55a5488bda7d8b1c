"""Who may do what at the broker: the rules of Mosquitto's ``acl_file``. The user is the certificate's name."""

from typing import Final

from gridseal.wire.topics import MQTT_TELEMETRY_FILTER, mqtt_receipt_topic, mqtt_telemetry_topic

GATEWAY_RULES: Final = f"user gateway\ntopic read {MQTT_TELEMETRY_FILTER}\ntopic write v1/+/+/+/receipt\n"


def device_rules(tenant: str, site: str, device: str) -> str:
    """A device writes its telemetry and reads its receipts, nothing else."""
    place = (tenant, site, device)
    return f"user {device}\ntopic write {mqtt_telemetry_topic(*place)}\ntopic read {mqtt_receipt_topic(*place)}\n"


def access_rules(devices: dict[str, tuple[str, str]]) -> str:
    """The whole file, from device to tenant and site."""
    return "\n".join([GATEWAY_RULES, *(device_rules(*place, device) for device, place in sorted(devices.items()))])
