"""Reads the XML documents of the ENTSO-E Transparency Platform: load (A65) and prices (A44).

Names are matched without their namespace, which carries versions. Of curve type A03 a position equal to the one
before is left out and filled forward to the end of the period; of A01 nothing is filled. What is left out and what is
missing cannot be told apart in A03.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from gridseal.errors import WireError
from ingestion_gateway.feeds.bodies import moment, number

PROVIDER: Final = "entsoe"
NO_DATA: Final = "No matching data found"
_DURATION: Final = re.compile(r"^PT(?:(\d+)H)?(?:(\d+)M)?$")
_MOST_POINTS: Final = 40_000


@dataclass(frozen=True, slots=True)
class Point:
    """One value over ``[start, start + period_s)``; ``filled``: repeated from the position before, as A03 wants."""

    start: datetime
    period_s: int
    value: float
    filled: bool


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """One series of a document."""

    business_type: str
    sequence: str
    """Position of the auction in a zone with several; empty without."""
    unit: str
    currency: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """All series of an answer, and when the platform says it made the answer (not when the values were published)."""

    created_at: datetime | None
    series: tuple[TimeSeries, ...]


def read_document(body: bytes) -> Document:
    """Series of an answer; none where the platform has no data.

    Raises:
        WireError: Not XML, an acknowledgement with any other reason than "no data", or a document that does not fit.
    """
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise WireError("entsoe: the answer is not XML", reason="not_xml") from error
    created = _text(root, "createdDateTime")
    created_at = moment(created, PROVIDER) if created else None
    if _name(root) == "Acknowledgement_MarketDocument":
        if NO_DATA in " ".join(_text(r, "text") for r in _all(root, "Reason")):
            return Document(created_at, ())
        raise WireError("entsoe: the platform refuses the request (acknowledgement)", reason="bad_request")
    if not _name(root).endswith("_MarketDocument"):
        raise WireError("entsoe: the answer is no market document", reason="malformed")
    return Document(created_at, tuple(_series(each) for each in _all(root, "TimeSeries")))


def _series(element: Element) -> TimeSeries:
    fill = _text(element, "curveType") == "A03"
    points = [point for period in _all(element, "Period") for point in _points(period, fill=fill)]
    return TimeSeries(
        business_type=_text(element, "businessType"),
        sequence=_text(element, "classificationSequence_AttributeInstanceComponent.position"),
        unit=_text(element, "quantity_Measure_Unit.name") or _text(element, "price_Measure_Unit.name"),
        currency=_text(element, "currency_Unit.name"),
        points=tuple(points),
    )


def _points(period: Element, *, fill: bool) -> Iterator[Point]:
    interval = next(iter(_all(period, "timeInterval")), None)
    if interval is None:
        raise WireError("entsoe: a period has no timeInterval", reason="malformed")
    start, end = moment(_text(interval, "start"), PROVIDER), moment(_text(interval, "end"), PROVIDER)
    step = _duration(_text(period, "resolution"))
    if step is None:
        return
    how_many = int((end - start) / step)
    if how_many > _MOST_POINTS:
        raise WireError("entsoe: a period has more points than allowed", reason="too_large")
    given: dict[int, float] = {}
    for point in _all(period, "Point"):
        position = number(_text(point, "position"))
        value = number(_text(point, "quantity") or _text(point, "price.amount"))
        if position is not None and value is not None:
            given.setdefault(int(position), value)
    last: float | None = None
    for position in range(1, how_many + 1):
        here = given.get(position)
        value = here if here is not None or not fill else last
        if value is not None:
            yield Point(start + (position - 1) * step, int(step.total_seconds()), value, here is None)
        last = value if value is not None else last


def _duration(text: str) -> timedelta | None:
    """Quarter-hours to hours; days and weeks (P1D, P7D) are outlooks that nothing here wants."""
    found = _DURATION.match(text)
    if found is None:
        if text.startswith("P"):
            return None
        raise WireError("entsoe: a resolution cannot be read", reason="malformed")
    step = timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))
    return step or None


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(element: Element, name: str) -> list[Element]:
    return [child for child in element if _name(child) == name]


def _text(element: Element, name: str) -> str:
    found = _all(element, name)
    return (found[0].text or "").strip() if found else ""
