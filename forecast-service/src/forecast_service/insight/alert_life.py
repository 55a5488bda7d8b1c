"""In which state an alert is, from what was done about it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gridseal.wire.alerts import Alert
from gridseal.wire.fields import UtcTime

Action = Literal["acknowledge", "snooze", "resolve", "reopen"]
State = Literal["open", "acknowledged", "snoozed", "resolved"]
ALLOWED: dict[State, frozenset[Action]] = {
    "open": frozenset({"acknowledge", "snooze", "resolve"}),
    "acknowledged": frozenset({"snooze", "resolve", "reopen"}),
    "snoozed": frozenset({"acknowledge", "snooze", "resolve", "reopen"}),
    "resolved": frozenset({"reopen"}),
}
"""What may be done in which state."""


class AlertAction(BaseModel):
    """One line of the audit trail."""

    action_id: int
    recorded_at: UtcTime
    """Wall clock."""
    at: UtcTime
    """Domain time."""
    action: Action
    by: str
    note: str
    until: UtcTime | None


class InboxItem(BaseModel):
    """An alert and how it stands."""

    alert: Alert
    state: State
    until: UtcTime | None
    """End of the snooze, in domain time."""
    came_back: bool
    """It was resolved, and seen again since."""
    last: AlertAction | None
    actions: int
    allowed: Annotated[list[Action], Field(description="What may be done now")]


def inbox_item(alert: Alert, actions: Sequence[AlertAction], now: datetime) -> InboxItem:
    """The state of an alert.

    Args:
        alert: As the stream keeps it: the same finding again raises ``count`` and ``period_end``.
        actions: All of its actions, oldest first.
        now: Domain time.
    """
    last = actions[-1] if actions else None
    state, came_back = _state(alert, actions, now)
    return InboxItem(
        alert=alert, state=state, until=last.until if last and state == "snoozed" else None, came_back=came_back,
        last=last, actions=len(actions), allowed=sorted(ALLOWED[state]),
    )  # fmt: skip


def _state(alert: Alert, actions: Sequence[AlertAction], now: datetime) -> tuple[State, bool]:
    if not actions or actions[-1].action == "reopen":
        return "open", False
    last = actions[-1]
    if last.action == "acknowledge":
        return "acknowledged", False
    if last.action == "resolve":
        again = alert.period_end > last.at
        return ("open", True) if again else ("resolved", False)
    if last.until is not None and last.until > now:
        return "snoozed", False
    # After a snooze it is as it was before: what somebody has taken on stays theirs.
    return _state(alert, actions[:-1], now)
