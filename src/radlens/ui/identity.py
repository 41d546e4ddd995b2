"""Who is in front of the page: name, role, the way out, and what happens when a session ends."""

from pathlib import Path

import streamlit as st

from radlens.domain.account import Caller
from radlens.domain.errors import NotSignedIn
from radlens.ui import door
from radlens.ui.markup import inside
from radlens.ui.spoken import say

HERE = Path(__file__).parent
OWNER = "account"


def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


_identity = st.components.v2.component(
    "radlens.identity",
    html=_part("identity.html"),
    css=_part("identity.css"),
    js=_part("identity.js"),
)


def require() -> Caller:
    """Whoever this page runs for; where the session has ended, the page says so and stops."""
    try:
        caller = door.caller(active=True)
    except NotSignedIn as error:
        say(error)
        # In this tab: the address of the page itself asks who is there, and comes back to it.
        st.html(inside("", "Sign in again"))
        st.stop()
    # A browser keeps its page when somebody else signs in: the work on it does not go over.
    if st.session_state.setdefault(OWNER, caller.account) != caller.account:
        st.session_state.clear()
        st.session_state[OWNER] = caller.account
    return caller


def show(caller: Caller) -> None:
    """Say in the sidebar who is there; without a session there is nothing to end."""
    with st.sidebar:
        _identity(
            key="identity",
            data={"name": caller.name, "role": caller.role.value, "demo": door.demo()},
        )
