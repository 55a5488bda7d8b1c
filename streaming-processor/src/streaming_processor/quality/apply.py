"""One set of rules over accepted readings: the stream applies it batch by batch, the check to stored spans."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from streaming_processor.arrays import Ints, Mask
from streaming_processor.quality import checks
from streaming_processor.quality.checks import Limits
from streaming_processor.quality.rules import SYSTEM_RATING_MILLI, Rule, RuleSet
from streaming_processor.quality.sequence import Sequence, Tail, in_order
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.transforms.windows import Rows

SETTLED: Final = frozenset({"gap"})
"""Kinds that need every reading of the span to be there: late data would disprove what they find."""
_OVER_SEQUENCES: Final = frozenset({"stuck", "ramp", "spike", "register_back", "gap"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a reading does not keep."""

    rule: str
    position: int
    """In ``Judged.refusals`` if ``refused``, else in ``Judged.rows``: the reading that showed it."""
    device: int
    quantity: int
    start_s: int
    """Of the reading that it is about: for a spike the one before."""
    period_s: int
    milli: int
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """What the rules say about some rows."""

    doubted: Mask
    findings: tuple[Finding, ...]
    tails: dict[int, Tail]


def limits_of(rule: Rule, reference: Reference, source: Ints) -> Limits:
    """The limits of a rule for each source of some rows."""
    device, quantity = source // len(STORED), source % len(STORED)
    if not len(reference.assets):
        return {name: np.full(len(source), np.nan) for name in rule.limits}
    large = (reference.rating_milli[device] >= SYSTEM_RATING_MILLI).astype(np.int64)
    return {name: table[large, reference.class_no[device], quantity] for name, table in rule.limits.items()}


def apply_rules(
    rows: Rows, reference: Reference, tails: dict[int, Tail], rules: RuleSet, *, settled: bool = False
) -> Applied:
    """Apply the rules that look at accepted readings.

    Args:
        rows: Distinct readings, in any order.
        reference: Whose readings they are.
        tails: Where each source stood before.
        rules: The table.
        settled: No more readings of this span will come.
    """
    doubted = np.zeros(len(rows), bool)
    found: list[Finding] = []
    rating = reference.rating_milli[rows.source // len(STORED)] if len(reference.assets) else np.zeros(0, np.int64)
    for rule in rules.of_kind("rating"):
        beyond = np.flatnonzero(checks.above_rating(rows.milli, rating, limits_of(rule, reference, rows.source)))
        _note(rule, beyond, doubted)
        found += findings(rule.name, beyond, rows.take(beyond))
    ordered = in_order(rows, tails)
    for rule in rules.rules.values():
        if rule.kind not in _OVER_SEQUENCES or (rule.kind in SETTLED and not settled):
            continue
        limits = limits_of(rule, reference, ordered.source)
        mask = _of_kind(rule.kind, ordered, rating[ordered.position], limits)
        if mask is None or not mask.any():
            continue
        hit = np.flatnonzero(mask)
        about_before = rule.kind == "spike"
        if not about_before:
            _note(rule, ordered.position[hit], doubted)
        found += findings(rule.name, ordered.position[hit], _subjects(ordered, hit, before=about_before))
    return Applied(doubted, tuple(found), ordered.tails)


def _of_kind(kind: str, rows: Sequence, rating: Ints, limits: Limits) -> Mask | None:
    match kind:
        case "stuck":
            return checks.stuck(rows, limits)
        case "ramp":
            return checks.ramp(rows, rating, limits)
        case "spike":
            return checks.spike(rows, rating, limits)
        case "register_back":
            return checks.register_back(rows, limits)
        case "gap":
            return checks.gap(rows, limits)
        case _:
            return None


def _note(rule: Rule, positions: Ints, doubted: Mask) -> None:
    if rule.effect == "doubt":
        doubted[positions] = True


def _subjects(rows: Sequence, hit: Ints, *, before: bool) -> Rows:
    start, milli = (rows.before_s[hit, 0], rows.before[hit, 0]) if before else (rows.start_s[hit], rows.milli[hit])
    zeros = np.zeros(len(hit), np.int64)
    return Rows(rows.source[hit], start, rows.period_s[hit], milli, zeros, zeros)


def findings(rule: str, positions: Ints, rows: Rows, *, refused: bool = False) -> list[Finding]:
    """One finding for each row."""
    return [
        Finding(rule, int(n), int(s) // len(STORED), int(s) % len(STORED), int(t), int(p), int(v), refused)
        for n, s, t, p, v in zip(positions, rows.source, rows.start_s, rows.period_s, rows.milli, strict=True)
    ]
