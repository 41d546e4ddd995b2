"""Accounts: add, change, disable, new passwords, and their sessions."""

from dataclasses import replace

from radlens.domain.account import Caller, Role, Session, User, proper_name
from radlens.domain.audit import Act, Actor, Outcome, Verb
from radlens.domain.errors import BadInput, NotAllowed
from radlens.domain.guessing import limits
from radlens.domain.password import accepted, normal
from radlens.ports import Site


def add_user(site: Site, name: str, *, role: Role, password: str, by: Actor) -> User:
    """A new local account; raises NameTaken, BadName, WeakPassword."""
    user = _new(site, name, role=role, password=password)
    act = Act(site.clock(), by, Verb.ADD_USER, user.name, {"role": role.value, "source": "local"})
    site.accounts.users.add(user, act)
    return user


def change_role(site: Site, name: str, *, role: Role, by: Actor) -> User:
    """An account in another role, from its next request on; raises NoSuchAccount, LastAdmin."""
    user = site.accounts.users.get(proper_name(name))
    return _change(site, replace(user, role=role), by, {"role": [user.role.value, role.value]})


def disable(site: Site, name: str, *, by: Actor) -> User:
    """An account that may not sign in any more, and is signed out; raises LastAdmin."""
    user = site.accounts.users.get(proper_name(name))
    return _change(site, replace(user, disabled=site.clock()), by, {"disabled": True})


def enable(site: Site, name: str, *, by: Actor) -> User:
    """An account that may sign in again; raises NoSuchAccount."""
    user = site.accounts.users.get(proper_name(name))
    return _change(site, replace(user, disabled=None), by, {"disabled": False})


def set_password(site: Site, name: str, password: str, *, by: Actor) -> User:
    """An account's new password, which signs it out everywhere; raises WeakPassword."""
    user = site.accounts.users.get(proper_name(name))
    if user.source != "local":
        raise BadInput(
            f"The password of {user.name} is kept by the identity provider.",
            hint="Change it there.",
        )
    kept = site.accounts.passwords.kept(accepted(password, user.name))
    act = Act(site.clock(), by, Verb.CHANGE_PASSWORD, user.name, {})
    site.accounts.users.change(replace(user, password=kept), act)
    return user


def change_own_password(site: Site, caller: Caller, password: str, *, present: str) -> None:
    """The caller's new password; raises NotAllowed, TooManyGuesses where ``present`` is wrong."""
    if not caller.session:
        raise NotAllowed("Whoever signed in with a password can change it, and nobody else.")
    accounts, counted = site.accounts, limits(caller.name, caller.origin)
    user = accounts.users.get(caller.name)
    accounts.guessing.attempt(counted, site.clock())
    if not accounts.passwords.right(user.password, normal(present)):
        verb, outcome = Verb.CHANGE_PASSWORD, Outcome.REFUSED
        site.trail.note(Act(site.clock(), caller.actor, verb, user.name, {}, outcome))
        raise NotAllowed("The present password is not that.", hint="Check it, and try again.")
    accounts.guessing.right(counted)
    set_password(site, user.name, password, by=caller.actor)


def sessions_of(site: Site, name: str) -> list[Session]:
    """The sessions of an account that have not ended, the newest first."""
    user, now = site.accounts.users.get(proper_name(name)), site.clock()
    alive = site.accounts.lifetimes.alive
    return [one for one in site.accounts.sessions.of(user.id) if alive(one, now)]


def sign_out_all(site: Site, name: str, *, by: Actor) -> int:
    """End every session of an account, on all processes; gives how many there were."""
    sessions = sessions_of(site, name)
    detail = {"sessions": len(sessions)}
    act = Act(site.clock(), by, Verb.REVOKE_SESSION, proper_name(name), detail)
    site.accounts.sessions.end([session.digest for session in sessions], act)
    return len(sessions)


def _new(site: Site, name: str, *, role: Role, password: str) -> User:
    proper = proper_name(name)
    kept = site.accounts.passwords.kept(accepted(password, proper))
    return User(site.new_id(), proper, role, "local", site.clock(), password=kept)


def _change(site: Site, user: User, by: Actor, detail: dict[str, object]) -> User:
    site.accounts.users.change(user, Act(site.clock(), by, Verb.CHANGE_USER, user.name, detail))
    return user
