"""An error of the tree as a sentence and a hint on the page."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from radlens.domain.errors import Corrupted, RadLensError, Unavailable
from radlens.logs import fields, new_id
from radlens.ui.markup import safe, told

log = logging.getLogger("radlens.ui")


def error_html(error: RadLensError, about: str = "", *, reference: str = "") -> str:
    """The sentence and the hint as HTML, with the name of what they are about in front."""
    kept = f" Reference {reference}." if reference else ""
    name = f"<b>{safe(about)}</b> " if about else ""
    return alert(error.message, f"{error.hint}{kept}", name)


def alert(message: str, hint: str, name: str = "") -> str:
    """What happened and what can be done next, as HTML; ``name`` is HTML in front of it."""
    return (
        f'<div class="rl-error" role="alert">{name}<span>{told(message)}</span> '
        f'<span class="rl-hint">{told(hint)}</span></div>'
    )


def say(error: RadLensError, about: str = "") -> None:
    """Show an error where it happened; an operator finds it in the log by its reference."""
    st.html(error_html(error, about, reference=_logged(error)))


@contextmanager
def spoken() -> Iterator[None]:
    """Show an error of the tree in the place of what could not be drawn."""
    try:
        yield
    except RadLensError as error:
        say(error)


def _logged(error: RadLensError) -> str:
    """The id under which the log has what the reader can do nothing about; else ""."""
    if not isinstance(error, Unavailable | Corrupted):
        return ""
    reference = new_id()
    log.warning(error.message, extra=fields(kind=error.kind, request_id=reference))
    return reference
