"""RFC 9457 problem details for every error of every service."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from gridseal.errors import GridsealError, UnavailableError, WireError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
MEDIA_TYPE = "application/problem+json"


def problem(request: Request, status: int, detail: str, errors: list[dict[str, str]] | None = None) -> JSONResponse:
    """One problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem document; no stack trace reaches a user."""

    @app.exception_handler(StarletteHTTPException)
    async def on_http(request: Request, error: StarletteHTTPException) -> JSONResponse:
        return problem(request, error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"pointer": "/" + "/".join(map(str, e["loc"])), "message": str(e["msg"])} for e in error.errors()]
        return problem(request, 422, "the request does not fit the contract of this route", errors)

    @app.exception_handler(GridsealError)
    async def on_gridseal(request: Request, error: GridsealError) -> JSONResponse:
        status = 503 if isinstance(error, UnavailableError) else 422 if isinstance(error, WireError) else 500
        return problem(request, status, str(error))

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", path=request.url.path, error=type(error).__name__, exc_info=error)
        return problem(request, 500, "this is a defect of the service; its log has the details")


def not_found(what: str) -> HTTPException:
    """404 with a sentence that names what is missing."""
    return HTTPException(404, f"{what} does not exist")
