"""``radlens users`` and ``radlens keys``: who may use the site."""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from radlens.cli.say import me, spoken, this_site
from radlens.domain.account import Role

role_option = click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="viewer looks, reader has images read, engineer makes models, admin decides.",
)


def password_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Never an argument, which others could see in the list of processes and in the history."""
    return click.option(
        "--password-stdin", is_flag=True, help="Take the password from standard input."
    )(command)


@click.group()
def users() -> None:
    """The accounts of this site."""


@users.command("add")
@click.argument("name")
@role_option
@password_option
@spoken
def users_add(name: str, role: str, *, password_stdin: bool) -> None:
    """Add a local account; its password is asked for."""
    from radlens.usecases.users import add_user

    password = _password(from_stdin=password_stdin)
    with this_site() as site:
        user = add_user(site, name, role=Role(role), password=password, by=me())
    click.echo(f"{user.name} may sign in as {user.role}.")


@users.command("list")
@spoken
def users_list() -> None:
    """List the accounts with their roles."""
    with this_site() as site:
        for user in site.accounts.users.all():
            since = f"  disabled {_said(user.disabled)}" if user.disabled else ""
            click.echo(f"{user.name:24}  {user.role:9}  {user.source:6}{since}")


@users.command("change")
@click.argument("name")
@role_option
@spoken
def users_change(name: str, role: str) -> None:
    """Give an account another role, from its next request on."""
    from radlens.usecases.users import change_role

    with this_site() as site:
        user = change_role(site, name, role=Role(role), by=me())
    click.echo(f"{user.name} is {user.role} now.")


@users.command("disable")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let the account sign in again.")
@spoken
def users_disable(name: str, *, undo: bool) -> None:
    """Sign an account out everywhere and let it in no more; its record stays."""
    from radlens.usecases.users import disable, enable

    with this_site() as site:
        user = (enable if undo else disable)(site, name, by=me())
    click.echo(f"{user.name} may {'sign in again' if undo else 'not sign in any more'}.")


@users.command("password")
@click.argument("name")
@password_option
@spoken
def users_password(name: str, *, password_stdin: bool) -> None:
    """Give an account a new password, which signs it out everywhere."""
    from radlens.usecases.users import set_password

    password = _password(from_stdin=password_stdin)
    with this_site() as site:
        user = set_password(site, name, password, by=me())
    click.echo(f"{user.name} has a new password.")


@users.command("sessions")
@click.argument("name")
@spoken
def users_sessions(name: str) -> None:
    """List where an account is signed in."""
    from radlens.usecases.users import sessions_of

    with this_site() as site:
        found = sessions_of(site, name)
    for one in found:
        click.echo(f"{_said(one.began)}  from {one.origin}, last seen {_said(one.seen)}")
    if not found:
        click.echo("Not signed in anywhere.")


@users.command("sign-out")
@click.argument("name")
@spoken
def users_sign_out(name: str) -> None:
    """End every session of an account, within seconds on all processes."""
    from radlens.usecases.users import sign_out_all

    with this_site() as site:
        number = sign_out_all(site, name, by=me())
    click.echo(f"{number} sessions ended.")


@click.group()
def keys() -> None:
    """API keys: how programs come in."""


@keys.command("add")
@click.argument("owner")
@click.option("--name", required=True, help="What the key is for; the record says it.")
@role_option
@click.option("--days", type=click.IntRange(1, 3650), default=90, help="How long it is valid.")
@spoken
def keys_add(owner: str, name: str, role: str, days: int) -> None:
    """Make a key for the account OWNER; it may no more than its owner, nor than its role."""
    from radlens.usecases.keys import add_key

    with this_site() as site:
        key, secret = add_key(site, owner, name=name, role=Role(role), days=days, by=me())
    click.echo(f"Key {key.id}, valid until {_said(key.expires)}. This is its only appearance:")
    click.echo(secret)


@keys.command("list")
@spoken
def keys_list() -> None:
    """List the keys, without their secrets."""
    with this_site() as site:
        owners = {user.id: user.name for user in site.accounts.users.all()}
        for key in site.accounts.keys.all():
            state = (
                f"revoked {_said(key.revoked)}" if key.revoked else f"until {_said(key.expires)}"
            )
            click.echo(f"{key.id}  {key.name:16}  {owners[key.account]:16}  {key.role:9}  {state}")


@keys.command("revoke")
@click.argument("key_id", metavar="ID")
@spoken
def keys_revoke(key_id: str) -> None:
    """End a key for good, from the next request on."""
    from radlens.usecases.keys import revoke_key

    with this_site() as site:
        revoke_key(site, key_id, by=me())
    click.echo(f"{key_id} opens nothing any more.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _said(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"
