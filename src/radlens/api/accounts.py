"""Accounts, sessions and keys over REST, for administrators; one's own password for everybody."""

from fastapi import APIRouter, Response

from radlens.api.callers import Asking
from radlens.api.errors import declared
from radlens.domain.errors import BadInput, Conflict, NotFound, Unavailable
from radlens.ports import Site
from radlens.usecases import keys, users
from radlens.wire_accounts import (
    DisabledJson,
    KeyJson,
    MadeKeyJson,
    NewKeyJson,
    NewUserJson,
    PasswordJson,
    RoleJson,
    SessionJson,
    UserJson,
    key_json,
    session_json,
    user_json,
)

CHANGED = declared(BadInput, NotFound, Conflict, Unavailable)


def accounts(site: Site) -> APIRouter:
    """The routes of accounts and keys."""
    router = APIRouter()

    @router.get("/users", responses=declared(Unavailable))
    def list_users() -> list[UserJson]:
        """Every account, by name."""
        return [user_json(user) for user in site.accounts.users.all()]

    @router.post("/users", status_code=201, responses=CHANGED)
    def add_user(asking: Asking, new: NewUserJson) -> UserJson:
        """A new local account."""
        name, role, password = new["name"], new["role"], new["password"]
        return user_json(users.add_user(site, name, role=role, password=password, by=asking.actor))

    @router.put("/users/{name}/role", responses=CHANGED)
    def change_role(asking: Asking, name: str, new: RoleJson) -> UserJson:
        """An account in another role, from its next request on."""
        return user_json(users.change_role(site, name, role=new["role"], by=asking.actor))

    @router.put("/users/{name}/disabled", responses=CHANGED)
    def change_disabled(asking: Asking, name: str, new: DisabledJson) -> UserJson:
        """An account that may not sign in any more, or may again."""
        act = users.disable if new["disabled"] else users.enable
        return user_json(act(site, name, by=asking.actor))

    @router.get("/users/{name}/sessions", responses=CHANGED)
    def list_sessions(name: str) -> list[SessionJson]:
        """Where an account is signed in."""
        return [session_json(one) for one in users.sessions_of(site, name)]

    @router.delete("/users/{name}/sessions", status_code=204, responses=CHANGED)
    def end_sessions(asking: Asking, name: str) -> Response:
        """End every session of an account, within seconds on all processes."""
        users.sign_out_all(site, name, by=asking.actor)
        return Response(status_code=204)

    @router.put("/password", status_code=204, responses=CHANGED)
    def change_password(asking: Asking, new: PasswordJson) -> Response:
        """The caller's own new password, which signs the caller out everywhere."""
        users.change_own_password(site, asking, new["password"], present=new["present"])
        return Response(status_code=204)

    @router.get("/keys", responses=declared(Unavailable))
    def list_keys() -> list[KeyJson]:
        """Every API key, the newest first, without its secret."""
        names = {user.id: user.name for user in site.accounts.users.all()}
        return [key_json(key, names[key.account]) for key in site.accounts.keys.all()]

    @router.post("/keys", status_code=201, responses=CHANGED)
    def add_key(asking: Asking, new: NewKeyJson) -> MadeKeyJson:
        """A new key; its secret is in this answer and nowhere else."""
        owner, name, role = new["owner"], new["name"], new["role"]
        key, secret = keys.add_key(
            site, owner, name=name, role=role, days=new["days"], by=asking.actor
        )
        return MadeKeyJson(**key_json(key, owner), secret=secret)

    @router.delete("/keys/{key_id}", status_code=204, responses=CHANGED)
    def revoke_key(asking: Asking, key_id: str) -> Response:
        """End a key for good."""
        keys.revoke_key(site, key_id, by=asking.actor)
        return Response(status_code=204)

    return router
