"""The script that Streamlit runs for every page: look, who is there, navigation, page."""

import streamlit as st

from radlens.ui import door, identity, theme
from radlens.ui.screens import history, live_prediction
from radlens.ui.spoken import spoken

# By group: what draws a page, its title, its address. Who may see it stands in ``access.toml``.
PAGES = {
    "Reading": [
        (live_prediction.show, "Live Prediction", "live-prediction"),
        (history.show, "History", "history"),
    ]
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
