"""The error tree on HTTP: one table, one shape."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from radlens.domain.errors import (
    BadInput,
    Busy,
    Conflict,
    Corrupted,
    Erased,
    NotFound,
    NotSignedIn,
    RadLensError,
    Refused,
    StorageFull,
    StorageUnavailable,
    TooManyAtOnce,
    TooManyGuesses,
    Unavailable,
)
from radlens.logs import fields
from radlens.metrics import ERRORS
from radlens.wire import FailureJson, error_json

log = logging.getLogger("radlens.api")

STATUS: dict[type[RadLensError], int] = {
    BadInput: 422,
    Erased: 410,
    NotFound: 404,
    Conflict: 409,
    NotSignedIn: 401,
    TooManyGuesses: 429,
    Refused: 403,
    TooManyAtOnce: 429,
    Unavailable: 503,
    Corrupted: 500,
}
# What passes by itself, or by somebody's hand: when it is worth asking again.
RETRY_S: dict[type[RadLensError], int] = {
    Busy: 2,
    TooManyAtOnce: 2,
    StorageUnavailable: 5,
    StorageFull: 60,
}


def status(error: RadLensError) -> int:
    """The HTTP status of an error, by its branch of the tree."""
    return next(code for kind, code in STATUS.items() if isinstance(error, kind))


def declared(*kinds: type[RadLensError]) -> dict[int | str, dict[str, Any]]:
    """The errors of a route as OpenAPI wants them."""
    return {
        STATUS[kind]: {"model": FailureJson, "description": (kind.__doc__ or kind.__name__)}
        for kind in kinds
    }


def answer_errors(app: FastAPI) -> None:
    """Let every error of the tree, and every misshapen request, answer in one shape."""

    @app.exception_handler(RadLensError)
    def _ours(_: Request, error: RadLensError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(HTTPException)
    def _theirs(_: Request, error: HTTPException) -> JSONResponse:
        # FastAPI hides what happened while the body arrived, such as TooLarge, behind a 400.
        if isinstance(error.__cause__, RadLensError):
            return answer(error.__cause__)
        kind = NotFound if error.status_code == 404 else BadInput
        hint = "The routes and their shapes stand in /api/v1/openapi.json."
        return answer(kind(f"{error.detail}.", hint=hint), error.status_code)

    @app.exception_handler(RequestValidationError)
    def _misshapen(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        bad = BadInput(
            f"The request does not fit: {where}: {first['msg']}.",
            hint="The shape of each request stands in /api/v1/openapi.json.",
        )
        return answer(bad)


def answer(error: RadLensError, code: int | None = None) -> JSONResponse:
    """An error as it goes out; where waiting helps, with how long to wait."""
    ERRORS.labels(error.kind).inc()
    if status(error) >= 500:
        log.warning(error.message, extra=fields(kind=error.kind))
    wait = RETRY_S.get(type(error))
    headers = None if wait is None else {"Retry-After": str(wait)}
    return JSONResponse(FailureJson(error=error_json(error)), code or status(error), headers)
