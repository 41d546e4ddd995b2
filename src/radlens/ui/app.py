"""The script that Streamlit runs for every page: look, who is there, navigation, page."""

from functools import partial

import streamlit as st

from radlens.ui import appearance, door, going, identity, navigation, theme
from radlens.ui.screens import (
    audit_log,
    dataset_insights,
    evaluation_results,
    experiments,
    future_scope,
    history,
    live_prediction,
    model_manager,
    model_training,
    overview,
    settings_health,
    synthetic_studio,
    system_architecture,
    worklist,
)
from radlens.ui.spoken import spoken

# By group: what draws a page, its title, its address. Who may see it stands in ``access.toml``.
PAGES = {
    "About": [
        (overview.show, "Overview", "overview"),
        (dataset_insights.show, "Dataset Insights", "dataset-insights"),
        (system_architecture.show, "System Architecture", "system-architecture"),
    ],
    "Lab": [
        (model_training.show, "Model Training", "model-training"),
        (experiments.show, "Experiments & Failures", "experiments-failures"),
        (evaluation_results.show, "Evaluation & Results", "evaluation-results"),
        (synthetic_studio.show, "Synthetic Studio", "synthetic-studio"),
    ],
    "Reading": [
        (live_prediction.show, "Live Prediction", "live-prediction"),
        (worklist.show, "Worklist & Review", "worklist-review"),
        (history.show, "History", "history"),
    ],
    "Outlook": [
        (future_scope.show, "Future Scope", "future-scope"),
    ],
    "Administration": [
        (model_manager.show, "Model Manager", "model-manager"),
        (audit_log.show, "Audit Log", "audit-log"),
        (settings_health.show, "Settings & Health", "settings-health"),
    ],
}
# What the bare address opens: the first of these that the caller may see.
HOME = ("live-prediction", "history")

theme.dress()
with spoken():
    caller = identity.require()
    home = next(address for address in HOME if door.may_see(caller, address))
    shown = {
        group: {
            address: st.Page(
                draw,
                title=title,
                url_path="" if address == home else address,
                default=address == home,
            )
            for draw, title, address in pages
            if door.may_see(caller, address)
        }
        for group, pages in PAGES.items()
    }
    going.remember({k: page for pages in shown.values() for k, page in pages.items()})
    # The engine gives its first page the bare address alone: this leads there from its own.
    own = st.Page(partial(going.go_on, home), title="Home", url_path=home, visibility="hidden")
    listed = {group: list(pages.values()) for group, pages in shown.items() if pages}
    screen = st.navigation({**listed, "": [own]}, expanded=True)
    identity.show(caller)
    appearance.show()
    navigation.mend()
    if door.site().line.closed:
        st.warning("The server is being stopped. What is on record stays on record.")
    screen.run()
