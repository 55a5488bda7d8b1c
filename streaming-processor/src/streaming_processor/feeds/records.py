"""Records of ``demand.raw``, ``weather.raw`` and ``market.raw`` in our units. Pure.

The device of a demand series is its id with a dash (``us-ny/demand`` → ``us-ny-demand``), that of a place's weather
``<location>-weather``: the catalog lists both, so that windows, features and forecasts treat them like any meter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from gridseal.errors import WireError
from gridseal.wire.codec import decode
from gridseal.wire.demand import Demand
from gridseal.wire.fields import Message
from gridseal.wire.market import MarketPrice
from gridseal.wire.topics import DEMAND_RAW, MARKET_RAW, WEATHER_RAW
from gridseal.wire.weather import Weather
from streaming_processor.arrived import Undecodable

FEED_TOPICS: Final[Mapping[str, type[Message]]] = {DEMAND_RAW: Demand, WEATHER_RAW: Weather, MARKET_RAW: MarketPrice}
_WATTS_MILLI: Final = {"MW": Decimal(10**9), "kW": Decimal(10**6), "W": Decimal(10**3)}
QUANTITIES: Final[Mapping[str, tuple[str, int]]] = {
    "temperature_2m": ("air_temperature", 1_000),
    "relative_humidity_2m": ("relative_humidity", 1_000),
    "cloud_cover": ("cloud_cover", 1_000),
    "wind_speed_10m": ("wind_speed", 1_000),
    "surface_pressure": ("air_pressure", 100_000),
    "shortwave_radiation": ("irradiance", 1_000),
    "precipitation": ("precipitation", 1_000),
}
"""Variable → stored quantity, and thousandths of its base unit for one of the provider's."""


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What a device would have sent."""

    device_id: str
    quantity: str
    start_s: int
    period_s: int
    milli: int
    known_at_ms: int


@dataclass(slots=True)
class FeedRecords:
    """One batch of the three topics."""

    demand: list[Demand] = field(default_factory=list)
    weather: list[Weather] = field(default_factory=list)
    prices: list[MarketPrice] = field(default_factory=list)
    undecodable: list[Undecodable] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.demand) + len(self.weather) + len(self.prices)


def read_records(rows: Iterable[tuple[str, int, int, bytes | None, bytes | None]]) -> FeedRecords:
    """Decode Kafka records: topic, partition, offset, key, value."""
    found = FeedRecords()
    for topic, partition, offset, key, value in rows:
        try:
            message = decode(FEED_TOPICS[topic], value or b"")
        except WireError as error:
            found.undecodable.append(Undecodable(topic, partition, offset, key, value or b"", error.reason, str(error)))
            continue
        match message:
            case Demand():
                found.demand.append(message)
            case Weather():
                found.weather.append(message)
            case MarketPrice():
                found.prices.append(message)
    return found


def power_milli(record: Demand) -> int:
    """Mean power of the period in mW, rounded half to even; exact up to there."""
    value = Decimal(repr(record.value))
    if record.unit == "MW.h":
        return _whole(value * 3_600 * 10**9 / record.period_s)
    return _whole(value * _WATTS_MILLI[record.unit])


def price_milli(record: MarketPrice) -> int:
    """Thousandths of the currency for each MWh."""
    return _whole(Decimal(repr(record.value)) * (1_000 if record.per == "MW.h" else 10**6))


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_EVEN))


def demand_readings(records: Sequence[Demand]) -> list[FeedReading]:
    """Actual values as a meter would send them: what is drawn from the grid is negative."""
    return [
        FeedReading(
            device_id=record.series_id.replace("/", "-"),
            quantity="active_power",
            start_s=int(record.period_start.timestamp()),
            period_s=record.period_s,
            milli=-power_milli(record),
            known_at_ms=int(record.known_at.timestamp() * 1_000),
        )
        for record in newest_revisions(records)
        if record.kind == "actual"
    ]


def weather_readings(records: Sequence[Weather]) -> list[FeedReading]:
    """Analyses as a station would send them. A forecast is no measurement and never becomes one."""
    newest: dict[tuple[str, str, int], tuple[int, FeedReading]] = {}
    for record in records:
        if record.kind != "analysis":
            continue
        for value in record.values:
            if value.variable not in QUANTITIES:
                continue
            quantity, factor = QUANTITIES[value.variable]
            reading = FeedReading(
                device_id=f"{record.location_id}-weather",
                quantity=quantity,
                start_s=int(record.period_start.timestamp()),
                period_s=record.period_s,
                milli=_whole(Decimal(repr(value.value)) * factor),
                known_at_ms=int(record.known_at.timestamp() * 1_000),
            )
            key = (reading.device_id, quantity, reading.start_s)
            if key not in newest or newest[key][0] <= record.revision:
                newest[key] = (record.revision, reading)
    return [reading for _, reading in newest.values()]


def newest_revisions(records: Sequence[Demand]) -> list[Demand]:
    """Of each value the highest revision in the batch."""
    newest: dict[tuple[str, str, str, int], Demand] = {}
    for record in records:
        key = (record.series_id, record.kind, record.provider, int(record.period_start.timestamp()))
        if key not in newest or newest[key].revision <= record.revision:
            newest[key] = record
    return list(newest.values())
