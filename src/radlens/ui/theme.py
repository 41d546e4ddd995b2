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
    """Give the page its title, icon, fonts and colours; to be called first on every run."""
    # A local icon: without one, Streamlit asks an outside host for it.
    st.set_page_config(page_title="RadLens", page_icon=str(ICON), layout="wide")
    st.logo(str(WORDMARK), icon_image=str(ICON), size="large")
    st.html(f"<style>{_css()}</style>")


@cache
def _css() -> str:
    return (HERE / "theme.css").read_text(encoding="utf-8") + "\n".join(map(_face, _FACES))


# The ranges of Fontsource's subsets: a browser fetches only what a page's letters need.
_RANGES = {
    "latin": "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+2000-206F, "
    "U+20AC, U+2122, U+2191, U+2193, U+2212, U+2215, U+FEFF, U+FFFD",
    "latin-ext": "U+0100-0130, U+0132-0151, U+0154-02BA, U+02BD-02C5, U+02C7-02CC, U+02CE-02D7, "
    "U+02DD-02FF, U+1D00-1DBF, U+1E00-1E9F, U+1EF2-1EFF, U+20A0-20AB, U+20AD-20C0",
    "greek": "U+0370-03FF",
    "cyrillic": "U+0301, U+0400-045F, U+0490-0491, U+04B0-04B1, U+2116",
}
_FACES = [(subset, weight) for subset in _RANGES for weight in (400, 500, 700)]


def _face(face: tuple[str, int]) -> str:
    subset, weight = face
    return (
        f"@font-face {{ font-family: Roboto; font-weight: {weight}; font-display: swap; "
        f"src: url(/fonts/roboto-{subset}-{weight}-normal.woff2) format('woff2'); "
        f"unicode-range: {_RANGES[subset]}; }}"
    )
