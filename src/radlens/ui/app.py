"""The script that Streamlit runs for every page: look, navigation, page."""

import streamlit as st

from radlens.ui import theme
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
    screen.run()
