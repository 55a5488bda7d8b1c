"""Something a dispatcher should know, on ``alerts`` and in the MongoDB collection ``alerts``.

``alert_id`` is derived from what the alert is about, so the same finding twice is one alert.
"""

import hashlib
from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.fields import Message, UtcTime

Severity = Literal["info", "warning", "critical"]


class Alert(Message):
    """One finding about one series, device or product."""

    schema_: Annotated[Literal["alert/1"], Field(alias="schema")] = "alert/1"
    alert_id: str
    tenant_id: str
    severity: Severity
    rule: str
    """Bounded name of the rule, for example ``range`` or ``stuck``."""
    site_id: str
    subject: str
    """Series or device id."""
    title: str
    detail: str
    """What was seen, with unit, and what to do."""
    period_start: UtcTime
    period_end: UtcTime
    raised_at: UtcTime
    """Domain time."""
    count: Annotated[int, Field(ge=1)] = 1


def alert_id(rule: str, subject: str, period_start_ms: int) -> str:
    """Deterministic id of an alert: 32 hex digits of SHA-256 over what it is about."""
    return hashlib.sha256(f"{rule}|{subject}|{period_start_ms}".encode()).hexdigest()[:32]
