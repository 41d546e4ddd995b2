"""A bundle that was sent on the Model Manager becomes a candidate, once."""

import streamlit as st

from radlens.domain.archive import parts_of
from radlens.domain.errors import RadLensError
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.spoken import say
from radlens.usecases.register import register

SAID = "registered"


def take_bundle(site: Site) -> None:
    """Offer to register a zipped bundle; what became of it is said until the next one."""
    st.subheader("Register a bundle", anchor=False)
    with st.form("bundle", clear_on_submit=True, border=False):
        sent = st.file_uploader(
            "Bundle: its folder as a zip, or what `radlens models export` wrote", type=["zip"]
        )
        reason = st.text_input("Reason, kept in the history", max_chars=500)
        pressed = st.form_submit_button("Check and register")
    if pressed and sent is None:
        st.warning("Choose a zip file first.")
    elif pressed and sent is not None:
        st.session_state[SAID] = _register(site, sent.getvalue(), reason)
        st.rerun()
    said = st.session_state.pop(SAID, None)
    if isinstance(said, RadLensError):
        say(said)
    elif said:
        st.success(said)


def _register(site: Site, archive: bytes, reason: str) -> str | RadLensError:
    by = door.caller(active=True).actor
    with st.spinner("Checking the archive, loading the model, asking for its golden answer"):
        try:
            version = register(site, lambda: parts_of(archive), by=by, reason=reason)
        except RadLensError as error:
            return error
    return f"{version.version} is registered as a candidate for {version.task}."
