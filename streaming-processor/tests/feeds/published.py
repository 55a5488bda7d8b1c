"""Records as providers publish them, with defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gridseal.wire.demand import Demand
from gridseal.wire.market import MarketPrice
from gridseal.wire.weather import Weather, WeatherValue

START = datetime(2026, 1, 30, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def a_demand(**fields: Any) -> Demand:
    usual: dict[str, Any] = {
        "series_id": "us-ny/demand",
        "region_id": "us-ny",
        "provider": "eia",
        "provider_code": "NY",
        "period_start": START,
        "period_s": 3_600,
        "unit": "MW.h",
        "value": 100.0,
        "known_at": at(60) + timedelta(minutes=fields.get("revision", 1)),
    }
    return Demand(**(usual | fields))


def a_weather(**fields: Any) -> Weather:
    values = {
        "temperature_2m": (-1.5, "Cel"),
        "shortwave_radiation": (80.0, "W/m2"),
        "surface_pressure": (1013.25, "hPa"),
    }
    values |= fields.pop("said", {"snowfall": (0.1, "cm")})
    usual: dict[str, Any] = {
        "location_id": "us-ny",
        "kind": "analysis",
        "provider": "open-meteo",
        "period_start": START,
        "period_s": 3_600,
        "latitude": 40.7,
        "longitude": -74.0,
        "values": tuple(
            WeatherValue.model_validate({"variable": n, "value": v, "unit": u}) for n, (v, u) in values.items()
        ),
        "known_at": at(60),
    }
    return Weather(**(usual | fields))


def a_price(**fields: Any) -> MarketPrice:
    usual: dict[str, Any] = {
        "series_id": "de/price",
        "region_id": "de",
        "market": "day_ahead",
        "auction": "1",
        "provider": "entsoe",
        "provider_code": "10Y1001A1001A82H",
        "period_start": START,
        "period_s": 3_600,
        "currency": "EUR",
        "value": 50.0,
        "known_at": START,
    }
    return MarketPrice(**(usual | fields))
