"""A real server with an account of each role, and ways to ask it as each of them."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from radlens.domain.account import Role
from radlens.domain.audit import Act, Actor
from radlens.ports import Site
from radlens.usecases.keys import add_key
from radlens.usecases.sign_in import sign_in
from radlens.usecases.users import add_user
from tests.browser.conftest import free_port, furnish, start
from tests.builders import tiny_site

TESTER = Actor("a test", "cli")
HERE = "127.0.0.1"


def password(role: Role) -> str:
    return f"four {role} words here"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def error(self) -> dict[str, str]:
        return json.loads(self.content)["error"]


@dataclass(frozen=True)
class Guarded:
    """A server that is not in demo mode; ``tokens`` and ``keys`` belong to an account a role."""

    home: Path
    port: int
    tokens: dict[Role, str]
    keys: dict[Role, str]

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request on a connection of its own, as a program sends it."""
        connection = HTTPConnection(HERE, self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Host", f"localhost:{self.port}")
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            names = {name.lower(): answer.getheader(name) for name, _ in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def by_session(self, role: Role) -> dict[str, str]:
        """What a browser of this role sends along."""
        return {"Cookie": f"radlens={self.tokens[role]}", "Origin": self.origin}

    def by_key(self, role: Role) -> dict[str, str]:
        """What a program of this role sends along."""
        return {"Authorization": f"Bearer {self.keys[role]}"}


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """One server for all tests that do not change who may sign in."""
    home = tmp_path_factory.mktemp("peopled")
    furnish(home)
    tokens, keys = people(home)
    port = free_port()
    process = start(home, port, demo=False)
    said = process.stdout.readline()
    assert "answers at" in said, process.communicate(timeout=30)
    yield Guarded(home, port, tokens, keys)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def people(home: Path) -> tuple[dict[Role, str], dict[Role, str]]:
    """An account of each role, named by it, with a session's token and a key."""
    tokens, keys = {}, {}
    with tiny_site(home) as site:
        for role in Role:
            add_user(site, role.value, role=role, password=password(role), by=TESTER)
            tokens[role] = sign_in(site, role.value, password(role), origin=HERE)
            _, keys[role] = add_key(site, role.value, name="a-key", role=role, days=1, by=TESTER)
    return tokens, keys


def acts(site: Site) -> list[Act]:
    """What the audit log holds, oldest first."""
    return [entry.act for entry in site.trail.entries()]
