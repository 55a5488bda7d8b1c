"""Tasmota: ``tele/<device>/SENSOR`` and ``stat/<device>/STATUS8``.

``Time`` is local and has no offset: the entry's ``time_zone`` is needed. ``Total`` is kWh, ``Power`` W drawn from the
grid. With several channels the values are lists: ``name#1`` is the first; the plain name gets the sum of the powers.
With Teleinfo (``TIC``) the French meter gives apparent power only, and ``ENERGY.Power`` repeats it: no active power
then.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.local_time import nearest_utc_ms
from ingestion_gateway.dialects.mapping import Metric, Said, Sample
from ingestion_gateway.dialects.payloads import number, parse_object

KNOWN: Final[dict[str, Metric]] = {
    "ENERGY.Power": Metric("active_power", "W", -1),
    "ENERGY.ApparentPower": Metric("apparent_power", "V.A"),
    "ENERGY.ReactivePower": Metric("reactive_power", "var", -1),
    "ENERGY.Factor": Metric("power_factor", "1"),
    "ENERGY.Voltage": Metric("voltage", "V"),
    "ENERGY.Current": Metric("current", "A"),
    "ENERGY.Frequency": Metric("frequency", "Hz"),
    "ENERGY.Total": Metric("energy_import_register", "kW.h"),
    "ENERGY.ExportActive": Metric("energy_export_register", "kW.h"),
    "TIC.PAPP": Metric("apparent_power", "V.A"),
}
"""``TIC.HCHC``, ``TIC.HCHP`` and ``TIC.BASE`` (Wh) only where the settings name them: ``Total`` has another zero."""
_SUMMED: Final = frozenset({"Power", "ApparentPower", "ReactivePower"})


class Tasmota(MappedDialect):
    """One entry of dialect ``tasmota``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        name = self._mapper.name_in(topic)
        content = parse_object(payload)
        wrapped = content.get("StatusSNS")
        content = wrapped if isinstance(wrapped, dict) else content
        local = content.get("Time")
        at_ms = nearest_utc_ms(local, self._entry.zone, received_at_ms) if isinstance(local, str) else received_at_ms
        return self._mapper.messages(topic, name, Said(at_ms, max(0, at_ms)), list(_samples(content)))


def _samples(content: dict[str, Any]) -> Iterator[Sample]:
    tic = content.get("TIC")
    for group in ("ENERGY", "TIC"):
        state = content.get(group)
        for key, raw in state.items() if isinstance(state, dict) else ():
            if group == "ENERGY" and key == "Power" and isinstance(tic, dict):
                continue
            yield from _values(f"{group}.{key}", raw, summed=key in _SUMMED)


def _values(metric: str, raw: Any, *, summed: bool) -> Iterator[Sample]:
    values = [number(value) for value in raw[:16]] if isinstance(raw, list) else [number(raw)]
    if not isinstance(raw, list):
        if values[0] is not None:
            yield Sample(metric, values[0])
        return
    for channel, value in enumerate(values, start=1):
        if value is not None:
            yield Sample(metric, value, parts=(str(channel),))
    if summed and values and None not in values:
        yield Sample(metric, math.fsum(value for value in values if value is not None))
