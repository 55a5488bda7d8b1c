"""Answers lists as JSON, NDJSON, CSV or Parquet, whichever is asked for; the routes themselves know only JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gridseal.http.negotiation import FORMATS, MEDIA_TYPES, accepted
from gridseal.http.tabular import WRITERS, Table, items_of, table_of_items, table_of_rows, to_ndjson
from gridseal.http.whole import Whole, answered
from gridseal.runtime.problems import problem
from gridseal.wire.tables import Row

Flatten = Callable[[bytes], list[Row]]
"""JSON answer of one route → its rows, where a row is not an item."""


class FormatMiddleware:
    """Looks at ``GET`` under ``/api/``. ``rows`` holds routes, by operation id, that make their own rows."""

    def __init__(self, app: ASGIApp, rows: Mapping[str, Flatten]) -> None:
        self._app = app
        self._rows = rows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        asked, rest = _asked(scope["query_string"])
        if asked is not None and asked not in FORMATS:
            errors = [{"pointer": "/query/format", "message": f"one of {', '.join(FORMATS)}"}]
            await problem(Request(scope), 422, "there is no such format", errors)(scope, receive, send)
            return
        wanted = asked or accepted(Headers(scope=scope).get("accept", ""))
        scope["query_string"] = rest
        if wanted == "json":
            await self._app(scope, receive, send)
            return
        answer = await answered(self._app, scope, receive, send)
        if answer is None:
            return
        if answer.status == 200 and answer.kind == MEDIA_TYPES["json"]:
            body = self._written(scope, answer, wanted)
            if body is None:
                detail = "this answer is no table: ask for application/json"
                await problem(Request(scope), 406, detail)(scope, receive, send)
                return
            answer.body = body
            answer.headers["content-type"] = MEDIA_TYPES[wanted] + ("; charset=utf-8" if wanted == "csv" else "")
            del answer.headers["etag"]  # of the JSON; the outer layer tags what goes out
        await answer.send(send)

    def _written(self, scope: Scope, answer: Whole, wanted: str) -> bytes | None:
        route = scope.get("route")
        if not isinstance(route, APIRoute):
            return None
        flatten = self._rows.get(route.operation_id or "")
        if flatten is not None:
            return WRITERS[wanted](table_of_rows(flatten(answer.body)))
        kind = item_type(route)
        if kind is None:
            return None
        items: list[dict[str, Any]] = json.loads(answer.body)["items"]
        if wanted == "ndjson":
            return to_ndjson(Table((), items))
        return WRITERS[wanted](table_of_items(kind, items))


def item_type(route: APIRoute) -> type[BaseModel] | None:
    """What a list route lists; none for any other."""
    model = route.response_model
    return items_of(model) if isinstance(model, type) and issubclass(model, BaseModel) else None


def _asked(query: bytes) -> tuple[str | None, bytes]:
    """The format that is asked for, and the query without it."""
    if b"format=" not in query:
        return None, query
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    asked = next((value for name, value in pairs if name == "format"), None)
    return asked, urlencode([pair for pair in pairs if pair[0] != "format"]).encode()
