"""SenML (RFC 8428) as telemetry: what a record's name and unit mean.

The name of a record is looked up behind that of its device: ``gw1#urn:dev:ow:10e2073a01080063`` in the settings owns
every record whose name begins so, and the rest (``voltage``) is the metric. Without such an entry the device of the
topic owns it and the metric is the last part of the name. A metric without a setting is known by its unit alone;
``lon``, ``%EL`` and the like are not. A sum (``s``) is the metric ``<name>/sum`` in unit times seconds.
"""

import re
from collections.abc import Iterator
from typing import Final

from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted, DialectError
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import LATEST_MS, Metric, Said, Sample
from ingestion_gateway.dialects.senml_pack import Record, parse_pack

KNOWN: Final[dict[str, Metric]] = {
    "unit:W": Metric("active_power"),
    "unit:kW": Metric("active_power"),
    "unit:VA": Metric("apparent_power"),
    "unit:kVA": Metric("apparent_power"),
    "unit:var": Metric("reactive_power"),
    "unit:kvar": Metric("reactive_power"),
    "unit:V": Metric("voltage"),
    "unit:A": Metric("current"),
    "unit:Hz": Metric("frequency"),
    "unit:Cel": Metric("air_temperature"),
    "unit:%RH": Metric("relative_humidity"),
    "unit:Pa": Metric("air_pressure"),
    "unit:hPa": Metric("air_pressure"),
    "unit:W/m2": Metric("irradiance"),
    "unit:m/s": Metric("wind_speed"),
}
"""Energy units need a setting: SenML does not say which way the energy went."""


class SenMl(MappedDialect):
    """One entry of dialect ``senml``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        name = self._mapper.name_in(topic)
        parts = self._mapper.parts(name)
        records = parse_pack(payload, received_at_ms / 1_000)
        samples = [sample for record in records for sample in _samples(record, parts)]
        times = [sample.at_ms for sample in samples if sample.at_ms is not None]
        at_ms = max(times, default=received_at_ms)
        return self._mapper.messages(topic, name, Said(at_ms, max(0, at_ms)), samples)


def _samples(record: Record, parts: list[str]) -> Iterator[Sample]:
    if abs(record.time_s) * 1_000 >= LATEST_MS:
        raise DialectError("t and bt should make a time", reason="bad_time")
    at_ms = round(record.time_s * 1_000)
    owner = next((part for part in parts if record.name.startswith(part)), "")
    metric = record.name[len(owner) :].lstrip(":/._-") if owner else re.split("[:/]", record.name)[-1]
    unit = record.unit or ""
    if record.value is not None:
        yield Sample(metric, record.value, record.unit, at_ms, (owner,), also=f"unit:{unit}", source=record.name)
    if record.sum is not None:
        yield Sample(f"{metric}/sum", record.sum, f"{unit}.s" if unit else None, at_ms, (owner,), source=record.name)
