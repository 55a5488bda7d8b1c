"""Shelly Gen2 and later: NotifyStatus, NotifyFullStatus, answers to GetStatus, ``<prefix>/status/<component>``.

A notification carries only the component that changed. Power is positive when drawn from the grid; energy counters
are Wh. ``em:0`` is a three-phase meter, ``em1:n``, ``pm1:n``, ``switch:n`` and ``cover:n`` are channels:
``name#switch:1`` names one, channel 0 also answers to the plain name. A phase of a meter is ``name#em:0/a``.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import Metric, Said, Sample
from ingestion_gateway.dialects.payloads import epoch_ms, number, parse_object

_COMPONENT: Final = re.compile(r"(em|emdata|em1|em1data|pm1|switch|cover):(\d{1,2})")
_PHASES: Final = ("a", "b", "c")
_POWER: Final = Metric("active_power", "W", -1)
_IMPORT: Final = Metric("energy_import_register", "W.h")
_EXPORT: Final = Metric("energy_export_register", "W.h")

KNOWN: Final[dict[str, Metric]] = {
    "total_act_power": _POWER,
    "total_aprt_power": Metric("apparent_power", "V.A"),
    "total_current": Metric("current", "A"),
    "total_act": _IMPORT,
    "total_act_ret": _EXPORT,
    "act_power": _POWER,
    "apower": _POWER,
    "aprt_power": Metric("apparent_power", "V.A"),
    "voltage": Metric("voltage", "V"),
    "current": Metric("current", "A"),
    "freq": Metric("frequency", "Hz"),
    "pf": Metric("power_factor", "1"),
    "total_act_energy": _IMPORT,
    "total_act_ret_energy": _EXPORT,
    "aenergy.total": _IMPORT,
    "ret_aenergy.total": _EXPORT,
}
"""Also of a phase, under its name on its own device (``a_voltage`` is ``voltage`` of ``name#em:0/a``)."""
_OF_PHASE: Final = {
    f"{phase}_{name}": Metric(metric.quantity, metric.unit, metric.sign, own_part=True)
    for phase in _PHASES
    for name, metric in KNOWN.items()
}


class ShellyGen2(MappedDialect):
    """One entry of dialect ``shelly-gen2``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, {**KNOWN, **_OF_PHASE})

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        name = self._mapper.name_in(topic)
        content = parse_object(payload)
        components = _components(topic, content)
        at_ms = _time(components)
        at_ms = received_at_ms if at_ms is None else at_ms
        samples = [sample for key, state in components.items() for sample in _samples(key, state)]
        return self._mapper.messages(topic, name, Said(at_ms, at_ms), samples)


def _components(topic: str, content: dict[str, Any]) -> dict[str, Any]:
    *_, before, last = ("", "", *topic.split("/"))
    if before == "status" and _COMPONENT.fullmatch(last):
        return {last: content}
    if content.get("method") in ("NotifyStatus", "NotifyFullStatus"):
        state = content.get("params")
    else:
        state = content.get("result", content.get("status"))
    return state if isinstance(state, dict) else {}


def _time(components: dict[str, Any]) -> int | None:
    at_ms = epoch_ms(components.get("ts"))
    system = components.get("sys")
    return epoch_ms(system.get("unixtime")) if at_ms is None and isinstance(system, dict) else at_ms


def _samples(key: str, state: Any) -> Iterator[Sample]:
    match = _COMPONENT.fullmatch(key)
    if match is None or not isinstance(state, dict):
        return
    channel = f"{match[1].removesuffix('data')}:{int(match[2])}"
    parts = (channel, "") if match[2] == "0" else (channel,)
    for name, value in _flat(state):
        if name[:2] in ("a_", "b_", "c_") and match[1] in ("em", "emdata"):
            # A clamp on nothing reports 0 V and a frequency of noise.
            if name[1:] == "_freq" and not number(state.get(f"{name[0]}_voltage")):
                continue
            yield Sample(name, value, parts=(f"{channel}/{name[0]}", *parts))
        elif name != "freq" or number(state.get("voltage")):
            yield Sample(name, value, parts=parts)


def _flat(state: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for name, raw in state.items():
        inner = raw.get("total") if name in ("aenergy", "ret_aenergy") and isinstance(raw, dict) else raw
        value = number(inner)
        if value is not None and name != "id":
            yield (name if inner is raw else f"{name}.total"), value
