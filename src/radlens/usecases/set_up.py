"""The first account of a site, by a link that works once."""

from datetime import timedelta

from radlens.domain.account import Role, User, proper_name
from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.password import accepted
from radlens.ports import Site
from radlens.usecases.identify import digest_of

VALID = timedelta(hours=24)


def invite(site: Site) -> str | None:
    """The secret of a new set-up link, which ends any earlier one; None where accounts exist."""
    secret = site.accounts.new_secret()
    fresh = site.accounts.users.invite(digest_of(secret), site.clock() + VALID)
    return secret if fresh else None


def set_up(site: Site, secret: str, *, name: str, password: str, origin: str) -> User:
    """The first administrator; raises NotAllowed where the link is not valid any more."""
    proper = proper_name(name)
    kept = site.accounts.passwords.kept(accepted(password, proper))
    now = site.clock()
    user = User(site.new_id(), proper, Role.ADMIN, "local", now, password=kept)
    act = Act(now, Actor(proper, "page", origin), Verb.SET_UP, proper, {"role": user.role.value})
    site.accounts.users.set_up(user, act, digest=digest_of(secret))
    return user
