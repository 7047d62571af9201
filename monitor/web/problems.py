"""Errors as problem details (RFC 9457)."""

import logging
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from monitor import errors
from monitor.errors import MonitorError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUS: dict[type[MonitorError], HTTPStatus] = {
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.AlertStateError: HTTPStatus.CONFLICT,
    errors.ReferenceModelError: HTTPStatus.CONFLICT,
    errors.LoginRequired: HTTPStatus.UNAUTHORIZED,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.StoreError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.RetryableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.PermanentError: HTTPStatus.BAD_REQUEST,
}
"""By the nearest class of the tree in `monitor.errors`."""
RETRY_AFTER_S = "30"


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "The request cannot be answered as it is", "content": {MEDIA_TYPE: {}}, "model": Problem},
    "5XX": {"description": "The server cannot answer now", "content": {MEDIA_TYPE: {}}, "model": Problem},
}
"""The `responses` of every route, for OpenAPI."""


def status_of(error: MonitorError) -> HTTPStatus:
    """The status that an error is answered with."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)


def answer(error: MonitorError) -> Response:
    """The answer to a request that ended in an error of the monitor."""
    status = status_of(error)
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower().removesuffix("-error")
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, errors.RetryableError | errors.TooManyRequests):
        headers["Retry-After"] = RETRY_AFTER_S
    return problem(status, str(error), f"urn:landsat-monitor:{kind}", headers)


def problem(
    status: int, detail: str, kind: str = "about:blank", headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """One problem."""
    body = {"type": kind, "title": HTTPStatus(status).phrase, "status": int(status), "detail": detail, **more}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Have the application answer every error this way."""

    @app.exception_handler(MonitorError)
    async def on_monitor_error(request: Request, error: MonitorError) -> Response:
        if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("%s %s: %s", request.method, request.url.path, error)
        return answer(error)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        found = [{"at": ".".join(map(str, part["loc"])), "problem": part["msg"]} for part in error.errors()]
        said = "; ".join(f"{part['at']}: {part['problem']}" for part in found)
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, said, errors=found)

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> Response:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"unexpected {type(error).__name__}; the log has more")
