"""Sign in with name and password, and out again."""

from dataclasses import replace

from radlens.account_ports import Accounts
from radlens.domain import password as rules
from radlens.domain.account import Caller, User, proper_name
from radlens.domain.audit import Act, Actor, Outcome, Verb
from radlens.domain.errors import BadName, NoSuchAccount, NotSignedIn
from radlens.domain.guessing import limits
from radlens.ports import Site
from radlens.usecases.identify import digest_of


def sign_in(site: Site, name: str, password: str, *, origin: str) -> str:
    """A new session's token; raises NotSignedIn, TooManyGuesses.

    A wrong password and an unknown or disabled account are told apart by nobody, neither by the
    answer nor by the time that it takes.
    """
    accounts = site.accounts
    counted = limits(_subject(name), origin)
    accounts.guessing.attempt(counted, site.clock())
    user = _user(accounts, name)
    usable = user is not None and user.disabled is None and user.source == "local"
    kept = user.password if user and usable else None
    if not accounts.passwords.right(kept, rules.normal(password)) or user is None:
        # A name that is unknown may be a password that was typed into the wrong field.
        _refuse(site, user.name if user else "unknown account", origin)
        raise NotSignedIn("Name or password is wrong.", hint="Check both, and try again.")
    accounts.guessing.right(counted)
    if kept and accounts.passwords.outdated(kept):
        accounts.users.change(
            replace(user, password=accounts.passwords.kept(rules.normal(password))), None
        )
    return begin(site, user, origin=origin, how="password")


def begin(site: Site, user: User, *, origin: str, how: str) -> str:
    """A new session of an account that has shown who it is; gives its token, kept nowhere."""
    accounts, now = site.accounts, site.clock()
    token = accounts.new_secret()
    session = accounts.lifetimes.begin(
        digest=digest_of(token), account=user.id, now=now, origin=origin
    )
    by = Actor(user.name, "page", origin)
    act = Act(now, by, Verb.SIGN_IN, user.name, {"how": how, "role": user.role.value})
    accounts.sessions.add(session, act)
    return token


def sign_out(site: Site, caller: Caller) -> None:
    """End the caller's own session on all processes."""
    if caller.session:
        act = Act(site.clock(), caller.actor, Verb.SIGN_OUT, caller.name, {})
        site.accounts.sessions.end([caller.session], act)


def _user(accounts: Accounts, name: str) -> User | None:
    try:
        return accounts.users.get(proper_name(name))
    except (BadName, NoSuchAccount):
        return None


def _subject(name: str) -> str:
    """What failures are counted under: a name's digest where it is no name at all."""
    try:
        return proper_name(name)
    except BadName:
        return digest_of(name)


def _refuse(site: Site, subject: str, origin: str) -> None:
    by = Actor(subject, "page", origin)
    site.trail.note(Act(site.clock(), by, Verb.SIGN_IN, subject, {}, Outcome.REFUSED))
