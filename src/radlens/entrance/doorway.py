"""Where a request comes from: its address, its own name for this site, the page that sent it."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from radlens.domain.errors import BadSettings, ForeignRequest
from radlens.settings import Settings

SAFE = ("GET", "HEAD", "OPTIONS")
# What the gatekeeper tells the pages; nobody else may.
SESSION, ORIGIN = "x-radlens-session", "x-radlens-origin"
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Doorway:
    """The names under which a site may be asked, and the proxies that it believes."""

    hosts: frozenset[str]
    proxies: tuple[Network, ...] = ()

    @staticmethod
    def of(settings: Settings) -> "Doorway":
        """The doorway of a site; raises BadSettings for a proxy that is no address."""
        own = {"localhost", settings.host.casefold(), socket.gethostname().casefold()}
        return Doorway(frozenset(own | set(_listed(settings.hosts))), _networks(settings.proxies))

    def seen(self, scope: Scope) -> Scope:
        """The request with the address and scheme that it really has, and nothing pretended."""
        headers = Headers(scope=scope)
        client, scheme = (scope.get("client") or ("", 0))[0], scope["scheme"]
        if self._believes(client):
            client = self._behind(headers.get("x-forwarded-for", ""), client)
            if headers.get("x-forwarded-proto", "").strip() == "https":
                scheme = {"http": "https", "ws": "wss"}.get(scheme, scheme)
        kept = [pair for pair in scope["headers"] if not pair[0].startswith(b"x-radlens-")]
        return {**scope, "client": (client, 0), "scheme": scheme, "headers": kept}

    def check(self, scope: Scope, *, signed_in: bool) -> None:
        """Raise ForeignRequest for another site's name or another site's page.

        ``signed_in``: a cookie came along, which a browser also sends for others. A name that
        leads here by a trick (DNS rebinding) is no name of the site; an address is never one.
        """
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            raise ForeignRequest("This site is not known under the name that was asked for.")
        if scope["type"] == "websocket" or scope["method"] not in SAFE:
            origin = headers.get("origin")
            if urlsplit(origin).netloc != host if origin is not None else signed_in:
                raise ForeignRequest("The request comes from a page that is not of this site.")
        # What browsers say of it themselves (Fetch Metadata): only links may lead in from outside.
        navigates = headers.get("sec-fetch-mode") == "navigate" and scope.get("method") in SAFE
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates:
            raise ForeignRequest("The request comes from a page that is not of this site.")

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self.hosts or _is_address(name)

    def _believes(self, client: str) -> bool:
        return _is_address(client) and any(ip_address(client) in known for known in self.proxies)

    def _behind(self, forwarded: str, client: str) -> str:
        """The nearest address that no trusted proxy has."""
        for address in reversed(_listed(forwarded)):
            if not _is_address(address):
                break
            client = address
            if not self._believes(address):
                break
        return client


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(map(ip_network, _listed(text)))
    except ValueError as error:
        raise BadSettings(f"proxies must be addresses or networks: {error}.") from error


def _listed(text: str) -> list[str]:
    parts: Iterable[str] = text.split(",")
    return [part.strip().casefold() for part in parts if part.strip()]
