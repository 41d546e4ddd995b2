"""Bounds that hold before a request's body is in memory."""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from radlens.domain.errors import TooLarge
from radlens.wire import FailureJson, error_json

# What a multipart envelope may add to the file that it holds.
ENVELOPE_BYTES = 64 * 1024


class BodyLimit:
    """Refuse a body above ``most`` bytes: by its declared length, or while it arrives."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most + ENVELOPE_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._most:
            return await self._refusal()(scope, receive, send)
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self._most:
                raise self._error()
            return message

        return await self._app(scope, counted, send)

    def _error(self) -> TooLarge:
        return TooLarge(f"The request is larger than {self._most:,} bytes.")

    def _refusal(self) -> JSONResponse:
        return JSONResponse(FailureJson(error=error_json(self._error())), 422)
