"""Errors in plain words and exit codes, and who is speaking."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radlens.domain.errors import (
    BadInput,
    Conflict,
    Corrupted,
    NotFound,
    RadLensError,
    Refused,
    Unavailable,
)
from radlens.domain.extras import imports_of

if TYPE_CHECKING:
    from radlens.domain.audit import Actor
    from radlens.ports import Site

EXIT_CODES: dict[type[RadLensError], int] = {
    BadInput: 2,
    NotFound: 3,
    Conflict: 4,
    Refused: 5,
    Unavailable: 6,
    Corrupted: 7,
}


def exit_code(error: RadLensError) -> int:
    """The exit code of an error, by its branch of the tree."""
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


def say(error: RadLensError, about: Path | None = None) -> None:
    """One sentence and one hint on standard error."""
    name = f"{about}: " if about else ""
    click.echo(f"{name}{error.message}\n  Hint: {error.hint}", err=True)


def spoken(command: Callable[..., None]) -> Callable[..., None]:
    """Say an error of the tree in one sentence and a hint, and leave with its exit code."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except RadLensError as error:
            say(error)
            raise click.exceptions.Exit(exit_code(error)) from error

    return run


@contextmanager
def lab_extra(command: str, *, extra: str = "lab") -> Iterator[None]:
    """Imports of the lab: MissingExtra where a package that they need is not installed."""
    first, *more = extra.split(",")
    needs = f"the extras {first} and {', '.join(more)}" if more else f"the {extra} extra"
    with imports_of(extra, without=f"`radlens {command}` needs {needs}."):
        yield


@contextmanager
def this_site(*, record: bool = True) -> "Iterator[Site]":
    """The site that the environment names."""
    from radlens.bootstrap import open_site, settings

    with open_site(settings(), record=record) as site:
        yield site


def me() -> "Actor":
    """The account that runs the command."""
    from radlens.domain.audit import Actor

    try:
        return Actor(getpass.getuser(), "cli")
    except (KeyError, OSError):  # a user id without a name, as in containers
        return Actor("local user", "cli")
