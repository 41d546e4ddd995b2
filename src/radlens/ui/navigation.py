"""The list of pages, as a screen reader hears it."""

from pathlib import Path

import streamlit as st

_mender = st.components.v2.component(
    "radlens.navigation",
    html="<span hidden></span>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def mend() -> None:
    """Let the list of pages be what it looks like; to be called on every run."""
    with st.sidebar:
        _mender(key="navigation", height=1)
