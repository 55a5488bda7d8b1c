"""Zigbee2MQTT: ``zigbee2mqtt/<friendly name>``, one flat object of what the device last said.

Values are null until first read. Energy is kWh, power W drawn from the grid. The ZLinky meter wrote camelCase and Wh
up to 2021 and snake_case and kWh after; both are read. Tier registers are added up; a missing ``last_seen`` means
time of receipt.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import Metric, Said, Sample
from ingestion_gateway.dialects.payloads import epoch_ms, number, parse_object, rfc3339_ms

_IMPORT: Final = "energy_import_register"
KNOWN: Final[dict[str, Metric]] = {
    "power": Metric("active_power", "W", -1),
    "power_reactive": Metric("reactive_power", "var", -1),
    "apparent_power": Metric("apparent_power", "V.A"),
    "apparentPower": Metric("apparent_power", "V.A"),
    "voltage": Metric("voltage", "V"),
    "rms_voltage": Metric("voltage", "V"),
    "rmsVoltage": Metric("voltage", "V"),
    "current": Metric("current", "A"),
    "rms_current": Metric("current", "A"),
    "rmsCurrent": Metric("current", "A"),
    "ac_frequency": Metric("frequency", "Hz"),
    "power_factor": Metric("power_factor", "1"),
    "energy": Metric(_IMPORT, "kW.h"),
    "produced_energy": Metric("energy_export_register", "kW.h"),
    "current_summ_delivered": Metric(_IMPORT, "kW.h"),
    "currentSummDelivered": Metric(_IMPORT, "W.h"),
    "current_tiers_summ_delivered": Metric(_IMPORT, "kW.h"),
    "currentTiersSummDelivered": Metric(_IMPORT, "W.h"),
    "temperature": Metric("air_temperature", "Cel"),
    "humidity": Metric("relative_humidity", "%"),
    "pressure": Metric("air_pressure", "hPa"),
}
_TIERS: Final = (
    ("current_tier{}_summ_delivered", "current_tiers_summ_delivered"),
    ("currentTier{}SummDelivered", "currentTiersSummDelivered"),
)
_NOT_DEVICES: Final = ("/availability", "/set", "/get")


class Zigbee2Mqtt(MappedDialect):
    """One entry of dialect ``zigbee2mqtt``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        if topic.endswith(_NOT_DEVICES) or "/bridge/" in topic:
            return Adapted()
        name = self._mapper.name_in(topic)
        content = parse_object(payload)
        at_ms = _last_seen(content.get("last_seen"), received_at_ms)
        return self._mapper.messages(topic, name, Said(at_ms, max(0, at_ms)), list(_samples(content)))


def _last_seen(seen: Any, received_at_ms: int) -> int:
    if isinstance(seen, str):
        return rfc3339_ms(seen)
    at_ms = epoch_ms(seen, per_second=1_000)
    return received_at_ms if at_ms is None else at_ms


def _samples(content: dict[str, Any]) -> Iterator[Sample]:
    for name, raw in content.items():
        value = number(raw)
        if value is not None and name not in ("linkquality", "last_seen"):
            yield Sample(name, value)
    for tier, together in _TIERS:  # behind a total that the meter gives itself: the first of two is taken
        tiers = [number(content.get(tier.format(count))) for count in range(1, 11)]
        read = [value for value in tiers if value is not None]
        if read:
            yield Sample(together, math.fsum(read))
