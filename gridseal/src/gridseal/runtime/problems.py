"""RFC 9457 problem details for every error of every service, each with a page that says what it means."""

import html
from http import HTTPStatus
from typing import Any, Final

import psycopg
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import HTTPConnection

from gridseal.errors import GridsealError, UnavailableError, WireError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
PAGES: Final = "/problems"
PROBLEMS: Final[dict[int, str]] = {
    400: "The request cannot be read. Correct it; the same again fails again.",
    401: "Nobody is signed in. Sign in and send it again.",
    403: "You are known, and this needs a role that you do not have.",
    404: "There is no such thing, or not yet. The detail names it.",
    405: "The address exists and takes other methods: see the header Allow.",
    406: "This route cannot answer in the format that was asked for. Ask for JSON.",
    409: "The request is sound and does not fit the present state. Look at the state, then decide.",
    412: "Somebody changed it since you read it. Read it again, then decide.",
    413: "The body is larger than the route takes.",
    415: "The body is of a type that the route does not take. Send JSON.",
    422: "The request does not fit the contract of the route. `errors` names each place.",
    428: "A change needs the header If-Match with the ETag that you read, so that nobody's change is lost.",
    429: "Too many requests. Wait as long as the header Retry-After says.",
    500: "A defect of the service. Its log has the details under the same trace id; tell whoever runs it.",
    502: "A service behind this one answered with nonsense. Try again later.",
    503: "A store or service behind this one does not answer now. Try again with growing pauses.",
}


def slug(status: int) -> str:
    """Last part of the address of a problem's page."""
    return HTTPStatus(status).phrase.lower().replace(" ", "-").replace("'", "")


def problem(
    request: HTTPConnection, status: int, detail: str, errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None, reason: str | None = None,
) -> JSONResponse:  # fmt: skip
    """One problem document. ``reason`` is a bounded label for programs."""
    body: dict[str, Any] = {
        "type": f"{PAGES}/{slug(status)}" if status in PROBLEMS else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    if reason:
        body["reason"] = reason
    if errors:
        body["errors"] = errors
    trace_id = request.scope.get("state", {}).get("trace_id")
    if trace_id:
        body["trace_id"] = trace_id
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def defect(request: HTTPConnection, error: Exception) -> JSONResponse:
    """500 for what nobody expected; the log has it."""
    trace_id = request.scope.get("state", {}).get("trace_id")
    log.error(
        "request_failed", path=request.url.path, error=type(error).__name__, trace_id=trace_id, exc_info=error
    )  # fmt: skip
    return problem(request, 500, "this is a defect of the service; its log has the details")


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem document; no stack trace reaches a user."""

    @app.exception_handler(StarletteHTTPException)
    async def on_http(request: Request, error: StarletteHTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(sorted(_methods(request)))
        return problem(request, error.status_code, str(error.detail), headers=headers)

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"pointer": "/" + "/".join(map(str, e["loc"])), "message": str(e["msg"])} for e in error.errors()]
        return problem(request, 422, "the request does not fit the contract of this route", errors)

    @app.exception_handler(GridsealError)
    async def on_gridseal(request: Request, error: GridsealError) -> JSONResponse:
        if isinstance(error, WireError):
            return problem(request, 422, str(error), reason=error.reason)
        return problem(request, 503 if isinstance(error, UnavailableError) else 500, str(error))

    @app.exception_handler(psycopg.DataError)
    @app.exception_handler(OverflowError)
    async def on_value(request: Request, error: Exception) -> JSONResponse:
        log.warning("value_out_of_range", path=request.url.path, error=type(error).__name__)
        return problem(request, 422, "a value of the request lies beyond what can be held", reason="bad_value")

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(psycopg.errors.UndefinedTable)
    @app.exception_handler(psycopg.errors.InvalidSchemaName)
    async def on_database(request: Request, error: psycopg.Error) -> JSONResponse:
        return problem(request, 503, "PostgreSQL does not answer, or a service has not made its tables yet: try again")

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        return defect(request, error)

    @app.get(PAGES + "/{name}", include_in_schema=False)
    async def page(name: str) -> HTMLResponse:
        for status, meaning in PROBLEMS.items():
            if slug(status) == name:
                title = html.escape(f"{status} {HTTPStatus(status).phrase}")
                return HTMLResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{html.escape(meaning)}")
        raise not_found(f"problem {name}")


def _methods(request: Request) -> set[str]:
    """Of every route of this address: the router names those of the first alone."""
    path = request.scope["path"]
    contexts = iter_route_contexts(request.app.routes)
    return {method for one in contexts if one.path_regex.match(path) for method in one.methods or ()}


def not_found(what: str) -> HTTPException:
    """404 with a sentence that names what is missing."""
    return HTTPException(404, f"{what} does not exist")
