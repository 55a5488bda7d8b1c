"""Which role each route takes. A route that no policy names is not served.

A service keeps one table, from the ``operation_id`` of a route (its path where it has none) to a policy.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount, Route, WebSocketRoute

from gridseal.access.principal import Policy
from gridseal.errors import ConfigError

Policies = Mapping[str, Policy]

EVERYWHERE: Final[Policies] = {
    "/healthz": "public",
    "/readyz": "public",
    "/version": "public",
    "/metrics": "public",
    "/problems/{name}": "public",
    "/docs": "public",
    "/docs/files": "public",
    "/docs/oauth2-redirect": "public",
    "/redoc": "public",
    "/openapi.json": "public",
    "listAuditLog": "admin",
}
"""Routes of the shared package. Figures at ``/metrics`` name no asset; who may reach the port is the network's rule."""


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One route as requests are held against it."""

    name: str
    """Operation id, or path."""
    path: re.Pattern[str]
    methods: frozenset[str]
    """Empty: any."""
    policy: Policy


class RouteRules:
    """The rules of an application, in the order in which it looks for a route."""

    def __init__(self, rules: tuple[RouteRule, ...]) -> None:
        self._rules = rules

    @property
    def rules(self) -> tuple[RouteRule, ...]:
        """All of them."""
        return self._rules

    def of(self, method: str, path: str) -> RouteRule | None:
        """The rule of a request; none if no route takes it, which ends in 404 or 405."""
        for rule in self._rules:
            if (not rule.methods or method in rule.methods) and rule.path.match(path):
                return rule
        return None


def rules_of(app: FastAPI, policies: Policies) -> RouteRules:
    """Every route with its policy.

    Raises:
        ConfigError: A route has no policy; the routes are named.
    """
    known = {**EVERYWHERE, **policies}
    found, missing = list[RouteRule](), list[str]()
    for name, path, methods in _routes(app):
        policy = known.get(name)
        if policy is None:
            missing.append(name)
        else:
            found.append(RouteRule(name, path, methods, policy))
    if missing:
        raise ConfigError(f"no policy says who may use {', '.join(missing)}: name a role for it in policies.py")
    return RouteRules(tuple(found))


def _routes(app: FastAPI) -> Iterator[tuple[str, re.Pattern[str], frozenset[str]]]:
    for context in iter_route_contexts(app.routes):
        route: Any = context.original_route
        if not isinstance(route, APIRoute | Route | WebSocketRoute | Mount) and not hasattr(route, "path_regex"):
            raise ConfigError(f"a route of the kind {type(route).__name__} cannot be guarded")
        name = getattr(route, "operation_id", None) or context.path or ""
        yield name, context.path_regex, frozenset(context.methods or ())
