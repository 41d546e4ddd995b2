"""Who may use a site, and as what."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from radlens.domain.audit import Actor
from radlens.domain.errors import BadName, LastAdmin

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")


class Role(StrEnum):
    """What an account is for. The table of what each may do is data: ``access.toml``.

    ``viewer`` looks at what is on record; ``reader`` (a clinician) reads images as well;
    ``engineer`` makes and registers models; ``admin`` decides which is live, and who may what.
    """

    VIEWER = "viewer"
    READER = "reader"
    ENGINEER = "engineer"
    ADMIN = "admin"


# Who works with models and data; on pages that show others less.
ENGINEERS = (Role.ENGINEER, Role.ADMIN)


@dataclass(frozen=True)
class User:
    """An account. ``source`` is ``local``, or ``oidc`` where an identity provider vouches for it.

    ``disabled`` is since when it may no longer sign in, None while it may. ``password`` is its
    hash, None where there is none to sign in with.
    """

    id: str
    name: str
    role: Role
    source: str
    created: datetime
    disabled: datetime | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Session:
    """A signed-in browser, known by the SHA-256 of its token; ``origin`` is its address."""

    digest: str
    account: str
    began: datetime
    seen: datetime
    expires: datetime
    origin: str


@dataclass(frozen=True)
class ApiKey:
    """A program's way in, known by the SHA-256 of its secret; ``role`` is its scope."""

    digest: str
    id: str
    account: str
    name: str
    role: Role
    created: datetime
    expires: datetime
    revoked: datetime | None = None


@dataclass(frozen=True)
class Caller:
    """Somebody who is known to ask. ``session`` is the digest of a browser's session, if any.

    ``scope`` is a second role that has to allow what is asked, such as that of an API key: a key
    never may more than its owner, nor more than it was made for.
    """

    account: str
    name: str
    role: Role
    via: str
    origin: str = ""
    scope: Role | None = None
    session: str = ""

    def may(self, roles: Collection[Role]) -> bool:
        """Whether one of these roles is enough."""
        return self.role in roles and (self.scope is None or self.scope in roles)

    @property
    def actor(self) -> Actor:
        """How the audit log names the caller."""
        return Actor(self.name, self.via, self.origin)


def proper_name(name: str) -> str:
    """An account's name as it is kept, in small letters; raises BadName."""
    proper = unicodedata.normalize("NFKC", name).strip().casefold()
    if not NAME.fullmatch(proper):
        raise BadName("An account's name has 1 to 100 letters, digits or . _ @ + - in it.")
    return proper


def keep_an_admin(users: Iterable[User]) -> None:
    """Raise LastAdmin unless one of these may still administer the site."""
    if not any(user.role is Role.ADMIN and user.disabled is None for user in users):
        raise LastAdmin("This is the last administrator of the site.")
