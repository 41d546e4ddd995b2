"""An error of the tree as a sentence and a hint on the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import streamlit as st

from radlens.domain.errors import RadLensError


def error_html(error: RadLensError, about: str = "") -> str:
    """The sentence and the hint as HTML, with the name of what they are about in front."""
    name = f"<b>{escape(about)}</b> " if about else ""
    return (
        f'<div class="rl-error" role="alert">{name}<span>{escape(error.message)}</span> '
        f'<span class="rl-hint">{escape(error.hint)}</span></div>'
    )


def say(error: RadLensError, about: str = "") -> None:
    """Show an error where it happened."""
    st.html(error_html(error, about))


@contextmanager
def spoken() -> Iterator[None]:
    """Show an error of the tree in the place of what could not be drawn."""
    try:
        yield
    except RadLensError as error:
        say(error)
