"""What other sites, other names, guessers and ended sessions try at the door of a real server."""

import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from radlens.domain.account import Role
from radlens.domain.audit import Act, Outcome, Verb
from radlens.usecases.users import disable, sign_out_all
from tests.browser.conftest import free_port, furnish, start
from tests.builders import tiny_site
from tests.entrance.conftest import HERE, TESTER, Answer, Guarded, acts, password, people

FORM = {"Content_Type": "application/x-www-form-urlencoded"}
Serve = Callable[..., Guarded]


@contextmanager
def serving(home: Path) -> Iterator[Serve]:
    """Start servers, all on one home."""
    furnish(home)
    with ExitStack() as running:

        def begin(*, peopled: bool = True, **settings: object) -> Guarded:
            tokens, keys = people(home) if peopled else ({}, {})
            port = free_port()
            process = start(home, port, demo=False, **settings)
            running.callback(lambda: process.communicate(timeout=30))
            running.callback(process.send_signal, signal.SIGINT)
            assert "answers at" in process.stdout.readline()
            server = Guarded(home, port, tokens, keys)
            vars(server)["said"] = process.stdout
            return server

        yield begin


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start servers that belong to one test alone, all on one home."""
    with serving(tmp_path) as begin:
        yield begin


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server as others reach it: by a name, through a proxy, and with a secret for its metrics.

    One test changes the account of the viewer, and one that of the reader.
    """
    with serving(tmp_path_factory.mktemp("outside")) as serve:
        yield serve(proxies=HERE, hosts="reading.example", metrics_key="scrape me gently")


def sign_in(server: Guarded, name: str, secret: str, **headers: str) -> Answer:
    body = urlencode({"name": name, "password": secret, "next": "/history"}).encode()
    return server.ask("POST", "/sign-in", body, **(FORM | {"Origin": server.origin} | headers))


def sign_ins(server: Guarded) -> list[Act]:
    """What the audit log holds of them, oldest first."""
    with tiny_site(server.home) as site:
        return [act for act in acts(site) if act.verb == Verb.SIGN_IN]


def opened(server: Guarded, role: Role) -> ClientConnection:
    cookie = {"Cookie": server.by_session(role)["Cookie"]}
    url = f"ws://localhost:{server.port}/_stcore/stream"
    return connect(url, origin=server.origin, additional_headers=cookie)


def closed(page: ClientConnection) -> int | None:
    """The code with which the server closes a page, as it has to within seconds."""
    try:
        while True:
            page.recv(timeout=5)
    except ConnectionClosed:
        return page.close_code


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", ""])
def test_no_other_page_may_act_with_a_browsers_cookie(peopled: Guarded, origin: str) -> None:
    who = peopled.by_session(Role.ADMIN) | {"Origin": origin}
    for method, path in (
        ("POST", "/api/v1/users"),
        ("POST", "/sign-out"),
        ("DELETE", "/api/v1/users/viewer/sessions"),
        ("PUT", "/_stcore/upload_file/a/b"),
    ):
        answer = peopled.ask(method, path, **who)
        assert (answer.status, answer.error["kind"]) == (403, "ForeignRequest")
    assert sign_in(peopled, "admin", password(Role.ADMIN), Origin=origin).status == 403


def test_a_cookie_without_an_origin_changes_nothing(peopled: Guarded) -> None:
    who = peopled.by_session(Role.ADMIN)
    del who["Origin"]
    assert peopled.ask("POST", "/sign-out", **who).status == 403
    assert peopled.ask("GET", "/session", **who).status == 204


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
def test_no_other_page_may_open_a_websocket(peopled: Guarded, origin: str | None) -> None:
    cookie = {"Cookie": peopled.by_session(Role.ADMIN)["Cookie"]}
    url = f"ws://localhost:{peopled.port}/_stcore/stream"
    with pytest.raises(InvalidStatus, match="403"):
        connect(url, origin=origin, additional_headers=cookie)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", ""])
def test_a_name_that_leads_here_by_a_trick_is_no_name_of_the_site(peopled, host: str) -> None:
    for path in ("/livez", "/sign-in", "/api/v1/tasks"):
        answer = peopled.ask("GET", path, **peopled.by_key(Role.ADMIN), Host=host)
        assert (answer.status, answer.error["kind"]) == (403, "ForeignRequest")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_browser_says_of_another_sites_page_counts_also_for_reading(peopled, site) -> None:
    who = peopled.by_session(Role.ADMIN) | {"Sec_Fetch_Site": site}
    assert peopled.ask("GET", "/api/v1/tasks", **who, Sec_Fetch_Mode="no-cors").status == 403
    assert peopled.ask("GET", "/history", **who, Sec_Fetch_Mode="navigate").status == 200


def test_no_other_site_is_told_that_it_may_read(peopled: Guarded) -> None:
    for path in ("/livez", "/_stcore/health", "/_stcore/host-config", "/api/v1/tasks"):
        answer = peopled.ask(
            "GET", path, Origin="https://evil.example", **peopled.by_key(Role.ADMIN)
        )
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_every_answer_tells_the_browser_what_to_allow(peopled: Guarded) -> None:
    for path in ("/sign-in", "/history", "/api/v1/tasks", "/api/v1/none", "/livez", "/favicon.png"):
        headers = peopled.ask("GET", path, **peopled.by_session(Role.ADMIN)).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers
    fonts = peopled.ask("GET", "/fonts/roboto-latin-400-normal.woff2").headers
    assert fonts.get("cache-control") != "no-store"


def test_a_browser_gets_a_cookie_that_no_script_and_no_other_site_has(peopled: Guarded) -> None:
    answer = sign_in(peopled, "Reader", password(Role.READER))
    assert (answer.status, answer.headers["location"]) == (303, "/history")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"radlens=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookie)


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil", "evil"])
def test_signing_in_leads_nowhere_else(peopled: Guarded, address: str) -> None:
    secret = password(Role.READER)
    body = urlencode({"name": "reader", "password": secret, "next": address}).encode()
    answer = peopled.ask("POST", "/sign-in", body, **FORM, Origin=peopled.origin)
    assert (answer.status, answer.headers["location"]) == (303, "/")


def test_an_unknown_name_a_wrong_password_and_a_disabled_account_answer_alike(
    outside: Guarded,
) -> None:
    with tiny_site(outside.home) as site:
        disable(site, "viewer", by=TESTER)
    answers = {
        re.sub(rb' value="\w*"', b"", sign_in(outside, name, secret).content)
        for name, secret in (
            ("nobody", "whatever it is"),
            ("reader", "whatever it is"),
            ("viewer", password(Role.VIEWER)),
        )
    }
    assert len(answers) == 1
    assert b'role="alert"' in answers.pop()


def test_a_form_of_megabytes_is_refused(peopled: Guarded) -> None:
    answer = sign_in(peopled, "x" * 2_000_000, "x")
    assert answer.status == 422
    assert b"too large" in answer.content


def test_guessing_is_slowed_down_and_the_owner_signs_in_from_elsewhere(outside: Guarded) -> None:
    server, before = outside, len(sign_ins(outside))
    there = {"X_Forwarded_For": "203.0.113.5"}
    statuses = [sign_in(server, "admin", f"guess {n}", **there).status for n in range(12)]
    assert statuses[:5] == [401] * 5
    assert 429 in statuses[5:]
    held = sign_in(server, "admin", password(Role.ADMIN), **there)
    assert held.status == 429
    assert int(held.headers["retry-after"]) >= 1
    owner = sign_in(server, "admin", password(Role.ADMIN), X_Forwarded_For="203.0.113.6")
    assert owner.status == 303
    tried = sign_ins(server)[before:]
    assert [act.outcome for act in tried].count(Outcome.REFUSED) == statuses.count(401)
    assert {act.by.origin for act in tried[-3:]} == {"203.0.113.5", "203.0.113.6"}


def test_an_address_is_believed_from_a_trusted_proxy_alone(peopled: Guarded) -> None:
    sign_in(peopled, "engineer", password(Role.ENGINEER), X_Forwarded_For="203.0.113.9")
    with tiny_site(peopled.home) as site:
        assert "203.0.113.9" not in {act.by.origin for act in acts(site)}


def test_behind_tls_the_cookie_is_bound_to_this_host_and_to_tls(outside: Guarded) -> None:
    through = {"X_Forwarded_Proto": "https", "Host": "reading.example"}
    answer = sign_in(
        outside, "engineer", password(Role.ENGINEER), **through, Origin="https://reading.example"
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-radlens=")
    assert "; Secure" in cookie
    assert "strict-transport-security" in answer.headers
    again = {"Cookie": cookie.partition(";")[0]} | through
    assert outside.ask("GET", "/session", **again).status == 204


def test_a_session_that_ends_on_one_process_ends_on_all_and_closes_the_pages(serve) -> None:
    first = serve()
    second = Guarded(first.home, serve(peopled=False).port, first.tokens, first.keys)
    who = first.by_session(Role.READER)
    with opened(first, Role.READER) as one, opened(second, Role.READER) as two:
        with tiny_site(first.home) as site:
            assert sign_out_all(site, "reader", by=TESTER) == 1
        for server in (first, second):
            assert server.ask("GET", "/session", **who).status == 401
        assert [closed(page) for page in (one, two)] == [4401, 4401]


def test_an_idle_session_ends_although_its_page_stays_open(serve: Serve) -> None:
    server = serve(idle_minutes=1)
    who = server.by_session(Role.READER)
    with opened(server, Role.READER) as page:
        database = sqlite3.connect(server.home / "radlens.sqlite", isolation_level=None)
        [[seen]] = database.execute(
            "SELECT s.seen FROM sessions s JOIN users u ON u.id = account WHERE u.name = 'reader'"
        ).fetchall()
        long_ago = seen.replace(seen[:4], str(int(seen[:4]) - 1), 1)
        database.execute("UPDATE sessions SET seen = ? WHERE seen = ?", (long_ago, seen))
        database.close()
        assert closed(page) == 4401
    assert server.ask("GET", "/session", **who).status == 401


def test_signing_out_ends_the_session_and_forgets_the_cookie(peopled: Guarded) -> None:
    cookie = sign_in(peopled, "viewer", password(Role.VIEWER)).headers["set-cookie"]
    who = {"Cookie": cookie.partition(";")[0], "Origin": peopled.origin}
    assert peopled.ask("GET", "/session", **who).status == 204
    answer = peopled.ask("POST", "/sign-out", **who)
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in?out=1")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert peopled.ask("GET", "/session", **who).status == 401
    assert peopled.ask("POST", "/sign-out").status == 401


def test_ones_own_password_is_changed_by_whoever_knows_it(outside: Guarded) -> None:
    server = outside
    who = server.by_session(Role.READER) | FORM
    fields = {
        "present": "not this one",
        "password": "quite another one",
        "again": "quite another one",
    }
    assert server.ask("POST", "/password", urlencode(fields).encode(), **who).status == 403
    fields["present"] = password(Role.READER)
    assert server.ask("POST", "/password", urlencode(fields).encode(), **who).status == 303
    assert server.ask("GET", "/session", **who).status == 401
    assert sign_in(server, "reader", "quite another one").status == 303


def test_an_empty_site_is_set_up_once_by_the_printed_link(serve: Serve) -> None:
    server = serve(peopled=False)
    line = vars(server)["said"].readline()
    token = re.search(r"/set-up\?token=([\w-]+)", line)[1]
    assert server.ask("GET", f"/set-up?token={token}").status == 200

    def set_up(secret: str, name: str = "chief") -> Answer:
        fields = {"token": secret, "name": name, "password": "four words in here"}
        body = urlencode(fields | {"again": fields["password"]}).encode()
        return server.ask("POST", "/set-up", body, **FORM, Origin=server.origin)

    assert set_up("guess").status == 403
    answer = set_up(token)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert set_up(token, "another").status == 403
    with tiny_site(server.home) as site:
        assert [user.name for user in site.accounts.users.all()] == ["chief"]
        verbs = [act.verb for act in acts(site) if act.by.name == "chief"]
    assert verbs == [Verb.SET_UP, Verb.SIGN_IN]


def test_metrics_may_be_read_with_their_own_secret_and_nothing_else(outside: Guarded) -> None:
    server = outside
    who = {"Authorization": "Bearer scrape me gently"}
    assert server.ask("GET", "/metrics", **who).status == 200
    assert server.ask("GET", "/api/v1/tasks", **who).status == 401
    assert server.ask("GET", "/metrics", Authorization="Bearer scrape me").status == 401


def test_demo_mode_answers_at_this_machine_alone(tmp_path: Path) -> None:
    process = start(tmp_path, free_port(), host="0.0.0.0")  # noqa: S104
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Demo mode" in errors
    assert "Leave --demo away" in errors
