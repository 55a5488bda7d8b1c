"""DSMR P1 and its relatives in Belgium, Germany, Austria, Sweden, Ireland and Hungary: one telegram per message.

Registers: 1.8.0 where the meter gives the total, else the sum of its tariffs (1.8.1 … 1.8.4); 2.8.x for export. Power
is export (2.7.0) less import (1.7.0), so positive into the grid. Phases: ``name#L1`` … ``name#L3``. Gas, water and
heat (channels 0-n) are not telemetry of ours. The time is local with W or S; a telegram without one counts as of its
receipt.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted, DialectError
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.local_time import flagged_utc_ms
from ingestion_gateway.dialects.mapping import Metric, Said, Sample
from ingestion_gateway.dialects.p1_telegram import Telegram, parse_telegram

_POWER: Final = Metric("active_power", sign=-1)
_PHASES: Final = (("L1", 21), ("L2", 41), ("L3", 61))

KNOWN: Final[dict[str, Metric]] = {
    "1.8.0": Metric("energy_import_register"),
    "2.8.0": Metric("energy_export_register"),
    "16.7.0": _POWER,
    "131.7.0": Metric("reactive_power", sign=-1),
    "14.7.0": Metric("frequency"),
    **{f"{base + 15}.7.0": Metric("active_power", sign=-1, own_part=True) for _, base in _PHASES},
    **{f"{base + 10}.7.0": Metric("current", own_part=True) for _, base in _PHASES},
    **{f"{base + 11}.7.0": Metric("voltage", own_part=True) for _, base in _PHASES},
}
"""16.7.0, 36.7.0, 56.7.0, 76.7.0 and 131.7.0 are OBIS' balances (import less export), made here of both directions."""
_WATTS: Final = {"W": 0, "kW": 3, "var": 0, "kvar": 3, "Wh": 0, "kWh": 3}


class DsmrP1(MappedDialect):
    """One entry of dialect ``dsmr-p1``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        name = self._mapper.name_in(topic)
        telegram = parse_telegram(payload)
        at_ms = received_at_ms if telegram.time is None else flagged_utc_ms(telegram.time, self._entry.zone)
        return self._mapper.messages(topic, name, Said(at_ms, at_ms), list(_samples(telegram)))


def _samples(telegram: Telegram) -> Iterator[Sample]:
    values = dict(telegram.values)
    for direction in ("1.8", "2.8"):
        tariffs = [values.pop(f"{direction}.{tariff}", None) for tariff in range(1, 5)]
        total = values.pop(f"{direction}.0", None) or _sum([tariff for tariff in tariffs if tariff is not None])
        if total is not None:
            yield Sample(f"{direction}.0", float(total[0]), total[1])
    yield from _balance(values, "16.7.0", plus=("1.7.0",), minus=("2.7.0",))
    # One meter gives the four quadrants instead of the two directions.
    yield from _balance(values, "131.7.0", plus=("3.7.0", "5.7.0", "6.7.0"), minus=("4.7.0", "7.7.0", "8.7.0"))
    for phase, base in _PHASES:
        parts = (phase, "")
        yield from _balance(values, f"{base + 15}.7.0", (f"{base}.7.0",), (f"{base + 1}.7.0",), parts)
        for code in (f"{base + 10}.7.0", f"{base + 11}.7.0"):
            if code in values:
                number, unit = values.pop(code)
                yield Sample(code, float(number), unit, parts=parts)
    for code, (number, unit) in values.items():
        yield Sample(code, float(number), unit)


def _balance(
    values: dict[str, tuple[Decimal, str]],
    name: str,
    plus: tuple[str, ...],
    minus: tuple[str, ...],
    parts: tuple[str, ...] = ("",),
) -> Iterator[Sample]:
    into = _sum([values.pop(code) for code in plus if code in values])
    out = _sum([values.pop(code) for code in minus if code in values])
    if into is None and out is None:
        return
    balance = _sum([one for one in (into, None if out is None else (-out[0], out[1])) if one is not None])
    if balance is not None:
        yield Sample(name, float(balance[0]), balance[1], parts=parts)


def _sum(values: list[tuple[Decimal, str]]) -> tuple[Decimal, str] | None:
    if not values:
        return None
    units = {unit for _, unit in values}
    if len(units) == 1:
        return sum((number for number, _ in values), Decimal()), values[0][1]
    if not units <= _WATTS.keys():
        raise DialectError("two registers of one total have units that do not add up", reason="wrong_unit")
    small = min(units, key=lambda unit: _WATTS[unit])
    return sum((number.scaleb(_WATTS[unit] - _WATTS[small]) for number, unit in values), Decimal()), small
