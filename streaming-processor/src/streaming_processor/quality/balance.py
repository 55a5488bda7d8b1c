"""Energy that should agree: a register with the power beside it, a site's meter with the meters behind it."""

from typing import Final

import numpy as np

from streaming_processor.arrays import Floats, Ints
from streaming_processor.quality.apply import Finding, findings, limits_of
from streaming_processor.quality.rules import Balance, RuleSet
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.transforms.windows import Rows

_HOUR_S: Final = 3_600
_POWER: Final = STORED.index("active_power")
_IMPORT: Final = STORED.index("energy_import_register")
_EXPORT: Final = STORED.index("energy_export_register")


class Energy:
    """The running integral of power, and of the time that readings cover."""

    def __init__(self, rows: Rows, milli: Ints | None = None) -> None:
        order = np.argsort(rows.start_s, kind="stable")
        start, period = rows.start_s[order], rows.period_s[order]
        value = (rows.milli if milli is None else milli)[order]
        knots = np.column_stack((start, start + period)).reshape(-1)
        self._at = knots.astype(np.float64)
        self._energy = _steps(value.astype(np.float64) * period / _HOUR_S)
        self._covered = _steps(period.astype(np.float64))

    def between(self, marks: Ints) -> tuple[Floats, Floats]:
        """Milliwatt-hours, and seconds covered, from each mark to the next."""
        if not len(self._at):
            return np.zeros(len(marks) - 1), np.zeros(len(marks) - 1)
        return np.diff(np.interp(marks, self._at, self._energy)), np.diff(np.interp(marks, self._at, self._covered))


def _steps(parts: Floats) -> Floats:
    total = np.cumsum(parts)
    stepped: Floats = np.column_stack((total - parts, total)).reshape(-1)
    return stepped


def register_balance(rows: Rows, reference: Reference, rules: RuleSet) -> list[Finding]:
    """Hours in which a register moved otherwise than the power of the same device says."""
    found: list[Finding] = []
    device, quantity = rows.source // len(STORED), rows.source % len(STORED)
    metered = np.unique(device[(quantity == _IMPORT) | (quantity == _EXPORT)]).tolist()
    for rule in rules.of_kind("register_balance"):
        for each in metered:
            mine = np.flatnonzero(device == each)
            source = np.array([each * len(STORED) + _POWER])
            limits = {name: float(values[0]) for name, values in limits_of(rule, reference, source).items()}
            off = _register_against_power(rows.take(mine), quantity[mine], limits["share"], limits["at_least_wh"])
            found += findings(rule.name, np.zeros(len(off), np.int64), _about(off, int(source[0])))
    return found


def _register_against_power(rows: Rows, quantity: Ints, share: float, at_least: float) -> list[tuple[int, int, int]]:
    """``(start, seconds, milliwatts too much on the register)``."""
    power = rows.take(np.flatnonzero(quantity == _POWER))
    totals = {q: rows.take(np.flatnonzero(quantity == q)) for q in (_IMPORT, _EXPORT)}
    present = {q: t for q, t in totals.items() if len(t)}
    if not len(power) or not present:
        return []
    ends = [(t.start_s + t.period_s).tolist() for t in present.values()]
    marks = np.array(sorted({s for s in set.intersection(*map(set, ends)) if s % _HOUR_S == 0}), np.int64)
    if len(marks) < 2:
        return []
    moved = np.zeros(len(marks) - 1)
    for q, total in present.items():
        at = dict(zip((total.start_s + total.period_s).tolist(), total.milli.tolist(), strict=True))
        moved += np.diff(np.array([at[m] for m in marks.tolist()], np.float64)) * (-1 if q == _IMPORT else 1)
    one_way = {_IMPORT: np.minimum(power.milli, 0), _EXPORT: np.maximum(power.milli, 0)}
    energy, covered = Energy(power, None if len(present) == 2 else one_way[next(iter(present))]).between(marks)
    off = np.abs(moved - energy) > np.maximum(share * np.abs(energy), at_least)
    lengths = np.diff(marks)
    whole = covered >= lengths - 0.5
    excess = (moved - energy) * _HOUR_S / lengths
    return [(int(marks[i]), int(lengths[i]), round(excess[i])) for i in np.flatnonzero(off & whole)]


def site_balance(rows: Rows, reference: Reference, rules: RuleSet) -> list[Finding]:
    """Hours in which the parts do not add up to the total; only those that all meters cover whole."""
    found: list[Finding] = []
    position = {asset.device_id: i for i, asset in enumerate(reference.assets)}
    for rule in rules.of_kind("site_balance"):
        for balance in rule.balances:
            if {balance.total, *balance.parts} <= set(position):
                off = _parts_against_total(rows, balance, position)
                source = position[balance.total] * len(STORED) + _POWER
                found += findings(rule.name, np.zeros(len(off), np.int64), _about(off, source))
    return found


def _parts_against_total(rows: Rows, balance: Balance, position: dict[str, int]) -> list[tuple[int, int, int]]:
    def power_of(device_id: str) -> Rows:
        return rows.take(np.flatnonzero(rows.source == position[device_id] * len(STORED) + _POWER))

    total = power_of(balance.total)
    if not len(total):
        return []
    first, last = int(total.start_s.min()), int((total.start_s + total.period_s).max())
    marks = np.arange(-(-first // _HOUR_S) * _HOUR_S, last + 1, _HOUR_S)
    if len(marks) < 2:
        return []
    energy, covered = Energy(total).between(marks)
    whole = covered >= _HOUR_S - 0.5
    parts = np.zeros(len(marks) - 1)
    for part in balance.parts:
        one, seen = Energy(power_of(part)).between(marks)
        parts += one
        whole &= seen >= _HOUR_S - 0.5
    off = whole & (np.abs(parts - energy) > np.maximum(balance.share * np.abs(energy), balance.at_least))
    return [(int(marks[i]), _HOUR_S, round(parts[i] - energy[i])) for i in np.flatnonzero(off)]


def _about(off: list[tuple[int, int, int]], source: int) -> Rows:
    table = np.array(off, np.int64).reshape(-1, 3)
    zeros = np.zeros(len(table), np.int64)
    return Rows(zeros + source, table[:, 0], table[:, 1], table[:, 2], zeros, zeros)
