"""The one place where it is decided whether a request comes in, in front of everything."""

import asyncio
import logging
import time
from dataclasses import dataclass

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from radlens.api.callers import CALLER
from radlens.domain.access import Access, Row
from radlens.domain.account import Caller
from radlens.domain.audit import Act, Outcome, Verb
from radlens.domain.errors import NoSuchRoute, NotAllowed, NotSignedIn, RadLensError
from radlens.entrance.answers import refuse
from radlens.entrance.callers import Callers, session_token
from radlens.entrance.doorway import ORIGIN, SESSION, Doorway
from radlens.entrance.headers import guarded
from radlens.usecases.identify import by_session

log = logging.getLogger("radlens.entrance")
ENDED = 4401  # the code of a connection that is closed because its session has ended
LOOK_S = 2.0  # how often an open connection's session is looked up


@dataclass(frozen=True)
class Gatekeeper:
    """An ASGI application that lets in whom the table of access lets in, and nobody else."""

    app: ASGIApp
    access: Access
    callers: Callers
    doorway: Doorway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        scope.update(self.doorway.seen(scope))  # the same scope: whoever watches it sees more
        send = guarded(scope, send)
        try:
            caller = await self._admit(scope)
        except RadLensError as error:
            return await refuse(error, scope, receive, send)
        if caller is not None:
            scope[CALLER] = caller
        if scope["type"] == "websocket" and caller is not None:
            scope["headers"] = [*scope["headers"], *_told(caller)]
            if caller.session:
                watched = _Watched(self.callers, caller, receive, send)
                receive, send = watched.receive, watched.send
        return await self.app(scope, receive, send)

    async def _admit(self, scope: Scope) -> Caller | None:
        """Who comes in, None where anybody may; raises Refused or NoSuchRoute."""
        self.doorway.check(scope, signed_in=session_token(scope) is not None)
        row = self._row(scope)
        if row is not None and row.open:
            return None
        caller = await to_thread.run_sync(self.callers.of, scope)
        if row is None:
            raise NoSuchRoute("There is nothing at this address.")
        if not caller.may(row.roles):
            await to_thread.run_sync(self._note_refusal, caller, row.name)
            raise NotAllowed(f"The role {caller.scope or caller.role} may not do this.")
        if scope["type"] == "websocket" and "authorization" in Headers(scope=scope):
            raise NotSignedIn("A key or a token opens no page.")
        return caller

    def _row(self, scope: Scope) -> Row | None:
        try:
            if scope["type"] == "websocket":
                return self.access.stream(scope["path"])
            return self.access.route(scope["method"], scope["path"])
        except NoSuchRoute:
            return None  # said only to those who are known

    def _note_refusal(self, caller: Caller, row: str) -> None:
        """By the table's row: an address may hold a name that the log could never forget."""
        site = self.callers.site
        act = Act(site.clock(), caller.actor, Verb.ENTER, row, {}, Outcome.REFUSED)
        site.trail.note(act)


class _Watched:
    """An open connection, closed soon after its session has ended, on whichever process."""

    def __init__(self, callers: Callers, caller: Caller, receive: Receive, send: Send) -> None:
        self._callers, self._caller = callers, caller
        self._receive, self._send = receive, send
        self._looked, self._closed = time.monotonic(), False
        self._next: asyncio.Task[Message] | None = None

    async def receive(self) -> Message:
        while True:
            if time.monotonic() - self._looked >= LOOK_S and not await self._alive():
                return await self._close()
            if self._next is None:
                self._next = asyncio.ensure_future(self._arriving())
            done, _ = await asyncio.wait([self._next], timeout=LOOK_S)
            if done:
                arrived, self._next = self._next, None
                return arrived.result()

    async def send(self, message: Message) -> None:
        if not self._closed:
            await self._send(message)

    async def _arriving(self) -> Message:
        return await self._receive()

    async def _alive(self) -> bool:
        self._looked = time.monotonic()
        try:
            await to_thread.run_sync(self._look)
        except NotSignedIn:
            return False
        except RadLensError as error:
            log.warning("A session could not be looked up: %s", error.message)
        return True

    def _look(self) -> None:
        caller = self._caller
        by_session(
            self._callers.site, caller.session, via="page", origin=caller.origin, active=False
        )

    async def _close(self) -> Message:
        if self._next is not None:
            self._next.cancel()
        await self._send({"type": "websocket.close", "code": ENDED, "reason": "signed out"})
        self._closed = True
        return {"type": "websocket.disconnect", "code": ENDED}


def _told(caller: Caller) -> list[tuple[bytes, bytes]]:
    """What the pages are told of their connection, which has no other way to them."""
    return [(SESSION.encode(), caller.session.encode()), (ORIGIN.encode(), caller.origin.encode())]
