"""Says what long series hold as the providers would: EIA's pages, ENTSO-E's documents, Open-Meteo's archive. Pure.

Only what the feeds read is said. A provider that has no such series is not spoken for: the caller then says that
there is nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ingestion_gateway.feeds.replay.long_series import HOUR_S, Hours, LongSeries

Params = Mapping[str, str]
_EIA_PATH: Final = "v2/electricity/rto/region-data/data"
_UNITS: Final = {
    "temperature_2m": "°C",
    "dewpoint_2m": "°C",
    "apparent_temperature": "°C",
    "relative_humidity_2m": "%",
    "cloud_cover": "%",
    "precipitation": "mm",
    "wind_speed_10m": "m/s",
    "surface_pressure": "hPa",
    "shortwave_radiation": "W/m²",
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A body and its type."""

    body: bytes
    media_type: str


def speak(series: LongSeries, host: str, path: str, pairs: Sequence[tuple[str, str]]) -> Spoken | None:
    """The answer to a request; none where no file holds what it asks for."""
    voice = _VOICES.get(host)
    return None if voice is None else voice(series, path.strip("/"), dict(pairs))


def _eia(series: LongSeries, path: str, params: Params) -> Spoken | None:
    code, content = params.get("facets[respondent][]", ""), params.get("facets[type][]", "")
    found = series.find("eia", code, content) if path == _EIA_PATH else None
    if found is None:
        return None
    # Both ends are inclusive there, and a stamp names the end of its hour.
    begin, end = (datetime.strptime(params[n], "%Y-%m-%dT%H").replace(tzinfo=UTC) for n in ("start", "end"))
    rows = found.between(content, int(begin.timestamp()), int(end.timestamp()) + HOUR_S)
    if not rows:
        return None
    offset, length = int(params.get("offset", "0")), int(params.get("length", "5000"))
    data = [
        {
            "period": f"{_utc(stamp):%Y-%m-%dT%H}",
            "respondent": code,
            "respondent-name": code,
            "type": content,
            "type-name": "Demand" if content == "D" else "Day-ahead demand forecast",
            "value": None if value is None else str(int(value)) if value == int(value) else repr(value),
            "value-units": "megawatthours",
        }
        for stamp, value in rows[offset : offset + length]
    ]
    return _json({"response": {"total": str(len(rows)), "frequency": "hourly", "data": data}})


def _entsoe(series: LongSeries, path: str, params: Params) -> Spoken | None:
    price = params.get("documentType") == "A44"
    code = params.get("in_Domain" if price else "outBiddingZone_Domain", "")
    content = "A44" if price else params.get("processType", "")
    found = series.find("entsoe", code, content)
    if found is None:
        return None
    begin, end = (datetime.strptime(params[n], "%Y%m%d%H%M").replace(tzinfo=UTC) for n in ("periodStart", "periodEnd"))
    points = _points(found, content, begin, end, "price.amount" if price else "quantity")
    return None if not points else Spoken(_document(price, points, begin, end).encode(), "application/xml")


def _points(found: Hours, content: str, begin: datetime, end: datetime, tag: str) -> str:
    first = int(begin.timestamp()) // HOUR_S * HOUR_S
    # Nobody has measured an hour that has not ended; forecasts and prices of it are there.
    last = int(end.timestamp()) - (HOUR_S - 1 if content == "A16" else 0)
    rows = found.between(content, first, last)
    return "".join(
        f"<Point><position>{(stamp - first) // HOUR_S + 1}</position><{tag}>{value}</{tag}></Point>"
        for stamp, value in rows
        if value is not None
    )


def _document(price: bool, points: str, begin: datetime, end: datetime) -> str:
    root = "Publication_MarketDocument" if price else "GL_MarketDocument"
    units = (
        "<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        if price
        else "<quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name>"
    )
    first = begin.replace(minute=0)
    last = end if end.minute == 0 else end.replace(minute=0) + timedelta(hours=1)
    span = f"<start>{first:%Y-%m-%dT%H:%MZ}</start><end>{last:%Y-%m-%dT%H:%MZ}</end>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="urn:gridseal:long-series">'
        f"<TimeSeries><businessType>{'A62' if price else 'A04'}</businessType>{units}<curveType>A01</curveType>"
        f"<Period><timeInterval>{span}</timeInterval><resolution>PT60M</resolution>{points}</Period>"
        f"</TimeSeries></{root}>"
    )


def _open_meteo(series: LongSeries, path: str, params: Params) -> Spoken | None:
    names = [name for name in params.get("hourly", "").split(",") if name in _UNITS]
    found = {n: h for n in names if (h := series.find("open-meteo", "", n)) is not None}
    if path != "v1/archive" or not found:
        return None
    begin, end = (datetime.fromisoformat(params[n]).replace(tzinfo=UTC) for n in ("start_date", "end_date"))
    span = int(begin.timestamp()), int(end.timestamp()) + 24 * HOUR_S
    columns = {name: dict(hours.between(name, *span)) for name, hours in found.items()}
    stamps = range(span[0], span[1], HOUR_S)
    hourly: dict[str, Any] = {"time": [f"{_utc(s):%Y-%m-%dT%H:%M}" for s in stamps]}
    hourly |= {name: [column.get(s) for s in stamps] for name, column in columns.items()}
    place = {name: float(params.get(name, "0")) for name in ("latitude", "longitude")}
    units = {"time": "iso8601", **{name: _UNITS[name] for name in columns}}
    return _json({**place, "utc_offset_seconds": 0, "timezone": "GMT", "hourly_units": units, "hourly": hourly})


def _utc(stamp_s: int) -> datetime:
    return datetime.fromtimestamp(stamp_s, UTC)


def _json(content: object) -> Spoken:
    return Spoken(json.dumps(content).encode(), "application/json")


_VOICES: Final[Mapping[str, Callable[[LongSeries, str, Params], Spoken | None]]] = {
    "api.eia.gov": _eia,
    "web-api.tp.entsoe.eu": _entsoe,
    "archive-api.open-meteo.com": _open_meteo,
}
