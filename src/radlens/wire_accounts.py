"""JSON shapes of accounts and keys; no shape has a place for a password's hash."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from radlens.domain.account import ApiKey, Role, Session, User

Text = Annotated[str, Field(max_length=1024)]


class UserJson(TypedDict):
    name: str
    role: Role
    source: str
    created: str
    disabled: str | None


class NewUserJson(TypedDict):
    name: Text
    role: Role
    password: Text


class RoleJson(TypedDict):
    role: Role


class DisabledJson(TypedDict):
    disabled: bool


class PasswordJson(TypedDict):
    present: Text
    password: Text


class SessionJson(TypedDict):
    began: str
    seen: str
    expires: str
    origin: str


class KeyJson(TypedDict):
    id: str
    name: str
    owner: str
    role: Role
    created: str
    expires: str
    revoked: str | None


class NewKeyJson(TypedDict):
    owner: Text
    name: Text
    role: Role
    days: Annotated[int, Field(ge=1, le=3650)]


class MadeKeyJson(KeyJson):
    secret: str


def user_json(user: User) -> UserJson:
    return UserJson(
        name=user.name,
        role=user.role,
        source=user.source,
        created=user.created.isoformat(),
        disabled=user.disabled.isoformat() if user.disabled else None,
    )


def session_json(session: Session) -> SessionJson:
    return SessionJson(
        began=session.began.isoformat(),
        seen=session.seen.isoformat(),
        expires=session.expires.isoformat(),
        origin=session.origin,
    )


def key_json(key: ApiKey, owner: str) -> KeyJson:
    return KeyJson(
        id=key.id,
        name=key.name,
        owner=owner,
        role=key.role,
        created=key.created.isoformat(),
        expires=key.expires.isoformat(),
        revoked=key.revoked.isoformat() if key.revoked else None,
    )
