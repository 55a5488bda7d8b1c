"""Open-Meteo: reanalysis (archive), forecast and 15-minute nowcast; keyless, or at the customers' address with a key.

Radiation, rain and snow of a stamp belong to the step BEFORE it, all else is the sample at the stamp: records
are built by the start of the period, so the last stamp of an answer gives no radiation. Stamps have no zone but
one constant offset. The archive ends with nulls, about five days ago. Units are read, not believed.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from gridseal.errors import ConfigError, UnavailableError, WireError
from gridseal.wire.weather import Weather, WeatherUnit, WeatherValue, WeatherVariable
from ingestion_gateway.feeds.bodies import json_of, member, moment, number
from ingestion_gateway.feeds.ports import Answer, Batch, Feed, FeedKeyError, Outside, Request, Room, Window
from ingestion_gateway.feeds.sources import Source

PROVIDER: Final = "open-meteo"
REGISTER: Final = "https://open-meteo.com/en/pricing"
VARIABLES: Final[tuple[WeatherVariable, ...]] = get_args(WeatherVariable)
HOURLY: Final = VARIABLES[:12]
LIVE: Final = (
    "temperature_2m",
    "relative_humidity_2m",
    "wind_speed_10m",
    "apparent_temperature",
    "cloud_cover",
    "shortwave_radiation",
)
OF_THE_STEP_BEFORE: Final = frozenset(VARIABLES[n] for n in (4, 5, 6, 11, 12, 13))
_UNITS: Final[Mapping[str, tuple[WeatherUnit, float]]] = {
    "°C": ("Cel", 1.0),
    "%": ("%", 1.0),
    "mm": ("mm", 1.0),
    "cm": ("cm", 1.0),
    "km/h": ("m/s", 1 / 3.6),
    "m/s": ("m/s", 1.0),
    "hPa": ("hPa", 1.0),
    "W/m²": ("W/m2", 1.0),
}
Content = Literal["archive", "forecast", "nowcast"]
_KINDS: Final[Mapping[str, Literal["analysis", "nowcast", "forecast"]]] = {
    "archive": "analysis",
    "forecast": "forecast",
    "nowcast": "nowcast",
}
_HOSTS: Final = {"archive": "archive-api.open-meteo.com/v1/archive", "forecast": "api.open-meteo.com/v1/forecast"}


@dataclass(slots=True)
class _Periods:
    """Values by model and start of period, in the order of their first appearance."""

    values: dict[tuple[str, datetime], list[WeatherValue]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def skip(self, why: str, how_many: int = 1) -> None:
        if how_many:
            self.left_out[why] = self.left_out.get(why, 0) + how_many


def parse(answer: Answer, source: Source) -> Batch:
    """The weather of one answer, a record for each model and period.

    Raises:
        WireError: The body is not what the API promises.
    """
    content = json_of(answer.body, PROVIDER)
    block, step_s = ("minutely_15", 900) if source.content == "nowcast" else ("hourly", 3_600)
    columns, units = member(content, PROVIDER, block), member(content, PROVIDER, f"{block}_units")
    offset_s = int(number(content.get("utc_offset_seconds")) or 0)
    stamps = [moment(each, PROVIDER, offset_s=offset_s) for each in member(columns, PROVIDER, "time")]
    found = _Periods()
    for name, values in columns.items():
        if name != "time":
            _take(name, values, stamps, str(units.get(name, "")), timedelta(seconds=step_s), found)
    kind = _KINDS[source.content]
    records = [
        Weather(
            location_id=source.region_id,
            kind=kind,
            provider=PROVIDER,
            model=model,
            # From when it could be used: when we had it, whatever the provider's clock says.
            issued_at=None if kind == "analysis" else answer.received_at,
            period_start=start,
            period_s=step_s,
            latitude=number(content.get("latitude")) or 0.0,
            longitude=number(content.get("longitude")) or 0.0,
            values=tuple(values),
            known_at=answer.received_at,
        )
        for (model, start), values in sorted(found.values.items())
    ]
    return Batch(records, found.left_out, answer.served_at)


def _take(name: str, values: Any, stamps: list[datetime], unit_text: str, step: timedelta, into: _Periods) -> None:
    variable, model = _variable(name)
    if variable is None or unit_text not in _UNITS:
        into.skip("unknown_variable" if variable is None else "wrong_unit", len(stamps))
        return
    if not isinstance(values, list) or len(values) != len(stamps):
        raise WireError(f"open-meteo: {name} has another length than time", reason="malformed")
    unit, factor = _UNITS[unit_text]
    shift = step if variable in OF_THE_STEP_BEFORE else timedelta(0)
    seen: set[datetime] = set()
    for stamp, value in zip(stamps, values, strict=True):
        known = number(value)
        if known is None or stamp in seen:
            into.skip("null" if known is None else "duplicate")
            continue
        seen.add(stamp)
        scaled = round(known * factor, 6)
        into.values.setdefault((model, stamp - shift), []).append(
            WeatherValue(variable=variable, unit=unit, value=scaled)
        )


def _variable(name: str) -> tuple[WeatherVariable | None, str]:
    """The variable of a column, and its model where several were asked for."""
    for variable in sorted(VARIABLES, key=len, reverse=True):
        if name == variable:
            return variable, ""
        # The sample at the stamp is another quantity than the mean of the step.
        if name.startswith(f"{variable}_") and not name.startswith(f"{variable}_instant"):
            return variable, name.removeprefix(f"{variable}_")
    return None, ""


class OpenMeteoFeed:
    """One place a request; 60 s for the archive, 30 s for the rest."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def pull(self, source: Source, window: Window, room: Room) -> AsyncIterator[Batch]:
        """The periods of the window that the provider has; a forecast is whole, whatever the window."""
        answer = await room.get(self._request(source, window))
        batch = parse(answer, source)
        records = [r for r in batch.records if source.content != "archive" or window.holds(r.period_start)]
        yield Batch(records, batch.left_out, batch.served_at)

    def _request(self, source: Source, window: Window) -> Request:
        if source.content not in _KINDS:
            raise ConfigError(f"source {source.source_id}: content is {', '.join(_KINDS)}")
        latitude, longitude = source.place
        params = [("latitude", str(latitude)), ("longitude", str(longitude)), ("timezone", "GMT")]
        params.append(("wind_speed_unit", "ms"))
        if "model" in source.options:
            params.append(("models", source.options["model"]))
        params += list(_span(source, window))
        keyed = source.options.get("keyed") == "true"
        host = _HOSTS["archive" if source.content == "archive" else "forecast"]
        key = self._outside.key("WEATHER_API_KEY", REGISTER) if keyed else ""
        if key:
            params.append(("apikey", key))
        url = self._outside.url(PROVIDER, f"https://{'customer-' if keyed else ''}{host}")
        timeout_s = 60.0 if source.content == "archive" else 30.0
        return Request(PROVIDER, url, params, secrets=(key,) if key else (), timeout_s=timeout_s, judge=_judge)


def _span(source: Source, window: Window) -> Iterator[tuple[str, str]]:
    if source.content == "archive":
        # The day after as well: the last hour's radiation stands at the midnight that follows.
        yield "start_date", f"{window.start:%Y-%m-%d}"
        yield "end_date", f"{window.end:%Y-%m-%d}"
        yield "hourly", ",".join(HOURLY)
    elif source.content == "forecast":
        yield "forecast_days", source.options.get("forecast_days", "2")
        yield "hourly", ",".join(HOURLY)
    else:
        yield "forecast_days", "1"
        yield "minutely_15", ",".join(LIVE)


def _judge(answer: Answer) -> None:
    """An error may come with any status, and without a data key."""
    said: Any = None
    if answer.status != 200 or b'"error"' in answer.body[:200] or b'"reason"' in answer.body[:200]:
        try:
            said = json_of(answer.body, PROVIDER)
        except WireError:
            said = {}
    if said is None or (answer.status == 200 and not said.get("error")):
        return
    reason = str(said.get("reason", ""))[:120]
    if answer.status in (401, 403):
        raise FeedKeyError(f"Open-Meteo refuses the key in WEATHER_API_KEY: check it, see {REGISTER}")
    if answer.status == 429 or answer.status >= 500 or "concurrent" in reason or "Something went wrong" in reason:
        raise UnavailableError(f"Open-Meteo answers with HTTP {answer.status}: {reason}")
    raise WireError(f"open-meteo: HTTP {answer.status}: {reason}", reason="bad_request")


def make(outside: Outside) -> Feed:
    """The feed."""
    return OpenMeteoFeed(outside)
