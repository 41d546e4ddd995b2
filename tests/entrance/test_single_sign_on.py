"""Sign-in at a real identity provider, as a process of its own: both flows, and what is refused."""

import json
import re
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from radlens.domain.account import Role
from radlens.domain.audit import Outcome, Verb
from radlens.domain.errors import BadSettings, NotAllowed, NotSignedIn
from radlens.domain.single_sign_on import role_of, roles_of_groups
from radlens.entrance.provider import Provider
from tests.browser.conftest import free_port
from tests.builders import tiny_site
from tests.entrance.conftest import Answer, Guarded, acts
from tests.entrance.test_gatekeeper import serving

ROLES = "doctors=reader, chiefs=admin"


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """The address of a provider that knows a doctor, a chief and a stranger."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout:
        if "running" in line.lower():
            break
    issuer = f"http://127.0.0.1:{port}"
    for sub, groups in (("doctor", ["doctors"]), ("chief", ["chiefs"]), ("stranger", ["guests"])):
        claims = {"email": f"{sub}@example.org", "groups": groups}
        httpx.put(f"{issuer}/users/{sub}", json=claims).raise_for_status()
    yield issuer
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def joined(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server that has the provider; who comes in from there stays."""
    with serving(tmp_path_factory.mktemp("joined")) as serve:
        yield serve(oidc_issuer=provider, oidc_secret="not for logs", oidc_roles=ROLES)  # noqa: S106


def left(server: Guarded) -> tuple[str, dict[str, str]]:
    """Somebody is on the way to the provider: its address, and what the browser keeps."""
    start = server.ask("GET", "/sign-in/oidc?next=/history")
    assert start.status == 303
    return start.headers["location"], {"Cookie": start.headers["set-cookie"].partition(";")[0]}


def shown(address: str, sub: str) -> str:
    """Where the provider sends a browser back to, when somebody has shown who it is."""
    answer = httpx.post(address, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def signed_in(server: Guarded, sub: str) -> Answer:
    address, kept = left(server)
    return server.ask("GET", shown(address, sub), **kept)


def test_who_signs_in_at_the_provider_gets_a_session_of_ours(joined: Guarded) -> None:
    answer = signed_in(joined, "doctor")
    assert (answer.status, answer.headers["location"]) == (303, "/history")
    who = {"Cookie": re.search(r"radlens=[^;]+", answer.headers["set-cookie"])[0]}
    assert joined.ask("GET", "/session", **who).status == 204
    assert joined.ask("GET", "/api/v1/users", **who).status == 403
    with tiny_site(joined.home) as site:
        user = site.accounts.users.get("doctor@example.org")
        assert (user.role, user.source, user.password) == (Role.READER, "oidc", None)
        [act] = [a for a in acts(site) if a.verb == Verb.SIGN_IN and a.subject == user.name]
    assert act.detail["how"] == "oidc"


def test_the_way_there_is_bound_by_pkce_state_and_nonce(joined: Guarded) -> None:
    query = parse_qs(urlsplit(left(joined)[0]).query)
    assert query["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(query[name][0]) >= 40


def test_who_has_no_group_with_a_role_is_refused_and_it_is_on_record(joined: Guarded) -> None:
    answer = signed_in(joined, "stranger")
    assert answer.status == 403
    assert b"oidc_roles" in answer.content
    with tiny_site(joined.home) as site:
        assert "stranger@example.org" not in [user.name for user in site.accounts.users.all()]
        tried = [act for act in acts(site) if act.verb == Verb.SIGN_IN]
    assert tried[-1].outcome is Outcome.REFUSED


def test_an_answer_that_was_not_asked_for_in_this_browser_is_refused(joined: Guarded) -> None:
    address, kept = left(joined)
    back = shown(address, "chief")
    assert joined.ask("GET", back).status == 401
    assert joined.ask("GET", back, **left(joined)[1]).status == 401  # of another sign-in
    forged = re.sub(r"code=[^&]+", "code=guess", back)
    assert joined.ask("GET", forged, **kept).status == 401
    assert joined.ask("GET", back, **kept).status == 303
    assert joined.ask("GET", back, **kept).status == 401  # a code is good once


def id_token(provider: str, sub: str, audience: str = "radlens") -> str:
    """A token that the provider signed, got as another program of the house would get it."""
    back = "http://127.0.0.1:1/back"
    asked = {"response_type": "code", "client_id": audience, "redirect_uri": back}
    query = urlencode(asked | {"scope": "openid email", "state": "s", "nonce": "n"})
    code = parse_qs(urlsplit(shown(f"{provider}/oauth2/authorize?{query}", sub)).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    answer = httpx.post(f"{provider}/oauth2/token", data=form, auth=(audience, "secret"))
    return answer.json()["id_token"]


def test_a_program_comes_in_with_a_token_that_the_provider_signed(joined, provider) -> None:
    def asked(token: str, path: str = "/api/v1/users") -> int:
        return joined.ask("GET", path, Authorization=f"Bearer {token}").status

    token = id_token(provider, "chief")
    assert asked(token) == 200
    assert asked(id_token(provider, "doctor")) == 403
    assert asked(id_token(provider, "doctor"), "/api/v1/tasks") == 200
    assert asked(id_token(provider, "stranger"), "/api/v1/tasks") == 403
    assert asked(id_token(provider, "chief", audience="another")) == 401
    head, body, signature = token.split(".")
    assert asked(f"{head}.{body}.{signature[:-4]}AAAA") == 401
    assert asked("no.token.at-all") == asked("nothing") == 401


@pytest.fixture
def keys(provider: str, tmp_path: Path) -> tuple[Provider, RSAKey]:
    """What believes the provider, with one more key that is known to both."""
    own = RSAKey.generate_key(2048, {"kid": "ours"})
    believing = Provider(provider, "radlens", "", "groups", roles_of_groups(ROLES))
    believing._keys = KeySet([own])
    believing._asked = time.monotonic()
    return believing, own


def test_only_what_is_theirs_for_us_and_in_time_is_believed(keys, provider) -> None:
    believing, own = keys
    good = {"iss": provider, "aud": "radlens", "sub": "x", "exp": int(time.time()) + 60}

    def token(algorithm: str = "RS256", key: object = own, **changes: object) -> str:
        claims = {name: value for name, value in (good | changes).items() if value is not None}
        head = {"alg": algorithm, "kid": "ours"}
        return jwt.encode(head, claims, key, algorithms=[algorithm])

    assert believing.claims(token())["sub"] == "x"
    for changes in (
        {"iss": "http://evil.example"},
        {"aud": "another"},
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"sub": None},
        {"aud": None},
    ):
        with pytest.raises(NotSignedIn):
            believing.claims(token(**changes))
    with pytest.raises(NotSignedIn):
        believing.claims(token(key=RSAKey.generate_key(2048, {"kid": "ours"})))
    _, body, signature = token().split(".")
    for algorithm, sign in (("none", ""), ("none", signature), ("HS256", signature)):
        head = json.dumps({"alg": algorithm, "kid": "ours"}).encode()
        with pytest.raises(NotSignedIn):
            believing.claims(f"{urlsafe_b64encode(head).decode().rstrip('=')}.{body}.{sign}")


def test_a_key_that_the_provider_has_since_is_asked_for(keys, provider) -> None:
    believing, _ = keys
    token = id_token(provider, "chief")
    with pytest.raises(NotSignedIn):
        believing.claims(token)  # asked for just now
    believing._asked -= 60
    assert believing.claims(token)["sub"] == "chief"


def test_the_highest_role_of_the_groups_counts_and_no_group_no_entry() -> None:
    roles = roles_of_groups(ROLES)
    assert role_of(["doctors", "chiefs", "others"], roles) is Role.ADMIN
    for groups in ([], ["others"]):
        with pytest.raises(NotAllowed):
            role_of(groups, roles)
    with pytest.raises(BadSettings):
        roles_of_groups("doctors=king")
