"""What is worth telling, in one form, from the messages and rows in which it happened. Pure."""

from datetime import datetime
from typing import Literal

from gridseal.wire.alerts import Alert, Severity
from gridseal.wire.fields import Message, UtcTime
from gridseal.wire.forecasts import Seal
from gridseal.wire.rounds import RoundChange

Kind = Literal["alert", "model", "seal", "round"]
KINDS: tuple[Kind, ...] = ("alert", "model", "seal", "round")
_MODEL: dict[str, tuple[Severity, str]] = {
    "promoted": ("info", "serves now"),
    "rolled_back": ("warning", "was taken back"),
    "refused": ("info", "was refused"),
}
_SEAL: dict[str, tuple[Severity, str]] = {
    "late": ("warning", "missed its gate and counts as not sealed"),
    "failed": ("critical", "could not be sealed"),
}
_ROUND: dict[str, tuple[Severity, str]] = {
    "disputed": ("warning", "the measured values are disputed"),
    "void": ("critical", "the measured values are void"),
}


class Event(Message):
    """One thing that happened. ``key`` is the same however often it is seen."""

    key: str
    kind: Kind
    severity: Severity
    about: str
    """Rule and subject: events that are about the same."""
    title: str
    detail: str
    source: str
    """Site, product or model."""
    at: UtcTime
    """Domain time."""
    resolves: str | None = None
    """Key of the event that this one ends."""


def of_alert(alert: Alert) -> Event:
    """A finding of the stream."""
    return Event(
        key=f"alert:{alert.alert_id}", kind="alert", severity=alert.severity, about=f"{alert.rule} {alert.subject}",
        title=alert.title, detail=alert.detail, source=alert.site_id, at=alert.raised_at,
    )  # fmt: skip


def of_resolution(event_id: int, alert_id: str, by: str, note: str, at: datetime) -> Event:
    """Somebody has resolved an alert."""
    return Event(
        key=f"alert:{alert_id}:resolved:{event_id}", kind="alert", severity="info", about=f"resolved {alert_id}",
        title="Resolved", detail=f"by {by}" + (f": {note}" if note else ""), source="", at=at,
        resolves=f"alert:{alert_id}",
    )  # fmt: skip


def of_model_event(
    event_id: int, kind: str, name: str, version: str, reason: str, by: str, at: datetime
) -> Event | None:
    """A version began to serve, was taken back or refused; None for steps that nobody outside waits for."""
    if kind not in _MODEL:
        return None
    severity, happened = _MODEL[kind]
    return Event(
        key=f"model:{event_id}", kind="model", severity=severity, about=f"{kind} {name} {version}",
        title=f"{name} version {version} {happened}", detail=f"{reason} ({by})", source=name, at=at,
    )  # fmt: skip


def of_seal(seal: Seal, at: datetime) -> Event | None:
    """A run that was not sealed; None for every other state.

    Args:
        seal: As settlement-service tells it.
        at: Domain time at which it was read.
    """
    if seal.state not in _SEAL:
        return None
    severity, happened = _SEAL[seal.state]
    return Event(
        key=f"seal:{seal.run_id}:{seal.state}", kind="seal", severity=severity,
        about=f"{seal.state} {seal.product_id}", title=f"A run of {seal.product_id} {happened}",
        source=seal.product_id, at=at, detail=f"Slot {seal.slot:%Y-%m-%d %H:%M} UTC. {seal.detail}".strip(),
    )  # fmt: skip


def of_round(change: RoundChange, at: datetime) -> Event | None:
    """Measured values that somebody disputes, or that did not stand; None for every other state."""
    if change.state not in _ROUND:
        return None
    severity, happened = _ROUND[change.state]
    version = change.actuals.version if change.actuals else 0
    return Event(
        key=f"round:{change.product_id}:{change.slot:%Y%m%dT%H%M}:{change.state}:{version}", kind="round",
        severity=severity, about=f"{change.state} {change.product_id}", source=change.product_id, at=at,
        title=f"{change.product_id}: {happened}", detail=f"Slot {change.slot:%Y-%m-%d %H:%M} UTC, version {version}.",
    )  # fmt: skip
