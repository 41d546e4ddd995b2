"""From one page to another without losing what the session holds."""

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

PAGES = "pages"


def remember(pages: Mapping[str, StreamlitPage]) -> None:
    """Note where each page is, by its address, for this run."""
    st.session_state[PAGES] = dict(pages)


def go(address: str) -> None:
    """Open another page of those that the caller may see."""
    st.switch_page(st.session_state[PAGES][address])


def go_on(address: str) -> None:
    """Open another page, and there what the address of this one names."""
    st.switch_page(st.session_state[PAGES][address], query_params=st.query_params.to_dict())


def may_go(address: str) -> bool:
    """Whether the caller may see the page at an address."""
    return address in st.session_state.get(PAGES, {})
