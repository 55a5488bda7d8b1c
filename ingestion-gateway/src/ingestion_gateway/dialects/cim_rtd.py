"""CIM real-time data: the ``TimeSeries`` of EDDIE's market document, in both spellings of its fields.

Types 0 and 1 are kWh registers, 2 and 3 kW in two directions; 4 to 9 are phases. A published example has 1750 under
type 2, which would be MW for a household: a device that sends W needs ``"unit": "W"`` in its metrics.
"""

from collections.abc import Iterator
from typing import Any, Final

from gridseal.wire.telemetry import Quality
from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted, DialectError
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import Metric, Said, Sample
from ingestion_gateway.dialects.payloads import MAX_ITEMS, number_text, parse_object, rfc3339_ms

KNOWN: Final[dict[str, Metric]] = {
    "0": Metric("energy_import_register", "kW.h"),
    "1": Metric("energy_export_register", "kW.h"),
    "2-3": Metric("active_power", "kW", -1),
    **{str(4 + n): Metric("voltage", "V", own_part=True) for n in range(3)},
    **{str(7 + n): Metric("current", "A", own_part=True) for n in range(3)},
    "10": Metric("power_factor", "1"),
}
"""``2-3`` is consumption (2) less generation (3)."""
_PHASE: Final = {str(4 + n): f"L{n % 3 + 1}" for n in range(6)}
_QUALITY: Final[dict[str, Quality | None]] = {
    "NOT_AVAILABLE": None,
    "A02": None,
    "ESTIMATED": "suspect",
    "A03": "suspect",
    "INCOMPLETE": "suspect",
    "A05": "suspect",
}


class CimRtd(MappedDialect):
    """One entry of dialect ``cim-rtd``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        name = self._mapper.name_in(topic)
        content = parse_object(payload)
        document = content.get("marketDocument")
        series = document.get("timeSeries") if isinstance(document, dict) else [content]
        if not isinstance(series, list) or len(series) > MAX_ITEMS or not all(isinstance(one, dict) for one in series):
            raise DialectError("timeSeries should be a list of objects")
        samples = [sample for one in series for sample in _samples(one)]
        at_ms = max((sample.at_ms for sample in samples if sample.at_ms is not None), default=received_at_ms)
        return self._mapper.messages(topic, name, Said(at_ms, max(0, at_ms)), samples)


def _samples(series: dict[str, Any]) -> Iterator[Sample]:
    at_ms = rfc3339_ms(series.get("dateAndOrTime.dateTime", series.get("dateAndOrTimeDateTime")))
    resource = series.get("registeredResource.mRID", series.get("registeredResourceMRID"))
    mrid = resource.get("value") if isinstance(resource, dict) else None
    parts = (mrid, "") if isinstance(mrid, str) and mrid else ("",)
    quantities = series.get("Quantity", series.get("quantities"))
    if not isinstance(quantities, list) or len(quantities) > MAX_ITEMS:
        raise DialectError("a time series should have a list of quantities")
    net: list[tuple[float, Quality]] = []
    for quantity in quantities:
        kind, value, quality = _quantity(quantity)
        if value is None or quality is None:
            continue
        if kind in ("2", "3"):
            net.append((value if kind == "2" else -value, quality))
        elif kind in _PHASE:
            yield Sample(kind, value, at_ms=at_ms, parts=(_PHASE[kind], *parts), quality=quality, source=parts[0])
        else:
            yield Sample(kind, value, at_ms=at_ms, parts=parts, quality=quality, source=parts[0])
    if net:
        worst: Quality = "suspect" if any(quality == "suspect" for _, quality in net) else "good"
        yield Sample("2-3", sum(value for value, _ in net), at_ms=at_ms, parts=parts, quality=worst, source=parts[0])


def _quantity(quantity: Any) -> tuple[str, float | None, Quality | None]:
    if not isinstance(quantity, dict):
        raise DialectError("a quantity should be an object")
    kind, quality = quantity.get("type"), quantity.get("quality")
    read: Quality | None = _QUALITY.get(quality, "good") if isinstance(quality, str) else "good"
    return (kind if isinstance(kind, str) else "", number_text(quantity.get("quantity")), read)
