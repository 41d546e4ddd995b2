"""Accounts and keys over REST: what an administrator does from a program."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.domain.account import Role
from radlens.domain.errors import NotSignedIn
from radlens.ports import Site
from radlens.usecases.identify import by_key, by_session, digest_of
from radlens.usecases.sign_in import sign_in
from tests.builders import let_in, tiny_site

PASSWORD = "four words in here"  # noqa: S105
HERE = "192.0.2.1"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path) as opened:
        yield opened


@pytest.fixture
def admin(site: Site) -> TestClient:
    client = TestClient(let_in(create_api(site)))
    for name, role in (("chief", "admin"), ("clerk", "viewer")):
        body = {"name": name, "role": role, "password": PASSWORD}
        assert client.post("/v1/users", json=body).status_code == 201
    return client


def test_accounts_are_listed_without_anything_of_their_passwords(admin: TestClient) -> None:
    answer = admin.get("/v1/users")
    assert [(user["name"], user["role"]) for user in answer.json()] == [
        ("chief", "admin"),
        ("clerk", "viewer"),
    ]
    assert "argon2" not in answer.text
    assert "password" not in answer.text


def test_a_role_changes_for_the_session_that_is_open(admin: TestClient, site: Site) -> None:
    token = sign_in(site, "clerk", PASSWORD, origin=HERE)
    assert admin.put("/v1/users/clerk/role", json={"role": "reader"}).json()["role"] == "reader"
    caller = by_session(site, digest_of(token), via="page", origin=HERE, active=True)
    assert caller.role is Role.READER


def test_the_last_administrator_cannot_leave(admin: TestClient) -> None:
    answer = admin.put("/v1/users/chief/disabled", json={"disabled": True})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "LastAdmin")


def test_sessions_are_seen_and_ended(admin: TestClient, site: Site) -> None:
    token = sign_in(site, "clerk", PASSWORD, origin=HERE)
    assert [one["origin"] for one in admin.get("/v1/users/clerk/sessions").json()] == [HERE]
    assert admin.delete("/v1/users/clerk/sessions").status_code == 204
    assert admin.get("/v1/users/clerk/sessions").json() == []
    with pytest.raises(NotSignedIn):
        by_session(site, digest_of(token), via="page", origin=HERE, active=True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "x", "role": "chief", "password": PASSWORD}, 422),
        ({"name": "x y", "role": "admin", "password": PASSWORD}, 422),
        ({"name": "x", "role": "admin", "password": "short"}, 422),
        ({"name": "Chief", "role": "admin", "password": PASSWORD}, 409),
    ],
)
def test_what_is_no_account_is_refused_and_its_password_not_repeated(admin, body, status) -> None:
    answer = admin.post("/v1/users", json=body)
    assert answer.status_code == status
    assert body["password"] not in answer.text
    assert len(admin.get("/v1/users").json()) == 2


def test_a_key_of_an_account_that_was_demoted_may_no_more_than_its_owner(admin, site) -> None:
    body = {"owner": "clerk", "name": "robot", "role": "admin", "days": 1}
    secret = admin.post("/v1/keys", json=body).json()["secret"]
    caller = by_key(site, secret, via="api", origin=HERE)
    assert not caller.may({Role.ADMIN})
    assert caller.actor.name == "clerk (robot)"
    assert secret not in admin.get("/v1/keys").text


def test_a_key_ends_by_its_date_its_revocation_and_with_its_owner(admin, site) -> None:
    def made(name: str) -> dict[str, str]:
        body = {"owner": "clerk", "name": name, "role": "viewer", "days": 1}
        return admin.post("/v1/keys", json=body).json()

    first, second = made("first"), made("second")
    tomorrow = replace(site, clock=lambda: site.clock() + timedelta(days=1))
    with pytest.raises(NotSignedIn):
        by_key(tomorrow, first["secret"], via="api", origin=HERE)
    assert admin.delete(f"/v1/keys/{first['id']}").status_code == 204
    admin.put("/v1/users/clerk/disabled", json={"disabled": True})
    for secret in (first["secret"], second["secret"]):
        with pytest.raises(NotSignedIn):
            by_key(site, secret, via="api", origin=HERE)


def test_no_password_or_key_is_in_the_audit_log_or_in_a_repr(admin, site) -> None:
    body = {"owner": "clerk", "name": "robot", "role": "viewer", "days": 1}
    secret = admin.post("/v1/keys", json=body).json()["secret"]
    token = sign_in(site, "clerk", PASSWORD, origin=HERE)
    with pytest.raises(NotSignedIn):
        sign_in(site, PASSWORD, "clerk", origin=HERE)  # the fields in the wrong order
    user = site.accounts.users.get("clerk")
    told = f"{list(site.trail.entries())} {user} {site.accounts.keys.all()}"
    for word in (PASSWORD, secret, token, user.password):
        assert word not in told
