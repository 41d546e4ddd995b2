"""Sign in at an identity provider: the authorization code flow, ending in a session of our own."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from radlens.api.errors import status
from radlens.domain.audit import Act, Actor, Outcome, Verb
from radlens.domain.errors import NoSuchRoute, NotSignedIn, RadLensError, Refused
from radlens.entrance.look import alert, page
from radlens.entrance.provider import Provider
from radlens.entrance.sign_in import entered, onward
from radlens.ports import Site
from radlens.usecases.sign_in import begin

START, BACK = "/sign-in/oidc", "/sign-in/oidc/back"
COOKIE, VALID_S = "radlens-oidc", 600


def single_sign_on_routes(site: Site, provider: Provider | None) -> list[BaseRoute]:
    """The way to the provider and back."""

    async def start(request: Request) -> Response:
        try:
            return await to_thread.run_sync(_start, site, provider, request)
        except RadLensError as error:
            return _refusal(error)

    async def back(request: Request) -> Response:
        try:
            return await to_thread.run_sync(_back, site, provider, request)
        except RadLensError as error:
            return _refusal(error)

    return [Route(START, start, methods=["GET"]), Route(BACK, back, methods=["GET"])]


def _start(site: Site, provider: Provider | None, request: Request) -> Response:
    found = _require(provider)
    secrets = {name: site.accounts.new_secret() for name in ("state", "nonce", "verifier")}
    response = RedirectResponse(found.begin(_back_address(request), **secrets), 303)
    kept = secrets | {"next": onward(request.query_params)}
    # Bound to this browser: whoever comes back without it did not leave from here.
    response.set_cookie(
        COOKIE,
        urlsafe_b64encode(json.dumps(kept).encode()).decode(),
        max_age=VALID_S,
        path=START,
        httponly=True,
        samesite="lax",
        secure=request.scope["scheme"] == "https",
    )
    return response


def _back(site: Site, provider: Provider | None, request: Request) -> Response:
    found, origin = _require(provider), request.client.host if request.client else ""
    kept, sent = _kept(request), request.query_params
    if not compare_digest(sent.get("state", "").encode(), kept["state"].encode()):
        raise NotSignedIn("The identity provider answered another sign-in.")
    if "code" not in sent:
        raise NotSignedIn("The identity provider did not let you in.")
    claims = found.finish(
        _back_address(request), sent["code"], nonce=kept["nonce"], verifier=kept["verifier"]
    )
    try:
        user = found.account(site, claims, origin=origin)
    except Refused:
        by = Actor("unknown account", "page", origin)
        act = Act(site.clock(), by, Verb.SIGN_IN, by.name, {"how": "oidc"}, Outcome.REFUSED)
        site.trail.note(act)
        raise
    token = begin(site, user, origin=origin, how="oidc")
    response = entered(request, token, onward(kept))
    response.delete_cookie(COOKIE, path=START)
    return response


def _kept(request: Request) -> dict[str, str]:
    try:
        kept = json.loads(urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        return {name: str(kept[name]) for name in ("state", "nonce", "verifier", "next")}
    except (ValueError, KeyError, TypeError) as error:
        raise NotSignedIn("This sign-in was not begun here, or is too old.") from error


def _require(provider: Provider | None) -> Provider:
    if provider is None:
        raise NoSuchRoute("This site has no identity provider.")
    return provider


def _back_address(request: Request) -> str:
    return f"{request.scope['scheme']}://{request.headers['host']}{BACK}"


def _refusal(error: RadLensError) -> Response:
    body = f'{alert(error.message, error.hint)}<p><a href="/sign-in">Back to sign-in</a></p>'
    return page("Sign in", body, status(error))
