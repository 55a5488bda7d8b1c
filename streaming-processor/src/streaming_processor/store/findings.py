"""Faults found in readings, counted by rule, device, quantity and UTC day, become alerts."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import psycopg

from gridseal.wire.alerts import Alert, alert_id
from streaming_processor.quality.judge import Finding
from streaming_processor.quality.rules import BY_NUMBER
from streaming_processor.quantities import STORED
from streaming_processor.store.numbers import Numbers
from streaming_processor.store.statements import MERGE_FINDING, READ_FINDINGS

_Key = tuple[str, int, int, date]

_TITLES: Final = {
    "range": "{quantity} of {device} is outside what can be",
    "rating": "{device} reports more power than its rating",
    "stuck": "{quantity} of {device} repeats the same value",
}
_ADVICE: Final = {
    "range": "These readings are kept but not used: check the sensor.",
    "rating": "They are used and marked as suspect: check the meter's scale or the asset's rating.",
    "stuck": "They are used and marked as suspect: check whether the sensor still measures.",
}


def _key(finding: Finding, numbers: Numbers) -> _Key:
    day = datetime.fromtimestamp(finding.start_s, UTC).date()
    return finding.rule, int(numbers.device_no[finding.device]), finding.quantity + 1, day


def add_findings(
    connection: psycopg.Connection[Any], findings: Iterable[Finding], numbers: Numbers, now: datetime
) -> None:
    """Count new findings."""
    groups: dict[_Key, list[Finding]] = {}
    for finding in findings:
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
        connection.cursor().executemany(MERGE_FINDING, parameters)


def read_alerts(
    connection: psycopg.Connection[Any], findings: Iterable[Finding], numbers: Numbers
) -> tuple[Alert, ...]:
    """The alerts that these findings belong to, with their counts as stored."""
    keys = sorted({_key(finding, numbers) for finding in findings})
    if not keys:
        return ()
    rules, devices, quantities, days = (list(column) for column in zip(*keys, strict=True))
    rows = connection.execute(READ_FINDINGS, (rules, devices, quantities, days)).fetchall()
    by_number = {int(n): i for i, n in enumerate(numbers.device_no)}
    return tuple(_alert(row, by_number[row[1]], numbers) for row in rows)


def _alert(row: tuple[Any, ...], device: int, numbers: Numbers) -> Alert:
    rule, _, quantity_no, day, count, first_start, last_end, low, high, raised_at = row
    asset, quantity = numbers.reference.assets[device], STORED[quantity_no - 1]
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    unit = BY_NUMBER[quantity_no - 1].unit
    subject = f"{asset.device_id}/{quantity}"
    seen = f"{low / 1000:g} {unit}" if low == high else f"{low / 1000:g} to {high / 1000:g} {unit}"
    return Alert(
        alert_id=alert_id(rule, subject, int(start.timestamp() * 1_000)),
        tenant_id=asset.tenant_id,
        severity="warning",
        rule=rule,
        site_id=asset.site_id,
        subject=asset.device_id,
        title=_TITLES[rule].format(quantity=quantity.replace("_", " "), device=asset.name),
        detail=f"{count} reading{'s' if count != 1 else ''} of {seen}. {_ADVICE[rule]}",
        period_start=first_start,
        period_end=max(last_end, first_start + timedelta(seconds=1)),
        raised_at=raised_at,
        count=count,
    )
