"""What all charts of the pages share: their colours, their rows, and how they are heard."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import streamlit as st

ROW = alt.Step(30)  # pixels of each row, however large the text around it is
COLOURS = ("#38bdf8", "#f59e0b", "#c084fc", "#94a3b8", "#4ade80", "#f472b6")


def data(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows as they are drawn."""
    return alt.InlineData(values=[dict(row) for row in rows])


def show(chart: alt.Chart | alt.LayerChart, said: str) -> None:
    """Draw a chart; ``said`` is all of it in words, for whoever cannot see it."""
    st.altair_chart(
        chart.properties(
            background="transparent",
            description=said,
            padding={"left": 6, "right": 16},
            usermeta={"embedOptions": {"renderer": "svg"}},  # text that can be read aloud
        ),
        width="stretch",
    )
