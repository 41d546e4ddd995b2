"""The look of the pages and the settings of the engine that draws them."""

from functools import cache
from math import ceil
from pathlib import Path

import streamlit as st
from streamlit import config

from radlens.settings import Settings

HERE = Path(__file__).parent
SCRIPT = HERE / "app.py"
ICON = HERE / "icon.png"
WORDMARK = HERE / "wordmark.png"

OPTIONS: dict[str, object] = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "theme.font": "Roboto, sans-serif",
    "theme.headingFont": "Roboto, sans-serif",
    "theme.baseRadius": "0.75rem",
    # With both, a browser may have either: dark, until somebody asks for light (shell.js).
    "theme.dark.primaryColor": "#38bdf8",
    "theme.dark.backgroundColor": "#0b1222",
    "theme.dark.secondaryBackgroundColor": "#1e293b",
    "theme.dark.textColor": "#e2e8f0",
    "theme.dark.borderColor": "#334155",
    "theme.light.primaryColor": "#0369a1",
    "theme.light.backgroundColor": "#f8fafc",
    "theme.light.secondaryBackgroundColor": "#e2e8f0",
    "theme.light.textColor": "#0f172a",
    "theme.light.borderColor": "#cbd5e1",
}


def configure(settings: Settings) -> None:
    """Set Streamlit up in code: what a stray config file says about these entries is overruled."""
    own = {
        "server.address": settings.host,
        "server.port": settings.port,
        "server.maxUploadSize": ceil(settings.upload_bytes / 2**20),
    }
    config.get_config_options(force_reparse=True, options_from_flags=OPTIONS | own)


def dress() -> None:
    """Give the page its title, icon and colours; to be called first on every run."""
    # A local icon: without one, Streamlit asks an outside host for it.
    st.set_page_config(page_title="RadLens", page_icon=str(ICON), layout="wide")
    st.logo(str(WORDMARK), icon_image=str(ICON), size="large")
    st.html(f"<style>{_css()}</style>")


@cache
def _css() -> str:
    return (HERE / "theme.css").read_text(encoding="utf-8")
