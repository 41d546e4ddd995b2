"""The probabilities as bars, with the operating points as ticks."""

from typing import TypedDict

import altair as alt
import streamlit as st

from radlens.domain.finding import percent
from radlens.domain.prediction import Prediction
from radlens.domain.task import Task
from radlens.ui.drawing import ROW
from radlens.ui.wording import by_probability

REPORTED, NOT_REPORTED, POINT = "#f59e0b", "#5b8db8", "#e11d74"


class Bar(TypedDict):
    """One label; ``point`` is its operating point, None where the largest is the answer."""

    title: str
    probability: float
    shown: str
    said: str
    point: float | None


def draw(prediction: Prediction, task: Task) -> None:
    """Draw one bar a label, the most probable first."""
    rows = _rows(prediction, task)
    with_points = any(row["point"] is not None for row in rows)
    st.altair_chart(_chart(rows, with_points=with_points), width="stretch")
    ticks = " The tick is the operating point: from there on a finding is reported."
    st.caption("Bars are probabilities." + (ticks if with_points else ""))


def _rows(prediction: Prediction, task: Task) -> list[Bar]:
    return [
        Bar(
            title=task.label(finding.label).title,
            probability=finding.probability,
            shown=percent(finding.probability),
            said="reported" if finding.positive else "not reported",
            point=finding.operating_point.threshold,
        )
        for finding in by_probability(prediction)
    ]


def _chart(rows: list[Bar], *, with_points: bool) -> alt.LayerChart:
    order = [row["title"] for row in rows]
    data = alt.InlineData(values=[dict(row) for row in rows])
    y = alt.Y(
        "title:N",
        sort=order,
        title=None,
        axis=alt.Axis(labelLimit=240, labelOverlap=False, ticks=False),
    )
    x = alt.X(
        "probability:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", title=None, tickCount=5),
    )
    said = alt.Scale(domain=["reported", "not reported"], range=[REPORTED, NOT_REPORTED])
    legend = alt.Legend(orient="top", title=None, columns=1)  # side by side, a phone clips them
    tips = [
        alt.Tooltip("title:N", title="Finding"),
        alt.Tooltip("shown:N", title="Probability"),
        alt.Tooltip("said:N", title="Said"),
        alt.Tooltip("point:Q", title="Operating point", format=".0%"),
    ]
    bars = (
        alt.Chart(data)
        .mark_bar(cornerRadiusEnd=3, height={"band": 0.62})
        .encode(
            x=x,
            y=y,
            color=alt.Color("said:N", scale=said, legend=legend),
            tooltip=tips,
            description="title:N",
        )
    )
    layers = [bars]
    if with_points:
        ticks = alt.Chart(data).mark_tick(thickness=3, size=18, color=POINT, aria=False)
        layers.append(ticks.encode(x="point:Q", y=y))
    spoken = "; ".join(f"{row['title']} {row['shown']}, {row['said']}" for row in rows)
    return alt.LayerChart(layer=layers).properties(
        height=ROW,
        padding={"right": 24},
        background="transparent",
        description=f"Probability of each finding: {spoken}",
        usermeta={"embedOptions": {"renderer": "svg"}},  # text that can be read aloud
    )
