"""The table of access and the running application say the same, route by route and role by role."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import streamlit
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from radlens.bootstrap import ACCESS
from radlens.cli.app import app as command_line
from radlens.domain.access import Access, Row
from radlens.domain.account import Role
from radlens.domain.audit import Outcome, Verb
from radlens.server import asgi
from radlens.settings import Settings
from radlens.ui import door, theme
from tests.builders import tiny_site
from tests.entrance.conftest import HERE, Guarded, acts
from tests.golden.test_texts import commands

TABLE = Access.from_toml(ACCESS.read_text())
SHELL = Path(streamlit.__file__).parent / "static"


def listed(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[str]:
    """Every route as the table names it, those of applications inside the application included."""
    for route in routes:
        inner = getattr(route, "app", None)
        if isinstance(route, Route) and isinstance(inner, FastAPI):
            yield from (name for name in listed(inner.routes) if name.endswith(f" {route.path}"))
        elif isinstance(route, Route):
            methods = route.methods - {"HEAD"}
            every = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} <= methods
            yield from (f"{m} {prefix}{route.path}" for m in (["*"] if every else methods))
        elif isinstance(route, WebSocketRoute):
            yield f"websocket {prefix}{route.path}"
        elif isinstance(inner, StaticFiles) and route.path:
            yield f"GET {prefix}{route.path}/{{path:path}}"
        elif isinstance(inner, StaticFiles):  # the engine's own files, at the root
            yield from (f"GET /{p.name}" + "/{path:path}" * p.is_dir() for p in SHELL.iterdir())
        elif isinstance(route, Mount):
            yield from listed(inner.routes, prefix + route.path)
        else:  # FastAPI keeps a router that was included as one
            above = prefix + route.include_context.prefix
            yield from listed(route.original_router.routes, above)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[str]]:
    """The routes of the application that `radlens serve` runs."""
    home = tmp_path_factory.mktemp("enumerated")
    with tiny_site(home):
        pages = asgi(Settings(home=home, gallery="gallery"))._app.app.app
        yield set(listed(pages._build_starlette_app().routes))
        door.leave()


def test_every_route_has_a_row_and_every_row_a_route(running: set[str]) -> None:
    rows = {*TABLE.http, *(f"websocket {path}" for path in TABLE.websocket)}
    assert len(running) > 40
    assert rows - {"GET /"} == running - {"GET /"}  # the first page stands at the root


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    tree = ast.parse(theme.SCRIPT.read_text())
    [table] = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "PAGES"
    ]
    addresses = {page.elts[2].value for group in table.values for page in group.elts}
    assert addresses == set(TABLE.pages)


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert {" ".join(words) for words in commands(command_line) if words} == set(TABLE.commands)


ROWS = [*TABLE.http.items(), *((f"GET /{page}", row) for page, row in TABLE.pages.items())]


def concrete(name: str) -> tuple[str, str]:
    """A request that a row is about."""
    method, _, path = name.partition(" ")
    return ("POST" if method == "*" else method), re.sub(r"\{[^}]+\}", "none", path)


def let_in(server: Guarded, name: str, who: dict[str, str]) -> bool:
    """Whether the application answered, and not the gatekeeper."""
    method, path = concrete(name)
    answer = server.ask(method, path, Accept="application/json", **who)
    assert answer.status != 404 or b"NoSuchRoute" not in answer.content, name
    ours = b"NotSignedIn" in answer.content or b"NotAllowed" in answer.content
    refused = answer.status in (401, 403) and ours
    return not refused


@pytest.mark.parametrize("name", [name for name, _ in ROWS if name != "POST /sign-out"])
def test_a_request_is_let_in_exactly_where_the_table_says_so(peopled: Guarded, name: str) -> None:
    row: Row = dict(ROWS)[name]
    assert let_in(peopled, name, {}) == row.open
    for role in Role:
        said = row.open or role in row.roles
        assert let_in(peopled, name, peopled.by_session(role)) == said, role
        assert let_in(peopled, name, peopled.by_key(role)) == said, role


@pytest.mark.parametrize("role", [None, *Role])
def test_a_page_connects_exactly_where_the_table_says_so(
    peopled: Guarded, role: Role | None
) -> None:
    who = peopled.by_session(role) if role else {}
    cookie = {"Cookie": who["Cookie"]} if who else {}
    for path, row in TABLE.websocket.items():
        url = f"ws://localhost:{peopled.port}{path}"
        try:
            with connect(url, origin=peopled.origin, additional_headers=cookie):
                connected = True
        except InvalidStatus as refused:
            connected = refused.response.status_code != 403
        assert connected == (role in row.roles)


def test_what_has_no_row_is_refused_before_the_application_hears_of_it(peopled: Guarded) -> None:
    for method, path in (
        ("GET", "/api/v1/patients"),
        ("DELETE", "/api/v1/predictions"),
        ("GET", "/api/v1/predictions/"),
        ("GET", "//livez"),
        ("POST", "/livez"),
        ("GET", "/static"),
        ("GET", "/history/_stcore/health"),
        ("TRACE", "/livez"),
    ):
        assert peopled.ask(method, path).status == 401, path
        admin = peopled.ask(method, path, **peopled.by_key(Role.ADMIN))
        assert (admin.status, admin.error["kind"]) == (404, "NoSuchRoute"), path


def test_a_viewer_who_opens_a_page_of_others_sees_a_refusal_and_leaves_an_entry(
    peopled: Guarded,
) -> None:
    who = {"Cookie": f"radlens={peopled.tokens[Role.VIEWER]}", "Accept": "text/html"}
    answer = peopled.ask("GET", "/live-prediction", **who)
    assert answer.status == 403
    assert b"The role viewer may not do this." in answer.content
    assert b'href="/"' in answer.content
    with tiny_site(peopled.home) as site:
        refused = [act for act in acts(site) if act.subject == "live-prediction"]
    assert refused[-1].verb == Verb.ENTER
    assert refused[-1].outcome is Outcome.REFUSED
    assert (refused[-1].by.name, refused[-1].by.origin) == ("viewer", HERE)


def test_a_refusal_is_on_record_without_what_was_put_into_the_address(peopled: Guarded) -> None:
    who = peopled.by_key(Role.VIEWER)
    answer = peopled.ask("POST", "/api/v1/versions/anna-schmidt-1970/activate", **who)
    assert answer.status == 403
    with tiny_site(peopled.home) as site:
        told = [f"{act.subject} {dict(act.detail)}" for act in acts(site)]
    assert any("/api/v1/versions/{version}/activate" in line for line in told)
    assert not any("anna" in line for line in told)


def test_the_table_knows_no_role_that_is_none() -> None:
    with pytest.raises(ValueError, match="chief"):
        Access.from_toml('[groups]\nsome = ["chief"]\n')
