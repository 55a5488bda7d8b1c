"""The weather of one place and period as its provider published it, on ``weather.raw``.

Written by the feeds of ingestion-gateway; read by streaming-processor. Keyed by ``location_id``. Forecasts
carry the time of their issue, so that history holds what was known and not what turned out to be true:
``forecast`` records of one period stand beside each other. Measurements and analyses are corrected by a
record with ``revision`` + 1.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.fields import Message, Slug, UtcTime

WeatherVariable = Literal[
    "temperature_2m",
    "relative_humidity_2m",
    "dewpoint_2m",
    "apparent_temperature",
    "precipitation",
    "rain",
    "snowfall",
    "cloud_cover",
    "wind_speed_10m",
    "wind_gusts_10m",
    "surface_pressure",
    "shortwave_radiation",
    "diffuse_radiation",
    "direct_normal_irradiance",
]
"""S3's twelve by its names, and two more for PV."""
WeatherUnit = Literal["Cel", "%", "mm", "cm", "m/s", "hPa", "W/m2"]


class WeatherValue(Message):
    """One variable. Radiation is the mean of the period, precipitation its sum, all else the sample at its start."""

    variable: WeatherVariable
    unit: WeatherUnit
    """UCUM."""
    value: Annotated[float, Field(ge=-1e6, le=1e6)]


class Weather(Message):
    """What one provider says of ``[period_start, period_start + period_s)`` at one place."""

    schema_: Annotated[Literal["weather/1"], Field(alias="schema")] = "weather/1"
    location_id: Slug
    """The region or site that it is for."""
    kind: Literal["analysis", "nowcast", "forecast"]
    """``analysis`` is a reanalysis or stitched short leads; none of the three is a station's measurement."""
    provider: Slug
    model: Annotated[str, Field(max_length=64)] = ""
    issued_at: UtcTime | None = None
    """From when a forecast or nowcast could be used; null for an analysis."""
    period_start: UtcTime
    period_s: Annotated[int, Field(strict=True, ge=60, le=86_400)]
    latitude: Annotated[float, Field(ge=-90, le=90)]
    """Of the grid cell that answered, not of the place that was asked for."""
    longitude: Annotated[float, Field(ge=-180, le=180)]
    values: Annotated[tuple[WeatherValue, ...], Field(min_length=1, max_length=32)]
    revision: Annotated[int, Field(strict=True, ge=1)] = 1
    known_at: UtcTime
    """When the gateway had it."""
