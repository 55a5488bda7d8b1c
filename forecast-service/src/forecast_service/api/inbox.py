"""``/api/v1/alerts``: the inbox, what may be done about an alert, and who did what."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from forecast_service.api.alerts import place_of
from forecast_service.insight.alert_life import ALLOWED, Action, AlertAction, InboxItem, State, inbox_item
from forecast_service.store.alert_actions import AlertActions
from forecast_service.store.alerts import REACH, AlertReader
from gridseal.access.people import require_role
from gridseal.access.principal import Principal
from gridseal.http.cursors import encode_cursor
from gridseal.runtime.problems import not_found
from gridseal.wire.alerts import Alert, Severity
from gridseal.wire.fields import UtcTime, format_utc

LONGEST_SNOOZE = timedelta(days=30)
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, description="The same key: one action")]


class InboxPage(BaseModel):
    """Answer of ``GET /api/v1/alerts``, newest first."""

    as_at: UtcTime
    items: list[InboxItem]
    counts: dict[State, int]
    """Over all alerts of the filter without ``state``."""
    next_cursor: str | None = None


class ActionOrder(BaseModel):
    """What to do about an alert."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"action": "acknowledge", "note": "crew is on its way"},
                {"action": "snooze", "snooze": "PT2H"},
            ]
        },
    )

    action: Action
    note: Annotated[str, Field(max_length=500)] = ""
    snooze: Annotated[timedelta | None, Field(description="ISO 8601, of domain time; with `snooze` only")] = None


class Trail(BaseModel):
    """Answer of ``GET /api/v1/alerts/{alert_id}``."""

    item: InboxItem
    trail: list[AlertAction]
    """Oldest first."""


def inbox_routes(alerts: AlertReader, actions: AlertActions, now: Callable[[], datetime]) -> APIRouter:
    """The routes on these stores."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

    async def known(alert_id: str) -> Alert:
        alert = await alerts.one(alert_id)
        if alert is None:
            raise not_found(f"alert {alert_id}")
        return alert

    @router.get("", operation_id="listAlerts")
    async def inbox(
        request: Request, response: Response, state: State | None = None, severity: Severity | None = None,
        site_id: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None,
    ) -> InboxPage:  # fmt: skip
        """Findings with what was done about them."""
        at, before = now(), place_of(cursor)
        found = await alerts.recent(REACH, site_id, severity)
        done = await actions.of([a.alert_id for a in found])
        items = [inbox_item(a, done.get(a.alert_id, []), at) for a in found]
        chosen = [
            i for i in items
            if state in (None, i.state) and (before is None or (i.alert.raised_at, i.alert.alert_id) < before)
        ]  # fmt: skip
        shown, more = chosen[:limit], None
        if len(chosen) > limit:
            more = encode_cursor([format_utc(shown[-1].alert.raised_at), shown[-1].alert.alert_id])
            response.headers["Link"] = f'<{request.url.include_query_params(cursor=more)}>; rel="next"'
        counts: dict[State, int] = dict(Counter(i.state for i in items))
        return InboxPage(as_at=at, items=shown, counts=counts, next_cursor=more)

    @router.get("/{alert_id}", operation_id="readAlert")
    async def one(alert_id: str) -> Trail:
        """One alert with its audit trail."""
        alert, done = await known(alert_id), await actions.of([alert_id])
        trail = done.get(alert_id, [])
        return Trail(item=inbox_item(alert, trail, now()), trail=trail)

    _install_orders(router, known, actions, now)
    return router


def _install_orders(
    router: APIRouter, known: Callable[[str], Awaitable[Alert]], actions: AlertActions, now: Callable[[], datetime]
) -> None:
    @router.post("/{alert_id}/actions", operation_id="actOnAlert", status_code=201)
    async def act(
        alert_id: str, order: ActionOrder, person: Annotated[Principal, Depends(require_role("operator"))],
        key: Key = None,
    ) -> AlertAction:  # fmt: skip
        """Acknowledge, snooze, resolve or reopen; kept with who and when."""
        alert, at = await known(alert_id), now()
        until = _until(order, at)

        def fits(before: Sequence[AlertAction]) -> None:
            state = inbox_item(alert, before, at).state
            if order.action not in ALLOWED[state]:
                raise HTTPException(409, f"the alert is {state}: {order.action} is not possible")

        return await actions.add(alert_id, at, order.action, person.name, order.note, until, key, fits)


def _until(order: ActionOrder, at: datetime) -> datetime | None:
    if (order.action == "snooze") != (order.snooze is not None):
        raise HTTPException(422, "snooze says for how long, and only with the action snooze")
    if order.snooze is None:
        return None
    if not timedelta(0) < order.snooze <= LONGEST_SNOOZE:
        raise HTTPException(422, f"a snooze lasts at most {LONGEST_SNOOZE.days} days")
    return at + order.snooze
