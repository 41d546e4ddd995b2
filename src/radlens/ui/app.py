"""The script that Streamlit runs for every page: look, who is there, navigation, page."""

import streamlit as st

from radlens.ui import door, identity, theme
from radlens.ui.screens import audit_log, history, live_prediction, model_manager
from radlens.ui.spoken import spoken

# By group: what draws a page, its title, its address. Who may see it stands in ``access.toml``.
PAGES = {
    "Reading": [
        (live_prediction.show, "Live Prediction", "live-prediction"),
        (history.show, "History", "history"),
    ],
    "Administration": [
        (model_manager.show, "Model Manager", "model-manager"),
        (audit_log.show, "Audit Log", "audit-log"),
    ],
}

theme.dress()
with spoken():
    caller = identity.require()
    shown = {
        group: [page for page in pages if door.may_see(caller, page[2])]
        for group, pages in PAGES.items()
    }
    first = next(page for pages in shown.values() for page in pages)
    screen = st.navigation(
        {
            group: [
                st.Page(draw, title=title, url_path=address, default=address == first[2])
                for draw, title, address in pages
            ]
            for group, pages in shown.items()
            if pages
        }
    )
    identity.show(caller)
    if door.site().line.closed:
        st.warning("The server is being stopped. What is on record stays on record.")
    screen.run()
