"""Bounds that hold before a request's body is in memory."""

from threading import Lock

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from radlens.api.errors import answer
from radlens.domain.errors import Busy, RadLensError, TooLarge

# What a multipart envelope may add to the file that it holds.
ENVELOPE_BYTES = 64 * 1024


class Room:
    """How many bytes of bodies may be in memory at once, over all requests."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = Lock()

    def take(self, count: int) -> None:
        """Reserve so many; raises Busy at once where they are not free."""
        with self._lock:
            if count > self._left:
                raise Busy("As many uploads are arriving as fit into memory.")
            self._left -= count

    def give(self, count: int) -> None:
        """Let go of them."""
        with self._lock:
            self._left += count


class BodyLimit:
    """Refuse a body above ``most`` bytes, or for which there is no room beside the others.

    By its declared length, or while it arrives.
    """

    def __init__(self, app: ASGIApp, most: int, together: int) -> None:
        self._app, self._most = app, most + ENVELOPE_BYTES
        self._room = Room(max(together, self._most))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        arrived, held = 0, 0

        def hold(count: int) -> None:
            nonlocal held
            if count > self._most:
                raise TooLarge(f"The request is larger than {self._most:,} bytes.")
            if count > held:
                self._room.take(count - held)
                held = count

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            hold(arrived)
            return message

        try:
            hold(_declared(scope))
        except RadLensError as error:
            return await answer(error)(scope, receive, send)
        try:
            await self._app(scope, counted, send)
        finally:
            self._room.give(held)


def _declared(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() else 0
