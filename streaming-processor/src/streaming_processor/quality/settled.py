"""The same rules over stored readings: for late ones, for what needs neighbors, after a change of the table."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg

from gridseal.wire.alerts import Alert
from streaming_processor.quality.apply import Finding, apply_rules, findings, limits_of
from streaming_processor.quality.balance import register_balance, site_balance
from streaming_processor.quality.checks import out_of_range
from streaming_processor.quality.rules import RuleSet
from streaming_processor.reference import Reference
from streaming_processor.store.findings import add_findings, read_alerts
from streaming_processor.store.stored_rows import device_numbers, load_tails, read_span, stored_devices

_AT_ONCE: Final = 200
"""Devices whose readings are in memory together."""
_LONGEST_PERIOD_S: Final = 86_400


def check_span(
    connection: psycopg.Connection[Any], reference: Reference, from_s: int, to_s: int, rules: RuleSet
) -> Iterator[list[Finding]]:
    """Findings about readings whose period starts in ``[from_s, to_s)``, some devices at a time."""
    sites: dict[str, list[int]] = {}
    for i, asset in enumerate(reference.assets):
        sites.setdefault(asset.site_id, []).append(i)
    group: list[int] = []
    # A site stays together: its meters are compared with each other.
    for devices in sites.values():
        group += devices
        if len(group) >= _AT_ONCE:
            yield _check(connection, reference, group, from_s, to_s, rules)
            group = []
    if group:
        yield _check(connection, reference, group, from_s, to_s, rules)


def check(
    connection: psycopg.Connection[Any], reference: Reference, from_s: int, to_s: int, rules: RuleSet, now: datetime
) -> tuple[dict[str, int], tuple[Alert, ...]]:
    """Check a span and keep the hits; how many were new, by rule, and the alerts that they belong to."""
    counts: dict[str, int] = {}
    alerts: list[Alert] = []
    numbers = stored_devices(connection, reference)
    for found in check_span(connection, reference, from_s, to_s, rules):
        with connection.transaction():
            for rule, count in add_findings(connection, found, numbers, now, "check", rules).items():
                counts[rule] = counts.get(rule, 0) + count
            alerts += read_alerts(connection, found, numbers)
    return counts, tuple(alerts)


def _check(
    connection: psycopg.Connection[Any],
    reference: Reference,
    devices: list[int],
    from_s: int,
    to_s: int,
    rules: RuleSet,
) -> list[Finding]:
    numbers = device_numbers(connection, reference, devices)
    # What a reading says about the one before it may come one period later.
    rows = read_span(connection, numbers, from_s, to_s + _LONGEST_PERIOD_S)
    tails = load_tails(connection, reference, devices, before_s=from_s)
    found = list(apply_rules(rows, reference, tails, rules, settled=True).findings)
    for rule in rules.of_kind("range"):
        outside = np.flatnonzero(out_of_range(rows.milli, limits_of(rule, reference, rows.source)))
        found += findings(rule.name, outside, rows.take(outside))
    found += register_balance(rows, reference, rules) + site_balance(rows, reference, rules)
    return [f for f in found if from_s <= f.start_s < to_s]
