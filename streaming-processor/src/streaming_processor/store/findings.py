"""Readings that a rule found: one row each, and counted by rule, device, quantity and UTC day they become alerts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, Protocol

import numpy as np
import psycopg

from gridseal.wire.alerts import Alert, alert_id
from gridseal.wire.units import BASE_UNITS
from streaming_processor.arrays import Ints
from streaming_processor.quality.apply import Finding, findings
from streaming_processor.quality.judge import Judged
from streaming_processor.quality.rules import RuleSet, packaged_rules
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.transforms.windows import Rows


class DeviceKeys(Protocol):
    """Keys in the database for the devices of one picture of the reference."""

    @property
    def reference(self) -> Reference:
        """The picture."""
        ...

    @property
    def device_no(self) -> Ints:
        """Per device of the reference; -1 where it has no key, because it never stored anything."""
        ...


_Key = tuple[str, int, int, date]

_FIRST_RULE: Final = date(1970, 1, 1)
_INSERT_HITS: Final = """
INSERT INTO telemetry.quality_hits
    (period_start, device_no, quantity_no, rule, rule_version, period_s, value_milli, found_by)
SELECT to_timestamp(t), d, q, r, v, p, m, %s
FROM unnest(%s::bigint[], %s::int[], %s::smallint[], %s::text[], %s::smallint[], %s::int[], %s::bigint[])
     k (t, d, q, r, v, p, m)
ON CONFLICT DO NOTHING
RETURNING rule, device_no, quantity_no, extract(epoch FROM period_start)::bigint"""
_KEEP_CONFLICTS: Final = """
INSERT INTO telemetry.conflicts (device_no, quantity_no, period_start, offered_milli, kept_milli, sent_at_ms)
SELECT r.device_no, r.quantity_no, r.period_start, k.offered, r.value_milli, k.sent
FROM unnest(%s::int[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[]) k (d, q, t, offered, sent)
JOIN telemetry.reading_rows r
     ON r.device_no = k.d AND r.quantity_no = k.q AND r.period_start = to_timestamp(k.t) AND r.value_milli <> k.offered
ON CONFLICT DO NOTHING
RETURNING device_no, quantity_no, extract(epoch FROM period_start)::bigint, offered_milli"""
_MERGE_FINDING: Final = """
INSERT INTO telemetry.findings AS f VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (rule, device_no, quantity_no, day) DO UPDATE SET
    count = f.count + excluded.count,
    first_start = least(f.first_start, excluded.first_start),
    last_end = greatest(f.last_end, excluded.last_end),
    min_milli = least(f.min_milli, excluded.min_milli),
    max_milli = greatest(f.max_milli, excluded.max_milli)"""
_READ_COLUMNS: Final = (
    "SELECT f.rule, f.device_no, f.quantity_no, f.day, f.count, f.first_start, f.last_end, f.min_milli, f.max_milli,"
    " f.raised_at FROM telemetry.findings f "
)
_OF_KEYS: Final = (
    "JOIN unnest(%s::text[], %s::int[], %s::smallint[], %s::date[]) k (rule, device_no, quantity_no, day)"
    " USING (rule, device_no, quantity_no, day)"
)
_OF_DAYS: Final = "JOIN unnest(%s::int[], %s::date[]) k (device_no, day) USING (device_no, day)"


def new_findings(judged: Judged, fresh: Ints, kept: set[bytes]) -> list[Finding]:
    """Findings about readings that the store did not have before."""
    new_rows = set(fresh.tolist())
    return [
        f
        for f in judged.findings
        if (judged.refusals[f.position].digest in kept if f.refused else f.position in new_rows)
    ]


def keep_conflicts(
    connection: psycopg.Connection[Any], judged: Judged, fresh: Ints, numbers: DeviceKeys
) -> list[Finding]:
    """Keep second values of a period beside the first, which counts; a finding for each new one."""
    again = np.setdiff1d(np.arange(len(judged.rows)), fresh)
    rule = packaged_rules().name_of("conflict")
    if rule is None or not (len(again) or len(judged.offered)):
        return []
    repeated = judged.rows.take(again)
    offered = Rows(*(np.append(getattr(repeated, c), getattr(judged.offered, c)) for c in Rows.__slots__))
    device_no, quantity_no = numbers.device_no[offered.source // len(STORED)], offered.source % len(STORED) + 1
    columns = (device_no, quantity_no, offered.start_s, offered.milli, offered.sent_at_ms)
    new = {tuple(row) for row in connection.execute(_KEEP_CONFLICTS, [c.tolist() for c in columns]).fetchall()}
    keys = zip(*(c.tolist() for c in columns[:4]), strict=True)
    places = {key: i for i, key in enumerate(keys) if key in new}
    positions = np.array(sorted(places.values()), np.int64)
    return findings(rule, positions, offered.take(positions))


def _key(finding: Finding, numbers: DeviceKeys) -> _Key:
    day = datetime.fromtimestamp(finding.start_s, UTC).date()
    return finding.rule, int(numbers.device_no[finding.device]), finding.quantity + 1, day


def add_findings(
    connection: psycopg.Connection[Any],
    found: Iterable[Finding],
    numbers: DeviceKeys,
    now: datetime,
    found_by: Literal["stream", "check"] = "stream",
    rules: RuleSet | None = None,
) -> dict[str, int]:
    """Keep each new finding as a hit, and count it; returns how many were new, by rule."""
    new = _insert_hits(connection, list(found), numbers, found_by, rules or packaged_rules())
    groups: dict[_Key, list[Finding]] = {}
    for finding in new:
        groups.setdefault(_key(finding, numbers), []).append(finding)
    parameters = [
        (
            *key,
            len(group),
            datetime.fromtimestamp(min(f.start_s for f in group), UTC),
            datetime.fromtimestamp(max(f.start_s + f.period_s for f in group), UTC),
            min(f.milli for f in group),
            max(f.milli for f in group),
            now.replace(microsecond=0),
        )
        for key, group in sorted(groups.items())
    ]
    if parameters:
        connection.cursor().executemany(_MERGE_FINDING, parameters)
    return dict(Counter(f.rule for f in new))


def _insert_hits(
    connection: psycopg.Connection[Any], found: Sequence[Finding], numbers: DeviceKeys, found_by: str, rules: RuleSet
) -> list[Finding]:
    if not found:
        return []
    for month in sorted({datetime.fromtimestamp(f.start_s, UTC).date().replace(day=1) for f in found}):
        connection.execute("SELECT telemetry.ensure_hits_month(%s)", (month,))
    keys = {(f.rule, int(numbers.device_no[f.device]), f.quantity + 1, f.start_s): f for f in reversed(found)}
    columns = (
        [f.start_s for f in keys.values()],
        [key[1] for key in keys],
        [key[2] for key in keys],
        [key[0] for key in keys],
        [rules.rules[f.rule].version for f in keys.values()],
        [f.period_s for f in keys.values()],
        [f.milli for f in keys.values()],
    )
    rows = connection.execute(_INSERT_HITS, (found_by, *columns)).fetchall()
    return [keys[rule, device_no, quantity_no, start] for rule, device_no, quantity_no, start in rows]


def read_alerts(
    connection: psycopg.Connection[Any], found: Iterable[Finding], numbers: DeviceKeys
) -> tuple[Alert, ...]:
    """The alerts that these findings belong to, with their counts as stored."""
    keys = sorted({_key(finding, numbers) for finding in found})
    if not keys:
        return ()
    columns = [list(column) for column in zip(*keys, strict=True)]
    return _alerts(connection.execute(_READ_COLUMNS + _OF_KEYS, columns).fetchall(), numbers)


def read_alerts_again(connection: psycopg.Connection[Any], judged: Judged, numbers: DeviceKeys) -> tuple[Alert, ...]:
    """All alerts of the devices and days of a batch: what may not have been told when it came first.

    The carried state has moved on since, so the findings themselves are not found again.
    """
    known = {asset.device_id: i for i, asset in enumerate(numbers.reference.assets)}
    pairs = set(
        zip((judged.rows.source // len(STORED)).tolist(), (judged.rows.start_s // 86_400).tolist(), strict=True)
    )
    pairs |= {(known[r.device_id], r.period_start_ms // 86_400_000) for r in judged.refusals if r.device_id in known}
    last = (date.max - _FIRST_RULE).days
    wanted = sorted((d, day) for d, day in pairs if 0 <= day <= last)
    devices = [int(numbers.device_no[device]) for device, _ in wanted]
    days = [_FIRST_RULE + timedelta(days=day) for _, day in wanted]
    return _alerts(connection.execute(_READ_COLUMNS + _OF_DAYS, (devices, days)).fetchall(), numbers)


def _alerts(rows: Iterable[tuple[Any, ...]], numbers: DeviceKeys) -> tuple[Alert, ...]:
    by_number = {int(n): i for i, n in enumerate(numbers.device_no)}
    rules = packaged_rules().rules
    wanted = (row for row in rows if row[0] in rules and rules[row[0]].severity != "info" and row[1] in by_number)
    return tuple(_alert(row, by_number[row[1]], numbers) for row in wanted)


def _alert(row: tuple[Any, ...], device: int, numbers: DeviceKeys) -> Alert:
    name, _, quantity_no, day, count, first_start, last_end, low, high, raised_at = row
    rule = packaged_rules().rules[name]
    asset, quantity = numbers.reference.assets[device], STORED[quantity_no - 1]
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    unit = BASE_UNITS[quantity]
    subject = f"{asset.device_id}/{quantity}"
    seen = f"{low / 1000:g} {unit}" if low == high else f"{low / 1000:g} to {high / 1000:g} {unit}"
    return Alert(
        alert_id=alert_id(name, subject, int(start.timestamp() * 1_000)),
        tenant_id=asset.tenant_id,
        severity=rule.severity,
        rule=name,
        site_id=asset.site_id,
        subject=asset.device_id,
        title=rule.title.format(quantity=quantity.replace("_", " "), device=asset.name),
        detail=f"{count} reading{'s' if count != 1 else ''} of {seen}. {rule.advice}",
        period_start=first_start,
        period_end=max(last_end, first_start + timedelta(seconds=1)),
        raised_at=raised_at,
        count=count,
    )
