"""Sign in, sign out, set up: pages that work without a script."""

from html import escape
from urllib.parse import urlencode, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from radlens.api.callers import caller
from radlens.api.errors import status
from radlens.domain.errors import RadLensError
from radlens.entrance.answers import waiting
from radlens.entrance.callers import cookie_name
from radlens.entrance.forms import (
    Fields,
    form_fields,
    fresh_password,
    require_same,
    typed_first,
)
from radlens.entrance.look import alert, page, text_field
from radlens.ports import Site
from radlens.usecases.set_up import set_up
from radlens.usecases.sign_in import sign_in, sign_out

Way = tuple[str, str]  # where another way to sign in begins, and what it is called


def sign_in_routes(
    site: Site, slots: CapacityLimiter, ways: tuple[Way, ...] = ()
) -> list[BaseRoute]:
    """The routes by which people come in and go out.

    ``slots`` bounds how many passwords are checked at a time: each takes 64 MiB on purpose.
    """

    async def show_sign_in(request: Request) -> Response:
        return _sign_in_form(request.query_params, ways)

    async def take_sign_in(request: Request) -> Response:
        fields: Fields = {}

        def enter() -> str:
            name, password = fields.get("name", ""), fields.get("password", "")
            return sign_in(site, name, password, origin=_origin(request))

        try:
            fields = await form_fields(request)
            token = await to_thread.run_sync(enter, limiter=slots)
        except RadLensError as error:
            return waiting(_sign_in_form(fields, ways, error), error)
        return entered(request, token, onward(fields))

    async def take_sign_out(request: Request) -> Response:
        await to_thread.run_sync(sign_out, site, caller(request))
        response = RedirectResponse("/sign-in?out=1", 303)
        _set_cookie(request, response, "", seconds=0)
        return response

    async def show_set_up(request: Request) -> Response:
        return _set_up_form(request.query_params)

    async def take_set_up(request: Request) -> Response:
        fields: Fields = {}

        def enter() -> str:
            require_same(fields)
            name, password = fields.get("name", ""), fields.get("password", "")
            token, origin = fields.get("token", ""), _origin(request)
            set_up(site, token, name=name, password=password, origin=origin)
            return sign_in(site, name, password, origin=origin)

        try:
            fields = await form_fields(request)
            token = await to_thread.run_sync(enter, limiter=slots)
        except RadLensError as error:
            return waiting(_set_up_form(fields, error), error)
        return entered(request, token, "/")

    async def show_signed_in(_: Request) -> Response:
        return page("Signed in", "<p>Close this tab and go on where you were.</p>")

    async def show_session(_: Request) -> Response:
        return Response(status_code=204)  # whoever came this far is signed in

    return [
        Route("/sign-in", show_sign_in, methods=["GET"]),
        Route("/sign-in", take_sign_in, methods=["POST"]),
        Route("/sign-out", take_sign_out, methods=["POST"]),
        Route("/set-up", show_set_up, methods=["GET"]),
        Route("/set-up", take_set_up, methods=["POST"]),
        Route("/signed-in", show_signed_in, methods=["GET"]),
        Route("/session", show_session, methods=["GET"]),
    ]


def entered(request: Request, token: str, address: str) -> Response:
    """On to an address, with the cookie of a new session."""
    response = RedirectResponse(address, 303)
    _set_cookie(request, response, token)
    return response


def onward(fields: Fields) -> str:
    """Where to go on: an address of this site and no other."""
    address = fields.get("next", "/")
    parts = urlsplit(address)
    plain = not parts.scheme and not parts.netloc and address.isprintable()
    ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if plain and ours else "/"


def _sign_in_form(
    fields: Fields, ways: tuple[Way, ...], error: RadLensError | None = None
) -> Response:
    said = alert(error.message, error.hint) if error else ""
    for sign, words in (("out", "You are signed out."), ("changed", "Your password is changed.")):
        if fields.get(sign):
            said = f'<p role="status">{words}</p>'
    more = typed_first(fields) + (' aria-describedby="wrong"' if error else "")
    address = escape(onward(fields), quote=True)
    others = "".join(
        f'<a class="way" href="{where}?{escape(urlencode({"next": onward(fields)}))}">'
        f"{escape(title)}</a>"
        for where, title in ways
    )
    body = (
        f'{said}<form method="post" action="/sign-in">'
        f'<input type="hidden" name="next" value="{address}">'
        f"{text_field('Name', 'name', fills='username', more=more)}"
        f"{text_field('Password', 'password', kind='password', fills='current-password')}"
        f"<button>Sign in</button></form>{others}"
    )
    return page("Sign in", body, status(error) if error else 200)


def _set_up_form(fields: Fields, error: RadLensError | None = None) -> Response:
    said = alert(error.message, error.hint) if error else ""
    token = escape(fields.get("token", ""), quote=True)
    body = (
        f"{said}<p>This makes the first account of this site, its administrator.</p>"
        '<form method="post" action="/set-up">'
        f'<input type="hidden" name="token" value="{token}">'
        f"{text_field('Name', 'name', fills='username', more=typed_first(fields))}"
        f"{fresh_password()}"
        "<button>Set up</button></form>"
    )
    return page("Set up RadLens", body, status(error) if error else 200)


def _origin(request: Request) -> str:
    return request.client.host if request.client else ""


def _set_cookie(
    request: Request, response: Response, token: str, *, seconds: int | None = None
) -> None:
    """A cookie that no script sees, no other site's form carries, and the browser's end ends."""
    response.set_cookie(
        cookie_name(request.scope),
        token,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.scope["scheme"] == "https",
    )
