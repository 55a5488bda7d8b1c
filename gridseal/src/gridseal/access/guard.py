"""The layer in front of every route: who asks, may they, how often, and a line about it in the audit log."""

import time
from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI
from prometheus_client import Counter
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridseal.access.audit import AuditLog, line_of, worth_a_line
from gridseal.access.authenticate import Authenticator, Development
from gridseal.access.policies import Policies, RouteRule, RouteRules, rules_of
from gridseal.access.principal import AccessDeniedError, Principal
from gridseal.errors import ConfigError, UnavailableError
from gridseal.http.counters import Counters
from gridseal.http.rates import Limited, Rates
from gridseal.runtime.logs import get_logger
from gridseal.runtime.problems import problem
from gridseal.runtime.settings import LOOPBACK

log = get_logger(__name__)
HEADER: Final = "Gridseal-Auth"
"""On every answer: ``dev`` where there is no login, ``login`` where there is."""
REFUSALS_PER_MIN: Final = 120
"""Most refused requests a minute that each process writes down; the rest stands in the log alone."""
_HARDENING: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def _refused() -> Counter:
    return Counter(
        "gridseal_access_refused", "Requests and connections that were not let in", ["reason"], registry=None
    )


@dataclass(frozen=True)
class Access:
    """How a service lets people in."""

    service: str
    tenant: str = "demo"
    """Whose data the service holds. Principals of another tenant find nothing."""
    authenticator: Authenticator = field(default_factory=lambda: Development("demo"))
    audit: AuditLog | None = None
    """Without: what would stand in the audit log goes to the process's log alone."""
    rates: Rates = field(default_factory=Rates)
    """Of each principal that is signed in."""
    counters: Counters = field(default_factory=Counters)
    refused: Counter = field(default_factory=_refused)
    """By ``AccessDeniedError.reason``; ``install_health`` shows it on ``/metrics``."""


class GuardMiddleware:
    """Lets a request through to its route if the route's policy allows; everything else stops here."""

    def __init__(self, app: ASGIApp, access: Access, policies: Policies) -> None:
        self._app = app
        self._access = access
        self._policies = policies
        self._limited = Limited(access.rates, access.counters, "principal")
        self._refusals = _PerMinute(REFUSALS_PER_MIN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection. Sockets pass: their endpoint asks ``access.socket``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state, rule = scope.setdefault("state", {}), self._rules(scope["app"]).of(scope["method"], scope["path"])
        state["principal"], state["guarded"] = None, True
        sent = self._marked(send)
        if rule is None:  # 404 or 405, which the application says
            await self._app(scope, receive, sent)
            return
        try:
            principal = state["principal"] = await self._admitted(rule, HTTPConnection(scope))
        except AccessDeniedError as error:
            await self._refused(rule, error, scope, receive, sent)
            return
        if principal is not None and self._access.authenticator.mode == "login":
            found = await self._limited.count(scope, principal.label)
            if found is not None and not found[1].allowed:
                await self._limited.refuse(*found, scope, receive, sent)
                return
        await self._app(scope, receive, self._written(rule, scope, sent))

    def _rules(self, app: FastAPI) -> RouteRules:
        return closed(app, self._policies)

    async def _admitted(self, rule: RouteRule, connection: HTTPConnection) -> Principal | None:
        if rule.policy == "public":
            return None
        principal = await self._access.authenticator.request(connection)
        check(principal, rule, self._access.tenant)
        return principal

    def _marked(self, send: Send) -> Send:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = self._access.authenticator.mode
                for name, value in _HARDENING.items():
                    headers.setdefault(name, value)
            await send(message)

        return marked

    def _written(self, rule: RouteRule, scope: Scope, send: Send) -> Send:
        async def written(message: Message) -> None:
            if message["type"] == "http.response.start" and worth_a_line(
                rule.policy, rule.name, scope["method"], message["status"]
            ):
                await self._write(rule, scope, message["status"], "")
            await send(message)

        return written

    async def _refused(
        self, rule: RouteRule, error: AccessDeniedError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._access.refused.labels(error.reason).inc()
        log.info("access_refused", action=rule.name, status=error.status, reason=error.reason)
        if self._refusals.allows():
            await self._write(rule, scope, error.status, error.reason)
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        answer = problem(Request(scope), error.status, error.detail, reason=error.reason, headers=headers)
        await answer(scope, receive, send)

    async def _write(self, rule: RouteRule, scope: Scope, status: int, reason: str) -> None:
        state = scope["state"]
        entry = line_of(
            self._access.service, self._access.tenant, state.get("principal"), rule.name, scope["method"],
            scope["path"], status, reason, (scope.get("client") or ("",))[0], state.get("trace_id", ""),
        )  # fmt: skip
        log.info("audit", **entry.model_dump())
        if self._access.audit is None:
            return
        try:
            await self._access.audit.write(entry)
        except UnavailableError as error:
            log.error("audit_line_not_kept", why=str(error), **entry.model_dump())


def check(principal: Principal, rule: RouteRule, tenant: str) -> None:
    """Whether a principal may use a route of a service that holds a tenant's data.

    Raises:
        AccessDeniedError: 404 to another tenant's, who learn nothing of what there is; 403 to a lower role.
    """
    if principal.tenant != tenant:
        raise AccessDeniedError(404, "other_tenant", "there is no such thing")
    if not principal.may(rule.policy):
        raise AccessDeniedError(403, "role", f"this needs the role {rule.policy}")


def closed(app: FastAPI, policies: Policies) -> RouteRules:
    """The rules of the application's routes as they are now. Raises ``ConfigError`` where a route has no policy."""
    kept: tuple[int, RouteRules] | None = getattr(app.state, "route_rules", None)
    number = len(app.routes)
    if kept is None or kept[0] != number:
        kept = (number, rules_of(app, policies))
        app.state.route_rules = kept
    return kept[1]


def require_guard(app: FastAPI, host: str) -> None:
    """Before an application is served: every route has a policy, and what has no guard stays on this machine.

    Raises:
        ConfigError: Neither.
    """
    policies: Policies | None = getattr(app.state, "policies", None)
    if policies is not None:
        closed(app, policies)
    elif host not in LOOPBACK:
        raise ConfigError(f"{app.title} has no rules of access and can be served on 127.0.0.1 only")


def install_guard(app: FastAPI, access: Access, policies: Policies) -> None:
    """Put the layer on an application, inside what was added after it and around what was added before."""
    app.state.policies = policies
    app.state.access = access
    app.add_middleware(GuardMiddleware, access=access, policies=policies)


class _PerMinute:
    """Counts to a number, anew every minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._minute, self._count = 0, 0

    def allows(self) -> bool:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._count = minute, 0
        self._count += 1
        return self._count <= self._most
