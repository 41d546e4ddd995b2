"""Every request of the server: its id, its line in the log, its place in the counts."""

import logging
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from radlens.api.callers import CALLER
from radlens.logs import fields, new_id, request_id
from radlens.metrics import IN_FLIGHT, PAGES, REQUESTS

log = logging.getLogger("radlens.http")
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
# Asked for by machines every few seconds, and the parts that each page is made of.
QUIET = ("/livez", "/readyz", "/metrics", "/fonts", "/_stcore", "/static", "/media")


class Watch:
    """Give each request an id, answer with it, log one line, and count."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            with IN_FLIGHT.track_inprogress():
                await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            with PAGES.track_inprogress():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = new_id(Headers(scope=scope).get("x-request-id", ""))
        token = request_id.set(known)
        began, status = perf_counter(), 500  # where the application fails, the server says 500

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = known
            await send(message)

        try:
            await self._app(scope, receive, answered)
        except Exception:
            log.exception("a request failed")
            raise
        finally:
            _note(scope, status, perf_counter() - began)
            request_id.reset(token)


def template(scope: Scope) -> str:
    """The pattern of the route that answered: never what was asked for, which may name anybody."""
    route = scope.get("route")
    if isinstance(route, Mount):
        return route.path or "/"
    pattern = getattr(route, "path_regex", None)
    if route is None or pattern is None:
        return "unmatched"
    root, prefix = scope.get("root_path", ""), ""
    rest = scope["path"].removeprefix(root)
    while not pattern.match(rest):  # what stands before it is the prefix of the route's router
        head, slash, tail = rest[1:].partition("/")
        if not slash:
            return "unmatched"
        prefix, rest = f"{prefix}/{head}", f"/{tail}"
    return f"{root}{prefix}{route.path}"


def _note(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = template(scope)
    REQUESTS.labels(method, route, str(status)).inc()
    ms = round(1000 * seconds, 1)
    more = {"account": scope[CALLER].account} if CALLER in scope else {}
    quiet = status < 400 and (route == "/" or route.startswith(QUIET))
    log.log(
        logging.DEBUG if quiet else logging.INFO,
        "request",
        extra=fields(method=method, route=route, status=status, ms=ms, **more),
    )
