"""The account of somebody whom an identity provider vouches for."""

from dataclasses import replace
from hashlib import sha256

from radlens.domain.account import Role, User, proper_name
from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import NameTaken, NoSuchAccount, NotSignedIn
from radlens.ports import Site


def vouched(site: Site, *, subject: str, name: str, role: Role, origin: str) -> User:
    """The account of a ``subject`` (issuer and id), made when it comes first.

    Its role follows the provider's groups. Raises NameTaken where the name is another account's,
    NotSignedIn where the account is disabled here.
    """
    key, proper = f"oidc-{sha256(subject.encode()).hexdigest()[:32]}", proper_name(name)
    by = Actor(proper, "page", origin)
    detail = {"role": role.value, "source": "oidc"}
    try:
        user = site.accounts.users.get(proper)
    except NoSuchAccount:
        user = User(key, proper, role, "oidc", site.clock())
        site.accounts.users.add(user, Act(site.clock(), by, Verb.ADD_USER, proper, detail))
    if user.id != key:
        raise NameTaken(f"The name {proper} belongs to another account of this site.")
    if user.disabled is not None:
        raise NotSignedIn(f"The account {proper} is disabled.")
    if user.role is not role:
        user = replace(user, role=role)
        act = Act(site.clock(), by, Verb.CHANGE_USER, proper, detail)
        site.accounts.users.change(user, act)
    return user
