"""Sinapsi Alfa (Italy): ``/<user>/iomtsgdata/<activation key>``, OBIS codes with a suffix, numbers and times in quotes.

Power comes as two directions in W, energy in Wh. ``name#<pod>`` may name one of several points of delivery.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted, DialectError
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import Metric, Said, Sample
from ingestion_gateway.dialects.payloads import MAX_ITEMS, epoch_ms, number_text, parse_json

_OBIS: Final = re.compile(r"1-0:(\d{1,3}\.\d{1,3}\.\d{1,3})\.255_3,0_2")
KNOWN: Final[dict[str, Metric]] = {
    "16.7.0": Metric("active_power", "W", -1),
    "1.8.0": Metric("energy_import_register", "W.h"),
    "2.8.0": Metric("energy_export_register", "W.h"),
}
"""``16.7.0`` is import (1.7.0) less export (2.7.0), as OBIS names the balance."""


class SinapsiAlfa(MappedDialect):
    """One entry of dialect ``sinapsi-alfa``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        name = self._mapper.name_in(topic)
        content = parse_json(payload)
        if not isinstance(content, list) or not all(isinstance(meter, dict) for meter in content):
            raise DialectError("payload should be a list of meters")
        samples = [sample for meter in content for sample in _samples(meter)]
        if len(samples) > MAX_ITEMS:
            raise DialectError(f"more than {MAX_ITEMS} values", reason="too_large")
        at_ms = max((sample.at_ms for sample in samples if sample.at_ms is not None), default=received_at_ms)
        return self._mapper.messages(topic, name, Said(at_ms, at_ms), samples)


def _samples(meter: dict[str, Any]) -> Iterator[Sample]:
    pod = meter.get("pod")
    parts = (pod, "") if isinstance(pod, str) and pod else ("",)
    data = meter.get("data")
    for moment in data if isinstance(data, list) else ():
        if not isinstance(moment, dict):
            raise DialectError("data should be a list of objects")
        at_ms = epoch_ms(moment.get("ts"))
        if at_ms is None:
            raise DialectError("ts should be Unix seconds", reason="bad_time")
        values = dict(_values(moment))
        into, out = values.pop("1.7.0", None), values.pop("2.7.0", None)
        if into is not None or out is not None:
            yield Sample("16.7.0", (into or 0.0) - (out or 0.0), at_ms=at_ms, parts=parts, source=parts[0])
        for code, value in values.items():
            yield Sample(code, value, at_ms=at_ms, parts=parts, source=parts[0])


def _values(moment: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for key, raw in moment.items():
        match = _OBIS.fullmatch(key)
        value = number_text(raw) if match else None
        if match is not None and value is not None:
            yield match[1], value
