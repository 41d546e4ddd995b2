"""API keys: make, list, revoke."""

from datetime import timedelta

from radlens.domain.account import ApiKey, Role, proper_name
from radlens.domain.audit import Act, Actor, Verb
from radlens.ports import Site
from radlens.usecases.identify import KEY_PREFIX, digest_of


def add_key(
    site: Site, owner: str, *, name: str, role: Role, days: int, by: Actor
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is kept nowhere; raises NoSuchAccount, BadName."""
    user, now = site.accounts.users.get(proper_name(owner)), site.clock()
    secret = KEY_PREFIX + site.accounts.new_secret()
    key = ApiKey(
        digest=digest_of(secret),
        id=site.new_id(),
        account=user.id,
        name=proper_name(name),
        role=role,
        created=now,
        expires=now + timedelta(days=days),
    )
    detail = {"owner": user.name, "name": key.name, "role": role.value, "days": days}
    site.accounts.keys.add(key, Act(now, by, Verb.ADD_KEY, key.id, detail))
    return key, secret


def revoke_key(site: Site, key_id: str, *, by: Actor) -> None:
    """End a key for good; raises NoSuchAccount."""
    now = site.clock()
    site.accounts.keys.revoke(key_id, now, Act(now, by, Verb.REVOKE_KEY, key_id, {}))
