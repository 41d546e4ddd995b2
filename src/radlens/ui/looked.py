"""Who looked at what, on record once a session: a page runs again at every click."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from radlens.domain.audit import Actor
from radlens.ui import door

T = TypeVar("T")


def first(what: str, look: Callable[[Actor], T], again: Callable[[], T]) -> T:
    """``look`` where this session's reader sees ``what`` for the first time, else ``again``.

    A look that could not be put on record is none: it is noted at the next run, or nothing is
    shown then either.
    """
    by = door.caller().actor
    if (by.name, what) in _seen():
        return again()
    found = look(by)
    _seen().add((by.name, what))
    return found


def told(what: str) -> None:
    """The log tells already that this session's reader knows this, as of an own upload."""
    _seen().add((door.caller().actor.name, what))


def _seen() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = st.session_state.setdefault("seen", set())
    return found
