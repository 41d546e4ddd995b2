"""The table that says which roles may use what of a site."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from radlens.domain.account import Role
from radlens.domain.errors import NoSuchRoute


@dataclass(frozen=True)
class Row:
    """Who may: ``roles``; without any, nobody, or everybody where it is ``open``.

    ``operator`` is whoever may open the site's folder, as commands do. ``name`` is what the row
    is for, without what a caller may have put into the address.
    """

    roles: frozenset[Role] = frozenset()
    open: bool = False
    operator: bool = False
    name: str = field(default="", compare=False)


# The words of a row beside the groups of roles that the table itself names.
WORDS = {"anyone": Row(open=True), "nobody": Row(), "operator": Row(operator=True)}


@dataclass(frozen=True)
class Access:
    """The rows by what they are for: ``GET /path/{part}`` (``*`` is any method), a page's address.

    A path that is written out goes before a pattern that fits it.
    """

    http: Mapping[str, Row]
    websocket: Mapping[str, Row]
    pages: Mapping[str, Row]
    commands: Mapping[str, Row]

    @staticmethod
    def from_toml(text: str) -> "Access":
        """The table of a file; raises ValueError or KeyError for a word that is not defined."""
        tables = tomllib.loads(text)
        groups = {
            name: Row(frozenset(map(Role, roles))) for name, roles in tables["groups"].items()
        }
        words = WORDS | groups

        def rows(kind: str) -> dict[str, Row]:
            return {name: replace(words[word], name=name) for name, word in tables[kind].items()}

        return Access(rows("http"), rows("websocket"), rows("pages"), rows("commands"))

    def route(self, method: str, path: str) -> Row:
        """The row of a request; raises NoSuchRoute where the table has none."""
        method = "GET" if method == "HEAD" else method
        if method == "GET" and (page := self.pages.get(path.removeprefix("/"))):
            return page
        return _found(self.http, f"{method} {path}", f"* {path}")

    def stream(self, path: str) -> Row:
        """The row of a websocket; raises NoSuchRoute where the table has none."""
        return _found(self.websocket, path)


def _found(rows: Mapping[str, Row], *names: str) -> Row:
    """A row by its own name, else by the first pattern that fits it."""
    for name in names:
        if (row := rows.get(name)) and "{" not in name:
            return row
        fitting = (row for pattern, row in rows.items() if "{" in pattern and _fits(pattern, name))
        if row := next(fitting, None):
            return row
    raise NoSuchRoute("There is nothing at this address.")


def _fits(pattern: str, name: str) -> bool:
    """Whether a path is one of a pattern: ``{part}`` is one part, ``{rest:path}`` all the rest."""
    return re.fullmatch(_regex(pattern), name) is not None


@cache
def _regex(pattern: str) -> str:
    parts = re.split(r"(\{\w+(?::path)?\})", pattern)
    return "".join(
        re.escape(part) if not part.startswith("{") else (".+" if ":path" in part else "[^/]+")
        for part in parts
    )
