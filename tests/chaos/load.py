"""Synthetic load, clearly labelled as such: devices ``load-NN`` that exist nowhere else.

Everything a device will ever say follows from the seed, the device and the number of the message, so
an agent that was killed goes on with exactly what it would have said. Only tests use this.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

from edge_agent.fleet import Device
from edge_agent.packing import PackedReading, encode_message
from gridseal.wire.catalog import Asset, CatalogRecord, Series, SeriesInput, Site
from gridseal.wire.topics import TelemetryClass
from gridseal.wire.units import UNITS

TENANT: Final = "demo"
SITE: Final = "chaos"
PERIOD_S: Final = 1
HOUR_MS: Final = 3_600_000

Share = Literal["good", "again", "skewed", "poison", "late-poison", "stranger"]
"""``again``: readings of the message before, under a new number. ``skewed``: the device's clock is a day
ahead. ``poison``: refused by the gateway, which can name it. ``late-poison``: well-formed, refused by the
stream. ``stranger``: nobody can tell whose it is, so no receipt will ever name it."""

POISON: Final = (
    "schema",
    "no-readings",
    "extra-field",
    "nan",
    "infinity",
    "text-value",
    "unit",
    "quantity",
    "period",
    "future",
    "foreign-device",
    "no-period",
)
LATE_POISON: Final = ("range", "device-bad", "ancient")
STRANGERS: Final = ("not-json", "deep", "no-boot", "not-utf8")

CHANNELS: Final[dict[TelemetryClass, tuple[tuple[str, str, float, float], ...]]] = {
    "meter": (("active_energy_import", "kW.h", 0.002, 0.0005), ("voltage", "V", 230.0, 4.0)),
    "solar": (("active_power", "kW", 5.2, 1.4), ("irradiance", "W/m2", 540.0, 120.0)),
    "wind": (("active_power", "MW", 1.7, 0.3), ("wind_speed", "m/s", 8.1, 2.2)),
    "weather": (("air_temperature", "Cel", 14.5, 3.0), ("relative_humidity", "%", 61.0, 9.0)),
    "storage": (("active_power", "W", 3_100.0, 900.0), ("state_of_charge", "%", 55.0, 12.0)),
}
"""Quantity, unit, middle and swing."""
CLASSES: Final[tuple[TelemetryClass, ...]] = ("meter", "solar", "wind", "weather", "storage")
ASSET_TYPES: Final = dict(
    zip(CLASSES, ("meter", "pv", "wind_turbine", "weather_station", "battery"), strict=True),
)
BASE_UNITS: Final = {
    "voltage": "V",
    "active_power": "W",
    "irradiance": "W/m2",
    "wind_speed": "m/s",
    "air_temperature": "Cel",
    "relative_humidity": "%",
    "state_of_charge": "%",
}


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the agent must know; written by the conductor, read at every start of the agent."""

    seed: int
    devices: int
    messages: int
    messages_per_s: float
    base_ms: int
    """Domain time at which the first period starts."""

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "LoadOptions":
        """Read the file."""
        return cls(**json.loads(path.read_text()))

    @property
    def per_device(self) -> int:
        """Messages of each device, at least."""
        return -(-self.messages // self.devices)

    @property
    def rate(self) -> float:
        """Messages per second of each device."""
        return self.messages_per_s / self.devices


@dataclass(frozen=True, slots=True)
class Planned:
    """One message before it has a number."""

    share: Share
    what: str
    readings: tuple[PackedReading, ...]
    """Of a refused message only those that its refusal can be found by."""
    encode: Callable[[str, int, int], bytes]
    """From ``boot_id``, ``seq`` and ``sent_at_ms``."""

    def facts(self) -> list[list[Any]]:
        """The readings for the journal."""
        return [[r.quantity, r.unit, r.period_start_ms, r.period_ms, r.value] for r in self.readings]


def telemetry_class(number: int) -> TelemetryClass:
    """Device classes in turn."""
    return CLASSES[number % len(CLASSES)]


def device(number: int) -> Device:
    """The identity of a load device."""
    return Device(f"load-{number:02d}", TENANT, SITE, telemetry_class(number))


def plan_message(options: LoadOptions, number: int, k: int) -> Planned:
    """What device ``number`` says as its ``k``-th message."""
    random = Random(f"{options.seed}/{number}/{k}")
    name, draw = device(number).device_id, random.random()
    if draw < 0.008:
        return _poison(options, number, k, random.choice(POISON))
    if draw < 0.010:
        return _late_poison(options, number, k, random.choice(LATE_POISON))
    if draw < 0.012:
        return _stranger(name, k, random.choice(STRANGERS))
    if draw < 0.015:
        readings = _readings(options, number, k)
        return Planned("skewed", "", readings, lambda b, s, at: _plain(name, b, s, at + 25 * HOUR_MS, readings))
    if draw < 0.025 and k > 0 and _is_plain(options, number, k - 1):
        before = _readings(options, number, k - 1)
        return Planned("again", "", before, lambda b, s, at: _plain(name, b, s, at, before))
    readings = _readings(options, number, k)
    return Planned("good", "", readings, lambda b, s, at: _plain(name, b, s, at, readings))


def _is_plain(options: LoadOptions, number: int, k: int) -> bool:
    """Whether a message is an ordinary one, so that its readings are in the store for sure."""
    return Random(f"{options.seed}/{number}/{k}").random() >= 0.025


def expected_row(reading: list[Any]) -> tuple[str, int, int, int]:
    """``(quantity, start in s, period in s, value in thousandths)`` as the store should have it.

    Exact fractions and nothing of the stream's code: a second opinion on what it computes.
    """
    quantity, unit, start_ms, period_ms, value = reading
    scaled = Fraction(value) * UNITS[quantity][unit] * 1_000
    if quantity.startswith("active_energy"):
        sign = -1 if quantity.endswith("import") else 1
        quantity, scaled = "active_power", sign * scaled * 3_600 / Fraction(period_ms, 1_000)
    return quantity, start_ms // 1_000, period_ms // 1_000, round(scaled)


def catalog(devices: int) -> list[CatalogRecord]:
    """Site, assets and series of the load devices."""
    records: list[CatalogRecord] = [
        Site(
            tenant_id=TENANT,
            site_id=SITE,
            name="Synthetic load",
            region_id="chaos",
            timezone="Etc/UTC",
            latitude=0,
            longitude=0,
        )
    ]
    for number in range(devices):
        records += device_records(number)
    return records


def device_records(number: int) -> list[CatalogRecord]:
    """Asset and series of one device."""
    identity, kind = device(number), telemetry_class(number)
    name = identity.device_id
    asset = Asset(
        tenant_id=TENANT,
        site_id=SITE,
        asset_id=name,
        device_id=name,
        name=name,
        asset_type=ASSET_TYPES[kind],
        telemetry_class=kind,
        quantities=tuple(channel[0] for channel in CHANNELS[kind]),
        native_period_s=PERIOD_S,
        simulated=True,
    )
    series = []
    for quantity, *_ in CHANNELS[kind]:
        stored = "active_power" if quantity.startswith("active_energy") else quantity
        series.append(
            Series(
                tenant_id=TENANT,
                series_id=f"{SITE}/{name}.{stored.replace('_', '-')}",
                site_id=SITE,
                asset_id=name,
                name=f"{name} {stored}",
                kind="weather" if kind == "weather" else "household",
                unit=BASE_UNITS[stored],
                resolution_s=900,
                issue_every_s=900,
                direction="into_grid" if stored == "active_power" else "none",
                inputs=(SeriesInput(device_id=name, quantity=stored),),
                forecast=False,
            )
        )
    return [asset, *series]


def _readings(options: LoadOptions, number: int, k: int) -> tuple[PackedReading, ...]:
    start_ms = options.base_ms + k * PERIOD_S * 1_000
    wobble = Random(f"{options.seed}/{number}/{k}/value")
    return tuple(
        PackedReading(
            quantity,
            unit,
            start_ms,
            PERIOD_S * 1_000,
            round(middle + swing * (math.sin(k / 900 + number) + wobble.uniform(-0.02, 0.02)), 5),
        )
        for quantity, unit, middle, swing in CHANNELS[telemetry_class(number)]
    )


def _plain(name: str, boot_id: str, seq: int, sent_at_ms: int, readings: tuple[PackedReading, ...]) -> bytes:
    return encode_message(name, boot_id, seq, sent_at_ms, list(readings))


def _poison(options: LoadOptions, number: int, k: int, what: str) -> Planned:
    name, readings = device(number).device_id, _readings(options, number, k)

    def encode(boot_id: str, seq: int, sent_at_ms: int) -> bytes:
        content = json.loads(_plain(name, boot_id, seq, sent_at_ms, readings))
        first = content["readings"][0]
        if what == "schema":
            content["schema"] = "telemetry/9"
        elif what == "no-readings":
            content["readings"] = []
        elif what == "extra-field":
            content["colour"] = "red"
        elif what in ("nan", "infinity"):
            first["value"] = math.nan if what == "nan" else math.inf
        elif what == "text-value":
            first["value"] = "12"
        elif what == "unit":
            first["unit"] = "furlong"
        elif what == "quantity":
            first["quantity"] = "cloud_cover"
            first["unit"] = "%"
        elif what == "period":
            first["period_ms"] = 1_500
        elif what == "future":
            first["period_start_ms"] += 90 * 24 * HOUR_MS
        elif what == "foreign-device":
            content["device_id"] = "load-of-another"
        else:
            del first["period_ms"]
        return json.dumps(content).encode()

    return Planned("poison", what, (), encode)


def _late_poison(options: LoadOptions, number: int, k: int, what: str) -> Planned:
    name, reading = device(number).device_id, _readings(options, number, k)[1]
    if what == "range":
        reading.value = 9e11
    elif what == "device-bad":
        reading.quality = "bad"
    # Places in time that nothing else has, so that a refusal is found by its natural key.
    reading.period_start_ms -= 40 * 24 * HOUR_MS
    if what == "ancient":
        reading.period_start_ms = 631_152_000_000 + k * 1_000
    return Planned("late-poison", what, (reading,), lambda b, s, at: _plain(name, b, s, at, (reading,)))


def _stranger(name: str, k: int, what: str) -> Planned:
    mark = f"{name}/{k}"
    content = {
        "not-json": f'{{"device_id": "{mark}", '.encode(),
        "deep": f'{{"mark": "{mark}", "deep": {"[" * 300}{"]" * 300}}}'.encode(),
        "no-boot": json.dumps({"schema": "telemetry/1", "boot_id": "NONE", "seq": -1, "mark": mark}).encode(),
        "not-utf8": b"\xff\xfe" + mark.encode(),
    }[what]
    return Planned("stranger", what, (), lambda _boot, _seq, _at: content)
