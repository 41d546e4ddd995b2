"""Bounds that hold before a request's body is in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from anyio import to_thread
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


@dataclass(frozen=True)
class Bound:
    """What one body may be at ``most``, and all of them that arrive ``together``.

    ``refused`` is told of each that is not taken, before it is answered.
    """

    most: int
    together: int
    refused: Callable[[Scope, RadLensError], None] | None = None


class BodyLimit:
    """Refuse a body above its bound, or for which there is no room beside the others.

    By its declared length, or while it arrives. ``own`` has the bounds of routes, such as
    "POST /v1/versions", that have their own.
    """

    def __init__(self, app: ASGIApp, usual: Bound, own: Mapping[str, Bound]) -> None:
        self._app, self._usual, self._own = app, usual, own
        bounds = (usual, *own.values())
        self._rooms = [(b, Room(max(b.together, b.most + ENVELOPE_BYTES))) for b in bounds]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        bound = self._own.get(route(scope), self._usual)
        room = next(room for known, room in self._rooms if known is bound)
        most, arrived, held = bound.most + ENVELOPE_BYTES, 0, 0

        async def hold(count: int) -> None:
            nonlocal held
            try:
                if count > most:
                    raise TooLarge(f"The request is larger than {most:,} bytes.")
                if count > held:
                    room.take(count - held)
                    held = count
            except RadLensError as error:
                if bound.refused:
                    await to_thread.run_sync(bound.refused, scope, error)
                raise

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            await hold(arrived)
            return message

        try:
            await hold(_declared(scope))
        except RadLensError as error:
            return await answer(error)(scope, receive, send)
        try:
            await self._app(scope, counted, send)
        finally:
            room.give(held)


def _declared(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def route(scope: Scope) -> str:
    """What is asked for, such as "POST /v1/versions", wherever the API is mounted."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return f"{scope['method']} {path}"
