"""Dark or light, as whoever sits in front of the pages likes it."""

from pathlib import Path

import streamlit as st

HERE = Path(__file__)

_switch = st.components.v2.component(
    "radlens.appearance",
    html="<button></button>",
    css=HERE.with_name("identity.css").read_text(encoding="utf-8"),
    js=HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def show() -> None:
    """A switch in the sidebar; the page is loaded again for it."""
    with st.sidebar:
        _switch(key="appearance")
