"""Accounts and keys from the command line; a password is never an argument."""

import getpass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from radlens.cli.accounts import keys, users
from radlens.cli.app import app
from radlens.domain.account import Role
from radlens.domain.audit import Verb
from radlens.domain.errors import NotSignedIn
from radlens.ports import Site
from radlens.usecases.identify import by_key
from radlens.usecases.sign_in import sign_in
from tests.builders import tiny_site

PASSWORD = "four words in here"  # noqa: S105
HERE = "192.0.2.1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RADLENS_HOME", str(tmp_path))
    return tmp_path


def run(*words: str, text: str = "") -> Result:
    return CliRunner().invoke(app, words, input=text)


def add(name: str = "chief", role: str = "admin") -> Result:
    return run("users", "add", name, "--role", role, "--password-stdin", text=PASSWORD + "\n")


def verbs(site: Site) -> list[str]:
    return [entry.act.verb for entry in site.trail.entries()]


def test_an_account_that_was_added_can_sign_in_and_is_on_record(home: Path) -> None:
    assert add().exit_code == 0
    with tiny_site(home) as site:
        assert sign_in(site, "chief", PASSWORD, origin=HERE)
        [act] = [e.act for e in site.trail.entries() if e.act.verb == Verb.ADD_USER]
    assert (act.by.name, act.by.via, act.subject) == (getpass.getuser(), "cli", "chief")
    assert "chief" in run("users", "list").output


def test_a_password_is_asked_for_twice_and_not_shown(home: Path) -> None:
    answer = run("users", "add", "chief", "--role", "admin", text=f"{PASSWORD}\n{PASSWORD}\n")
    assert answer.exit_code == 0
    assert PASSWORD not in answer.output


def test_no_command_takes_a_password_as_an_argument() -> None:
    for group in (users, keys):
        for command in group.commands.values():
            for option in command.params:
                named = "password" in (option.name or "")
                assert not named or (isinstance(option, click.Option) and option.is_flag)


def test_what_cannot_be_is_a_sentence_and_a_code(home: Path) -> None:
    weak = run("users", "add", "chief", "--role", "admin", "--password-stdin", text="short\n")
    assert (weak.exit_code, "12 characters" in weak.output) == (2, True)
    add()
    assert add().exit_code == 4
    assert run("users", "change", "nobody", "--role", "admin").exit_code == 3
    last = run("users", "disable", "chief")
    assert (last.exit_code, "last administrator" in last.output) == (4, True)


def test_a_disabled_account_is_out_at_once_and_can_be_let_in_again(home: Path) -> None:
    add()
    add("reader", "reader")
    with tiny_site(home) as site:
        sign_in(site, "reader", PASSWORD, origin=HERE)
    assert HERE in run("users", "sessions", "reader").output
    assert run("users", "disable", "reader").exit_code == 0
    assert "Not signed in" in run("users", "sessions", "reader").output
    with tiny_site(home) as site, pytest.raises(NotSignedIn):
        sign_in(site, "reader", PASSWORD, origin=HERE)
    run("users", "disable", "reader", "--undo")
    with tiny_site(home) as site:
        assert sign_in(site, "reader", PASSWORD, origin=HERE)


def test_a_new_role_and_a_new_password_are_kept(home: Path) -> None:
    add()
    add("reader", "reader")
    assert run("users", "change", "reader", "--role", "engineer").exit_code == 0
    new = "other words are here\n"
    assert run("users", "password", "reader", "--password-stdin", text=new).exit_code == 0
    with tiny_site(home) as site:
        assert site.accounts.users.get("reader").role is Role.ENGINEER
        with pytest.raises(NotSignedIn):
            sign_in(site, "reader", PASSWORD, origin=HERE)
        assert sign_in(site, "reader", new.strip(), origin=HERE)
        assert run("users", "sign-out", "reader").output == "1 sessions ended.\n"
        assert verbs(site)[-1] == Verb.REVOKE_SESSION


def test_a_key_is_shown_once_and_opens_until_it_is_revoked(home: Path) -> None:
    add()
    made = run("keys", "add", "chief", "--name", "robot", "--role", "reader")
    secret = made.output.splitlines()[-1]
    listed = run("keys", "list").output
    assert secret.startswith("rlk_")
    assert secret not in listed
    with tiny_site(home) as site:
        caller = by_key(site, secret, via="api", origin=HERE)
        assert (caller.name, caller.scope) == ("chief (robot)", Role.READER)
        [key] = site.accounts.keys.all()
    assert run("keys", "revoke", key.id).exit_code == 0
    assert "revoked" in run("keys", "list").output
    with tiny_site(home) as site, pytest.raises(NotSignedIn):
        by_key(site, secret, via="api", origin=HERE)
