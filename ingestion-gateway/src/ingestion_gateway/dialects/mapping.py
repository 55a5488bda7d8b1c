"""From what a foreign device says to ``telemetry/1``: names, units, signs, periods and identities.

A sample taken at ``t`` stands for the period that ended last: with a period of P seconds its reading covers
``[e - P, e)`` where ``e`` is ``t`` rounded down to a multiple of P since 1970. No reading ends after its sample.
Several samples of one period in one message become their mean, of a register the last.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic import ValidationError

from gridseal.wire.telemetry import MAX_READINGS, Quality, Reading, Telemetry
from gridseal.wire.units import UNITS, Quantity
from ingestion_gateway.dialects.dialect import Adapted, DialectError
from ingestion_gateway.dialects.entries import SIGNED, Entry, MetricSetting
from ingestion_gateway.dialects.units import ucum

LATEST_MS: Final = 2**44
"""Beyond any clock (the year 2527); a time above it is nonsense."""
_WORST: Final[dict[Quality, int]] = {"good": 0, "suspect": 1, "bad": 2}


@dataclass(frozen=True, slots=True)
class Metric:
    """What a name means in a dialect."""

    quantity: Quantity
    unit: str | None = None
    """None: the payload names it."""
    sign: int = 1
    divisor: int = 1
    """The payload's number is so many times the unit."""
    own_part: bool = False
    """Of a phase: meant for a device of its own, for the meter as a whole only where the settings say so."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a payload."""

    metric: str
    value: float
    unit: str | None = None
    at_ms: int | None = None
    """None: the time of the message."""
    parts: tuple[str, ...] = ("",)
    """Parts of the device it may belong to, narrowest first; ``""`` is the device as a whole."""
    also: str = ""
    """A second name, looked up after the first."""
    source: str = ""
    """Where a payload may speak of several things under one metric: which one."""
    period_ms: int | None = None
    """The sample is itself a sum or mean over this time before ``at_ms``."""
    quality: Quality = "good"


class Said(NamedTuple):
    """When a message was said, and what makes its identity."""

    at_ms: int
    seq: int
    life: str = ""


class Mapper:
    """The settings of one entry together with what its dialect knows by itself."""

    def __init__(self, entry: Entry, known: Mapping[str, Metric]) -> None:
        self._entry = entry
        self._known = known
        self._period_ms = entry.sample_period_s * 1_000
        self._parts: dict[str, list[str]] = {}
        for key in sorted(entry.devices, key=len, reverse=True):
            name, mark, part = key.partition("#")
            if mark:
                self._parts.setdefault(name, []).append(part)
        self._set = {name: self._metric(name, wanted) for name, wanted in entry.metrics.items()}

    def messages(self, topic: str, name: str, said: Said, samples: Iterable[Sample]) -> Adapted:
        """Turn samples into one message per device.

        Raises:
            DialectError: No part of the device is known, a unit does not fit, a value or time is out of range.
        """
        if not 0 <= said.at_ms < LATEST_MS or not 0 <= said.seq < 2**53:
            raise DialectError("the time of the message is out of range", reason="bad_time")
        found: dict[str, dict[tuple[Quantity, int, int], list[tuple[Sample, Metric]]]] = {}
        unmapped, strangers = 0, 0
        for sample in samples:
            place = self._place(name, sample)
            if place is None:
                strangers += 1
                continue
            device_id, own = place
            metric = self._meaning(sample, own=own)
            if metric is None or not math.isfinite(sample.value):
                unmapped += 1
                continue
            start_ms, period_ms = self._period(sample, said.at_ms)
            found.setdefault(device_id, {}).setdefault((metric.quantity, start_ms, period_ms), []).append(
                (sample, metric)
            )
        if strangers and not found and not unmapped:
            raise DialectError("no part of the payload is a device in GATEWAY_DIALECTS", reason="unknown_device")
        made: list[Telemetry] = []
        for device_id, groups in found.items():
            readings = [_reading(key, group) for key, group in groups.items()]
            made += self._telemetry(topic, device_id, said, readings)
        return Adapted(tuple(made), unmapped=unmapped + strangers)

    def name_in(self, topic: str) -> str:
        """The foreign device that a topic names.

        Raises:
            DialectError: The settings have neither it nor a part of it.
        """
        name = self._entry.foreign_name(topic)
        if name is None:
            raise DialectError("the topic does not match the filter of the entry", reason="foreign_topic")
        if name not in self._entry.devices and not self.parts(name):
            raise DialectError("the device in the topic is not in GATEWAY_DIALECTS", reason="unknown_device")
        return name

    def parts(self, name: str) -> list[str]:
        """The parts of a foreign device that the settings name, longest first."""
        return self._parts.get(name, [])

    def _place(self, name: str, sample: Sample) -> tuple[str, bool] | None:
        for number, part in enumerate(sample.parts):
            device_id = self._entry.devices.get(f"{name}#{part}" if part else name)
            if device_id is not None:
                return device_id, number == 0
        return None

    def _meaning(self, sample: Sample, *, own: bool) -> Metric | None:
        for key in (sample.metric, sample.also):
            if key in self._set:
                return self._set[key]
        metric = self._known.get(sample.metric) or self._known.get(sample.also)
        return None if metric is None or (metric.own_part and not own) else metric

    def _period(self, sample: Sample, said_at_ms: int) -> tuple[int, int]:
        at_ms = said_at_ms if sample.at_ms is None else sample.at_ms
        if sample.period_ms is not None:
            return at_ms - sample.period_ms, sample.period_ms
        return at_ms // self._period_ms * self._period_ms - self._period_ms, self._period_ms

    def _metric(self, name: str, wanted: MetricSetting | None) -> Metric | None:
        if wanted is None:
            return None
        known = self._known.get(name)
        unit = wanted.unit or (known.unit if known else None)
        if unit is not None and ucum(unit) not in UNITS[wanted.quantity]:
            unit = None
        sign = wanted.sign or (known.sign if known and wanted.quantity in SIGNED else 1)
        divisor = known.divisor if known and wanted.unit is None else 1
        return Metric(wanted.quantity, unit, sign, divisor)

    def _telemetry(self, topic: str, device_id: str, said: Said, readings: list[Reading]) -> list[Telemetry]:
        quantities = ",".join(sorted({reading.quantity for reading in readings}))
        made = []
        for first in range(0, len(readings), MAX_READINGS):
            life = "\0".join((self._entry.dialect, topic, device_id, said.life, quantities, str(first)))
            made.append(
                Telemetry(
                    device_id=device_id,
                    boot_id=hashlib.sha256(life.encode(errors="surrogatepass")).hexdigest()[:16],
                    seq=said.seq,
                    sent_at_ms=said.at_ms,
                    readings=tuple(readings[first : first + MAX_READINGS]),
                )
            )
        return made


def _reading(key: tuple[Quantity, int, int], group: list[tuple[Sample, Metric]]) -> Reading:
    quantity, start_ms, period_ms = key
    if len({sample.source for sample, _ in group}) > 1:
        raise DialectError(f"two things in the payload are {quantity} of one device: name parts", reason="ambiguous")
    # Two names of one thing (a model in two versions, a total beside its sum): the first is taken.
    group = [(sample, metric) for sample, metric in group if sample.metric == group[0][0].metric]
    group.sort(key=lambda pair: pair[0].at_ms or 0)
    values = [sample.value * metric.sign / metric.divisor for sample, metric in group]
    units = {ucum(metric.unit or sample.unit or "") for sample, metric in group}
    unit = units.pop()
    if units or unit not in UNITS[quantity]:
        raise DialectError(f"the unit of a metric is not one of {quantity}: set it in metrics", reason="wrong_unit")
    value = values[-1] if quantity.endswith("_register") else math.fsum(values) / len(values)
    quality = max((sample.quality for sample, _ in group), key=lambda quality: _WORST[quality])
    try:
        return Reading(
            quantity=quantity,
            unit=unit,
            period_start_ms=start_ms,
            period_ms=period_ms,
            value=value + 0.0,  # no -0.0: it would be a second spelling of 0
            quality=quality,
        )
    except ValidationError as error:
        fields = ", ".join(sorted({str(e["loc"][0]) for e in error.errors()}))
        raise DialectError(
            f"{quantity} is out of range: {fields}", reason="bad_time" if "period" in fields else "malformed"
        ) from error
