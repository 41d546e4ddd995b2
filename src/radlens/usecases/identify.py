"""Who is asking: by the token of a session, or by an API key."""

from hashlib import sha256

from radlens.domain.account import Caller, User
from radlens.domain.errors import NotSignedIn
from radlens.ports import Site

KEY_PREFIX = "rlk_"


def digest_of(secret: str) -> str:
    """What is kept of a token or a key: a long random secret needs no slow function."""
    return sha256(secret.encode()).hexdigest()


def by_session(site: Site, digest: str, *, via: str, origin: str, active: bool) -> Caller:
    """The caller of a session, by its digest; raises NotSignedIn where it has ended.

    ``active`` says whether the request is a sign of its user, which keeps a session from
    becoming idle.
    """
    accounts, now = site.accounts, site.clock()
    session, user = accounts.sessions.find(digest)
    if not accounts.lifetimes.alive(session, now):
        raise NotSignedIn("This session has ended.")
    _require_enabled(user)
    if active and accounts.lifetimes.due(session, now):
        accounts.sessions.seen(digest, now)
    return Caller(user.id, user.name, user.role, via, origin, session=digest)


def by_key(site: Site, secret: str, *, via: str, origin: str) -> Caller:
    """The caller of an API key; raises NotSignedIn where it is not valid, or not any more."""
    key, user = site.accounts.keys.find(digest_of(secret))
    if key.revoked is not None or key.expires <= site.clock():
        raise NotSignedIn(f"The API key {key.name} is not valid any more.")
    _require_enabled(user)
    return Caller(user.id, f"{user.name} ({key.name})", user.role, via, origin, scope=key.role)


def _require_enabled(user: User) -> None:
    if user.disabled is not None:
        raise NotSignedIn(f"The account {user.name} is disabled.")
