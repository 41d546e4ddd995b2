"""Requests -> callers: by the cookie of a session, by an API key, or in demo mode by being here."""

from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from radlens.domain.account import Caller, Role
from radlens.domain.errors import NotSignedIn
from radlens.entrance.doorway import ORIGIN, SESSION
from radlens.entrance.provider import Provider
from radlens.ports import Site
from radlens.usecases import identify

# Still signs of life, not of a user: what a page that is merely open asks for on its own.
PASSIVE = ("/session", "/_stcore/", "/static/", "/fonts/", "/component/", "/media/")


@dataclass(frozen=True)
class Callers:
    """Who is known at the door of a site. ``demo``: whoever is at this machine administers it."""

    site: Site
    demo: bool = False
    metrics_key: str = ""
    provider: Provider | None = None

    def of(self, scope: Scope) -> Caller:
        """The caller of a request; raises NotSignedIn."""
        headers, path = Headers(scope=scope), scope["path"]
        via, origin = "api" if path.startswith("/api/") else "page", scope["client"][0]
        if given := headers.get("authorization"):
            return self._bearer(given, path, via=via, origin=origin)
        if token := session_token(scope):
            active = scope["type"] == "http" and not path.startswith(PASSIVE)
            digest = identify.digest_of(token)
            return identify.by_session(self.site, digest, via=via, origin=origin, active=active)
        if self.demo and _is_here(origin):
            return local_user(via, origin)
        raise NotSignedIn("Nobody is signed in.")

    def of_page(self, headers: Mapping[str, str], *, active: bool) -> Caller:
        """The caller of an open page, as its connection was let in; raises NotSignedIn."""
        origin = headers.get(ORIGIN, "")
        if digest := headers.get(SESSION):
            return identify.by_session(self.site, digest, via="page", origin=origin, active=active)
        if self.demo and _is_here(origin):
            return local_user("page", origin)
        raise NotSignedIn("Nobody is signed in.")

    def _bearer(self, given: str, path: str, *, via: str, origin: str) -> Caller:
        scheme, _, secret = given.partition(" ")
        if scheme.casefold() != "bearer":
            raise NotSignedIn("Only `Authorization: Bearer` is understood.")
        if (
            path == "/metrics"
            and self.metrics_key
            and compare_digest(secret.encode(), self.metrics_key.encode())
        ):
            return Caller("", "metrics", Role.ADMIN, via, origin)
        if self.provider and not secret.startswith(identify.KEY_PREFIX):
            claims = self.provider.claims(secret)
            user = self.provider.account(self.site, claims, origin=origin)
            return Caller(user.id, user.name, user.role, via, origin)
        return identify.by_key(self.site, secret, via=via, origin=origin)


def local_user(via: str, origin: str) -> Caller:
    """Whoever sits at the machine, in demo mode."""
    return Caller("", "local user", Role.ADMIN, via, origin)


def cookie_name(scope: Scope) -> str:
    """A cookie that browsers accept over TLS alone and from this host alone, where there is TLS."""
    return "__Host-radlens" if scope["scheme"] in ("https", "wss") else "radlens"


def session_token(scope: Scope) -> str | None:
    """The token that the browser sent along."""
    cookies = cookie_parser(Headers(scope=scope).get("cookie", ""))
    return cookies.get(cookie_name(scope))


def _is_here(origin: str) -> bool:
    try:
        return ip_address(origin).is_loopback
    except ValueError:
        return False
