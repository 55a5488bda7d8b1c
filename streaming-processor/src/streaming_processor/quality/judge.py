"""Every reading of a batch is accepted, or refused with the first reason that applies."""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Final, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridseal.wire.telemetry import MAX_PERIOD_MS, MIN_PERIOD_MS
from streaming_processor.arrays import Ints, Mask
from streaming_processor.arrived import Arrived
from streaming_processor.quality.apply import Finding, apply_rules, findings, limits_of
from streaming_processor.quality.checks import out_of_range
from streaming_processor.quality.clocks import clocks_back
from streaming_processor.quality.rules import (
    EARLIEST_S,
    FUTURE_S,
    Reason,
    RuleSet,
    packaged_rules,
)
from streaming_processor.quality.sequence import Tail
from streaming_processor.quantities import BAD, CONVERSIONS, GOOD, QUALITIES, SENT, STORED, SUSPECT
from streaming_processor.reference import Reference
from streaming_processor.transforms.units import to_milli
from streaming_processor.transforms.windows import NO_ROWS, Rows, first_of_each

_MAX_VALUE: Final = 1e12
_LONGEST_NAME: Final = 200
_REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
_SENT_NAMES: Final = pa.array(SENT, pa.string())
_QUALITY_NAMES: Final = pa.array(QUALITIES, pa.string())
_UNIT_NAMES: Final = sorted({c.unit for c in CONVERSIONS})
_UNIT_ARRAY: Final = pa.array(_UNIT_NAMES, pa.string())
_CONVERSION_OF: Final = np.full((len(SENT), len(_UNIT_NAMES)), -1, np.int64)
for _i, _c in enumerate(CONVERSIONS):
    _CONVERSION_OF[_c.sent, _UNIT_NAMES.index(_c.unit)] = _i
_STORED_OF: Final = np.array([c.stored for c in CONVERSIONS], np.int64)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reading that is kept, but outside the windows."""

    device_id: str
    quantity: str
    period_start_ms: int
    reason: Reason
    detail: str
    payload: str

    @property
    def digest(self) -> bytes:
        """Identity: the same reading refused twice for the same reason is kept once."""
        return hashlib.sha256(f"{self.device_id}|{self.reason}|{self.payload}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a batch."""

    rows: Rows
    """Accepted, one for each natural key."""
    repeated: int
    """Accepted readings whose natural key stood in the same batch already."""
    refusals: tuple[Refusal, ...]
    findings: tuple[Finding, ...]
    tails: dict[int, Tail]
    offered: Rows = NO_ROWS
    """Repeats within the batch that give another value than the first: the store keeps them as conflicts."""


def unknown_devices(arrived: Arrived, reference: Reference) -> bool:
    """A message comes from a device that the reference does not have."""
    return bool((reference.positions(arrived.device_id) < 0).any())


def heard(arrived: Arrived, reference: Reference) -> set[int]:
    """The known devices that speak, by position in the reference."""
    return set(np.unique(reference.positions(arrived.device_id)).tolist()) - {-1}


def judge(
    arrived: Arrived, reference: Reference, now_s: int, tails: dict[int, Tail], rules: RuleSet | None = None
) -> Judged:
    """Apply all rules to a batch.

    Args:
        arrived: The readings.
        reference: Which devices may say what.
        now_s: Domain time.
        tails: Where each source stood before this batch (see ``sequence`` and ``clocks``).
        rules: The table; without it the one that comes with the service.
    """
    rules = rules or packaged_rules()
    device = reference.positions(arrived.device_id)[arrived.message]
    quality = _index(arrived.quality, _QUALITY_NAMES)
    start_s, period_s = arrived.period_start_ms // 1_000, arrived.period_ms // 1_000
    reason, source, milli = _reasons(arrived, reference, now_s, device, quality, rules)
    sent_at = arrived.message_sent_at_ms[arrived.message]
    rows = Rows(source, start_s, period_s, milli, quality, sent_at)
    taken = np.flatnonzero(reason < 0)
    accepted = rows.take(taken)
    first = first_of_each(accepted)
    distinct = accepted.take(first)
    applied = apply_rules(distinct, reference, tails, rules)
    back, clocks = clocks_back(arrived, taken[first], distinct, tails, rules)
    refused = np.flatnonzero(reason >= 0)
    faults = _refused_findings(rows, reason, refused, rules)
    doubted = np.where(applied.doubted & (distinct.quality == GOOD), SUSPECT, distinct.quality)
    return Judged(
        rows=replace(distinct, quality=doubted),
        repeated=len(accepted) - len(distinct),
        refusals=tuple(_refusal(arrived, int(i), _REASONS[reason[i]]) for i in refused),
        findings=(*faults, *applied.findings, *back),
        tails=applied.tails | clocks,
        offered=_offered(accepted, distinct, first),
    )


def _reasons(
    arrived: Arrived, reference: Reference, now_s: int, device: Ints, quality: Ints, rules: RuleSet
) -> tuple[Ints, Ints, Ints]:
    """Per reading: -1 or the number of the first reason against it, its source, and its thousandths."""
    sent = _index(arrived.quantity, _SENT_NAMES)
    unit = _index(arrived.unit, _UNIT_ARRAY)
    conversion = np.where((sent >= 0) & (unit >= 0), _CONVERSION_OF[sent, unit], -1)
    start_s, period_s = arrived.period_start_ms // 1_000, arrived.period_ms // 1_000
    readable = np.isfinite(arrived.value) & (np.abs(arrived.value) <= _MAX_VALUE) & (quality >= 0)
    allowed = np.zeros(len(arrived), bool)
    named = (device >= 0) & (sent >= 0)
    allowed[named] = reference.may_send[device[named], sent[named]]
    milli, fits = to_milli(np.where(readable, arrived.value, 0.0), conversion, np.maximum(period_s, 1))
    source = device * len(STORED) + _STORED_OF[conversion]
    limits = limits_of(rules.of_kind("range")[0], reference, np.maximum(source, 0))
    checks: tuple[tuple[Reason, Mask], ...] = (
        ("unknown_device", device < 0),
        ("unknown_quantity", ~allowed),
        ("unit", conversion < 0),
        ("period", _bad_period(arrived)),
        ("time", (start_s < EARLIEST_S) | (start_s + period_s > now_s + FUTURE_S)),
        ("value", ~readable),
        ("device_bad", quality == BAD),
        ("range", ~fits | out_of_range(milli, limits)),
    )
    # -1: accepted; else the number of the first reason that applies.
    reason = np.full(len(arrived), -1, np.int64)
    for name, failed in reversed(checks):
        reason[failed] = _REASONS.index(name)
    return reason, source, milli


def _refused_findings(rows: Rows, reason: Ints, refused: Ints, rules: RuleSet) -> list[Finding]:
    """Refusals that say something about a sensor, not about a message."""
    found: list[Finding] = []
    for kind, name in (("range", "range"), ("null", "value")):
        rule = rules.name_of(kind)
        if rule is not None:
            positions = np.flatnonzero(reason[refused] == _REASONS.index(name))
            found += findings(rule, positions, rows.take(refused[positions]), refused=True)
    return found


def _offered(accepted: Rows, distinct: Rows, first: Ints) -> Rows:
    if len(accepted) == len(distinct):
        return NO_ROWS
    again = np.setdiff1d(np.arange(len(accepted)), first)
    rest = accepted.take(again)
    kept = {
        (s, t): v
        for s, t, v in zip(*(c.tolist() for c in (distinct.source, distinct.start_s, distinct.milli)), strict=True)
    }
    pairs = zip(rest.source.tolist(), rest.start_s.tolist(), rest.milli.tolist(), strict=True)
    return rest.take(np.array([i for i, (s, t, v) in enumerate(pairs) if kept[s, t] != v], np.int64))


def _bad_period(arrived: Arrived) -> Mask:
    length = arrived.period_ms
    whole = (arrived.period_start_ms % 1_000 == 0) & (length % 1_000 == 0)
    bad: Mask = ~whole | (length < MIN_PERIOD_MS) | (length > MAX_PERIOD_MS) | (arrived.period_start_ms < 0)
    return bad


def _index(names: pa.Array, known: pa.Array) -> Ints:
    found: Ints = pc.fill_null(pc.index_in(names, known), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return found


_DETAILS: Final[dict[Reason, str]] = {
    "undecodable": "the message is not telemetry/1",
    "unknown_device": "no asset has this device_id",
    "unknown_quantity": "the asset does not list this quantity, or lists two that are both its power",
    "unit": "the unit does not belong to the quantity",
    "period": "period_start_ms and period_ms must be whole seconds, the period from 1 s to 1 day",
    "time": "the period lies before 2000 or ends in the future",
    "value": "the value is not a finite number up to 1e12, or the quality has no such name",
    "device_bad": "the device itself says that the value is bad",
    "range": "the value is outside what the quantity can be",
}


def _refusal(arrived: Arrived, i: int, reason: Reason) -> Refusal:
    reading = {
        "quantity": arrived.quantity[i].as_py(),
        "unit": arrived.unit[i].as_py(),
        "period_start_ms": int(arrived.period_start_ms[i]),
        "period_ms": int(arrived.period_ms[i]),
        "value": float(arrived.value[i]),
        "quality": arrived.quality[i].as_py(),
    }
    return Refusal(
        device_id=_storable(arrived.device_id[int(arrived.message[i])].as_py()),
        quantity=_storable(arrived.quantity[i].as_py()),
        period_start_ms=int(arrived.period_start_ms[i]),
        reason=reason,
        detail=_DETAILS[reason],
        payload=json.dumps(reading),
    )


def _storable(name: str) -> str:
    """PostgreSQL's text holds no NUL, and its indexes nothing long; the payload has it escaped and whole."""
    return name.replace("\0", "?")[:_LONGEST_NAME]
