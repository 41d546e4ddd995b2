"""Who may use a site, and as what."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an account is for. The table of what each may do is data: ``access.toml``.

    ``viewer`` looks at what is on record; ``reader`` (a clinician) reads images as well;
    ``engineer`` makes and registers models; ``admin`` decides which is live, and who may what.
    """

    VIEWER = "viewer"
    READER = "reader"
    ENGINEER = "engineer"
    ADMIN = "admin"


@dataclass(frozen=True)
class User:
    """An account. ``source`` is ``local``, or ``oidc`` where an identity provider vouches for it.

    ``disabled`` is since when it may no longer sign in, None while it may.
    """

    id: str
    name: str
    role: Role
    source: str
    created: datetime
    disabled: datetime | None = None


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
