"""The script that Streamlit runs for every page: look, navigation, page."""

import streamlit as st

from radlens.ui import door, theme
from radlens.ui.screens import history, live_prediction
from radlens.ui.spoken import spoken

theme.dress()
screen = st.navigation(
    {
        "Reading": [
            st.Page(
                live_prediction.show,
                title="Live Prediction",
                url_path="live-prediction",
                default=True,
            ),
            st.Page(history.show, title="History", url_path="history"),
        ]
    }
)
with spoken():
    if door.site().line.closed:
        st.warning("The server is being stopped. What is on record stays on record.")
    screen.run()
