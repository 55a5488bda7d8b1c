"""The outermost layer: a trace id for every request, and no error without an answer."""

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridseal.runtime.problems import defect
from gridseal.runtime.traces import new_traceparent

_PARENT: Final = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class TraceMiddleware:
    """Takes the caller's ``traceparent`` or begins a trace; says it as ``traceresponse``; turns defects into 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; WebSockets pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = _PARENT.fullmatch(Headers(scope=scope).get("traceparent", ""))
        own = new_traceparent()
        trace_id = given[1] if given and int(given[1], 16) else own.split("-")[1]
        scope.setdefault("state", {})["trace_id"] = trace_id
        began = False

        async def marked(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                MutableHeaders(scope=message)["traceresponse"] = f"00-{trace_id}-{own.split('-')[2]}-01"
            await send(message)

        try:
            await self._app(scope, receive, marked)
        except Exception as error:
            if began:
                raise
            await defect(Request(scope), error)(scope, receive, marked)
