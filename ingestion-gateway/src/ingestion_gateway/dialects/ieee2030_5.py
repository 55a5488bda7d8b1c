"""IEEE 2030.5 as XML: DERStatus, and MirrorMeterReading with its ReadingType (also inside MirrorUsagePoint and lists).

``stateOfChargeStatus`` is in hundredths of a percent by the standard; devices that send percent need ``"unit": "%"`` in
their metrics. Forward (1) is from the grid to the customer, reverse (19) into the grid. DERAvailability, DERCapability
and DERSettings say what could be, not what is: they are no telemetry. A reading that only repeats an mRID, without its
ReadingType, is refused: it has no meaning here.
"""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from gridseal.wire.telemetry import Quality
from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted, DialectError
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import Metric, Said, Sample
from ingestion_gateway.dialects.payloads import MAX_ITEMS, check_size, epoch_ms
from ingestion_gateway.dialects.units import scaled

KNOWN: Final[dict[str, Metric]] = {
    "stateOfChargeStatus": Metric("state_of_charge", "%", divisor=100),
    "W.forward": Metric("active_power", sign=-1),
    "W.reverse": Metric("active_power"),
    "var.forward": Metric("reactive_power", sign=-1),
    "var.reverse": Metric("reactive_power"),
    "VA": Metric("apparent_power"),
    "V": Metric("voltage"),
    "A": Metric("current"),
    "Hz": Metric("frequency"),
    "cos": Metric("power_factor"),
    "Wh.total.forward": Metric("energy_import_register"),
    "Wh.total.reverse": Metric("energy_export_register"),
    "Wh.interval.forward": Metric("active_energy_import"),
    "Wh.interval.reverse": Metric("active_energy_export"),
}
"""``W`` without a direction needs a setting."""
_UOM: Final = {5: ("A", "A"), 29: ("V", "V"), 33: ("Hz", "Hz"), 38: ("W", "W"), 61: ("VA", "V.A"), 63: ("var", "var")}
_UOM_MORE: Final = {65: ("cos", "1"), 72: ("Wh", "W.h")}
_FLOW: Final = {1: ".forward", 19: ".reverse"}
_ACCUMULATED: Final = {3: ".total", 9: ".total", 4: ".interval"}
_PHASE: Final = {128: "A", 64: "B", 32: "C"}
_DOUBTFUL: Final = 0b1_1100
"""Quality flags: estimated in two ways, or questionable."""
_SILENT: Final = frozenset({"DERAvailability", "DERCapability", "DERSettings"})


class Ieee20305(MappedDialect):
    """One entry of dialect ``ieee2030.5``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        name = self._mapper.name_in(topic)
        root = _parse(payload)
        kind = _local(root)
        if kind in _SILENT:
            return Adapted()
        samples = list(_status(root)) if kind == "DERStatus" else list(_mirrors(root))
        at_ms = max((sample.at_ms for sample in samples if sample.at_ms is not None), default=received_at_ms)
        return self._mapper.messages(topic, name, Said(at_ms, at_ms), samples)


def _parse(payload: bytes) -> Element:
    check_size(payload)
    try:
        root: Element = fromstring(payload, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise DialectError("payload is not plain XML", reason="not_xml") from error
    return root


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _local(child) == name), None)


def _whole(element: Element | None, name: str, *, base: int = 10, default: int | None = None) -> int:
    child = None if element is None else _child(element, name)
    text = (child.text or "").strip() if child is not None else ""
    if not text and default is not None:
        return default
    try:
        if len(text) <= 20 and text.isascii() and "_" not in text:
            return int(text, base)
    except ValueError:
        pass
    raise DialectError(f"{name} should be a whole number")


def _moment(seconds: int) -> int:
    at_ms = epoch_ms(seconds)
    if at_ms is None:
        raise DialectError("a time should be Unix seconds", reason="bad_time")
    return at_ms


def _status(root: Element) -> Iterator[Sample]:
    charge = _child(root, "stateOfChargeStatus")
    if charge is not None:
        at_ms = _moment(_whole(charge, "dateTime"))
        yield Sample("stateOfChargeStatus", float(_whole(charge, "value")), at_ms=at_ms)


def _mirrors(root: Element) -> Iterator[Sample]:
    mirrors = [element for element in root.iter() if _local(element) == "MirrorMeterReading"]
    if not mirrors:
        raise DialectError("payload is no DERStatus and has no MirrorMeterReading", reason="unsupported")
    for mirror in mirrors:
        kind = _child(mirror, "ReadingType")
        sets = [mirror, *(element for element in mirror if _local(element) == "MirrorReadingSet")]
        readings = [element for one in sets for element in one if _local(element) == "Reading"]
        if len(readings) > MAX_ITEMS:
            raise DialectError(f"more than {MAX_ITEMS} readings", reason="too_large")
        if kind is None and readings:
            raise DialectError("a MirrorMeterReading should carry its ReadingType", reason="unsupported")
        for reading in readings:
            yield from _sample(kind, reading)


def _sample(kind: Element | None, reading: Element) -> Iterator[Sample]:
    uom = _whole(kind, "uom", default=0)
    name, unit = _UOM.get(uom) or _UOM_MORE.get(uom) or (f"uom{uom}", "")
    if name == "Wh":
        name += _ACCUMULATED.get(_whole(kind, "accumulationBehaviour", default=0), ".other")
    if unit in ("W", "var", "W.h"):
        name += _FLOW.get(_whole(kind, "flowDirection", default=0), "")
    power = _whole(kind, "powerOfTenMultiplier", default=0)
    if not -9 <= power <= 9:
        raise DialectError("powerOfTenMultiplier should be from -9 to 9")
    span = _child(reading, "timePeriod")
    duration_ms = _whole(span, "duration", default=0) * 1_000
    at_ms = _moment(_whole(span, "start")) + duration_ms
    flags = _whole(reading, "qualityFlags", base=16, default=1)
    quality: Quality = "suspect" if flags & _DOUBTFUL else "good"
    phase = _PHASE.get(_whole(kind, "phase", default=0), "")
    value, scaled_unit = scaled(float(_whole(reading, "value")), power, unit)
    period_ms = duration_ms if ".interval" in name or (duration_ms and ".total" not in name) else None
    yield Sample(name, value, scaled_unit, at_ms, (phase,), period_ms=period_ms, quality=quality, source=phase)
