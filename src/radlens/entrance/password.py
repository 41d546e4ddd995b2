"""One's own new password, on a page that works without a script."""

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from radlens.api.callers import caller
from radlens.api.errors import status
from radlens.domain.errors import RadLensError
from radlens.entrance.answers import waiting
from radlens.entrance.forms import Fields, form_fields, fresh_password, require_same
from radlens.entrance.look import alert, page, text_field
from radlens.ports import Site
from radlens.usecases.users import change_own_password


def password_routes(site: Site, slots: CapacityLimiter) -> list[BaseRoute]:
    """The routes by which somebody changes a password; ``slots`` bounds how many at a time."""

    async def show(_: Request) -> Response:
        return _form()

    async def take(request: Request) -> Response:
        asking = caller(request)

        def change(fields: Fields) -> None:
            require_same(fields)
            present, password = fields.get("present", ""), fields.get("password", "")
            change_own_password(site, asking, password, present=present)

        try:
            await to_thread.run_sync(change, await form_fields(request), limiter=slots)
        except RadLensError as error:
            return waiting(_form(error), error)
        return RedirectResponse("/sign-in?changed=1", 303)

    return [
        Route("/password", show, methods=["GET"]),
        Route("/password", take, methods=["POST"]),
    ]


def _form(error: RadLensError | None = None) -> Response:
    present = text_field(
        "Present password", "present", kind="password", fills="current-password", more="autofocus"
    )
    body = (
        f"{alert(error.message, error.hint) if error else ''}"
        f'<form method="post" action="/password">{present}{fresh_password()}'
        "<button>Change password</button></form>"
        "<p>You are signed out everywhere then, and sign in again.</p>"
    )
    return page("Change password", body, status(error) if error else 200)
