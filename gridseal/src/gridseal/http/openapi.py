"""Completes the OpenAPI document: what the layers around the routes add to every answer."""

import json
from copy import deepcopy
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from gridseal.http.formats import item_type
from gridseal.http.negotiation import FORMATS, MEDIA_TYPES
from gridseal.runtime.problems import MEDIA_TYPE, PROBLEMS, slug

_PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457. `errors` names each place of the request that does not fit.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "reason": {"type": "string"},
        "trace_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "examples": [
        {
            "type": "/problems/not-found",
            "title": "Not Found",
            "status": 404,
            "detail": "run 00000000000000000000000000000000 does not exist",
            "instance": "/api/v1/forecasts/00000000000000000000000000000000",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        }
    ],
}
_REF: Final = {"$ref": "#/components/schemas/Problem"}
EVERYWHERE: Final = (400, 401, 403, 404, 406, 409, 412, 413, 422, 428, 429, 500, 503)
_FORMAT: Final[dict[str, Any]] = {
    "name": "format",
    "in": "query",
    "required": False,
    "description": "Goes before the header Accept",
    "schema": {"type": "string", "enum": list(FORMATS)},
}
_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key twice is one request; the first answer is given again for a day",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


def describe(app: FastAPI, tables: frozenset[str]) -> None:
    """Make ``app.openapi()`` say it. ``tables`` names operations that make their own rows."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(deepcopy(plain()), _lists(app) | tables)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def snapshot(app: FastAPI) -> str:
    """The document as it is kept in ``docs/openapi``: stable from run to run."""
    return json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _lists(app: FastAPI) -> frozenset[str]:
    found = (context.original_route for context in iter_route_contexts(app.routes))
    return frozenset(r.operation_id or "" for r in found if isinstance(r, APIRoute) and item_type(r) is not None)


def _completed(document: dict[str, Any], tables: frozenset[str]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    document["components"]["responses"] = {slug(status): _response(status) for status in EVERYWHERE}
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for operations in document.get("paths", {}).values():
        for method, operation in operations.items():
            _add_problems(operation)
            parameters = operation.setdefault("parameters", [])
            if method == "get" and operation.get("operationId") in tables:
                content = operation["responses"]["200"]["content"]
                for name in ("ndjson", "csv", "parquet"):
                    content[MEDIA_TYPES[name]] = {"schema": {"type": "string"}}
                parameters.append(_FORMAT)
            if method == "post":
                parameters[:] = [p for p in parameters if p["name"].lower() != "idempotency-key"] + [_KEY]
    return document


def _add_problems(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status in EVERYWHERE:
        known = responses.get(str(status), {})
        own = known.get("description", "") not in ("", "Validation Error")
        responses[str(status)] = (
            _response(status) | {"description": known["description"]}
            if own
            else {"$ref": f"#/components/responses/{slug(status)}"}
        )


def _response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {"description": PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": _REF}}}
    if status == 429:
        response["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
    return response
