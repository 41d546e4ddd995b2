"""Refusals, in the language of whoever asked: JSON for programs, a page for people."""

from html import escape
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from radlens.api.errors import answer, status
from radlens.domain.errors import NotSignedIn, RadLensError, TooManyGuesses
from radlens.entrance.look import page

POLICY_VIOLATION = 1008


async def refuse(error: RadLensError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer instead of the application."""
    if scope["type"] == "websocket":
        # Before it was accepted: the browser sees that the connection was refused.
        return await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})
    return await _refusal(error, scope)(scope, receive, send)


def _refusal(error: RadLensError, scope: Scope) -> Response:
    headers = Headers(scope=scope)
    reads = scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", "")
    if not reads or "authorization" in headers or scope["path"].startswith("/api/"):
        response: Response = answer(error, status(error))
        if isinstance(error, NotSignedIn):
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    if isinstance(error, NotSignedIn):
        return RedirectResponse(f"/sign-in?{urlencode({'next': _address(scope)})}", 303)
    text = f'<p role="alert">{escape(error.message)} {escape(error.hint)}</p>'
    return page("Not here", f'{text}<p><a href="/">Back to RadLens</a></p>', status(error))


def waiting(response: Response, error: RadLensError) -> Response:
    """The response with the time after which it is worth trying again, where there is one."""
    if isinstance(error, TooManyGuesses):
        response.headers["Retry-After"] = str(error.wait_s)
    return response


def _address(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])
