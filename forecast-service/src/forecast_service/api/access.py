"""One log line and two figures for every request, by route, never by address."""

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/version", "/health"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class AccessMiddleware:
    """Wraps an application. Requests of probes and scrapers are counted and not logged."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "gridseal_http_requests_total", "Requests answered", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "gridseal_http_request_seconds", "Time to answer", ["route"], buckets=_BUCKETS, registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; WebSockets pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route, seconds = _route(scope), perf_counter() - began
            self._requests.labels(scope["method"], route, str(status)).inc()
            self._seconds.labels(route).observe(seconds)
            if route not in QUIET:
                log.info("request", method=scope["method"], route=route, status=status, seconds=round(seconds, 4))


def _route(scope: Scope) -> str:
    """The path as it was declared; one name for all that is not, so that strangers cannot make up labels."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "none"
